// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {PKPNFT} from "./PKPNFT.sol";
import {PKPPermissions} from "./PKPPermissions.sol";

/// @title Minting for users without a wallet
/// @notice Mints a PKP, permits auth methods and hands the token over, in one transaction. Whoever pays for it need not be
/// the user: a token that is sent to its own key belongs to nobody but those whom it permits.
/// @dev Calls nothing but the network's contracts, which call no others: there is no callback in the midst of minting.
/// What it is paid goes on to the price of the token in the same call, and the token to its owner, so that the contract
/// never holds either afterwards. `PKPNFT` refuses to transfer tokens to it.
contract PKPHelper {
    /// A token that owns itself and permits nothing: no one could ever use the key or move the token.
    error NobodyPermitted();

    /// May sign anything.
    uint256 private constant SIGN_ANYTHING = 1;

    /// The tokens.
    PKPNFT public immutable pkpNft;
    /// Who may use them.
    PKPPermissions public immutable permissions;

    constructor(PKPNFT pkpNft_, PKPPermissions permissions_) {
        pkpNft = pkpNft_;
        permissions = permissions_;
    }

    /// @notice Mints the next routed key, for exactly `PKPNFT.mintCost`, and permits auth methods. Actions and addresses
    /// are auth methods of their own types. The four lists have one entry for each method.
    /// @param keyType 2 for ECDSA over secp256k1.
    /// @param permittedAuthMethodTypes The types.
    /// @param permittedAuthMethodIds The ids, in the form of their types.
    /// @param permittedAuthMethodPubkeys The users' public keys; empty where a type has none.
    /// @param permittedAuthMethodScopes What each method may do.
    /// @param addPkpEthAddressAsPermittedAddress Whether the key's own address may sign anything with it, too: for
    /// session keys that are certified by the PKP itself.
    /// @param sendPkpToItself Whether the key's own address becomes the token's owner; otherwise the sender does.
    function mintNextAndAddAuthMethods(
        uint256 keyType,
        uint256[] memory permittedAuthMethodTypes,
        bytes[] memory permittedAuthMethodIds,
        bytes[] memory permittedAuthMethodPubkeys,
        uint256[][] memory permittedAuthMethodScopes,
        bool addPkpEthAddressAsPermittedAddress,
        bool sendPkpToItself
    ) external payable returns (uint256 tokenId) {
        if (sendPkpToItself && permittedAuthMethodTypes.length == 0) revert NobodyPermitted();
        tokenId = pkpNft.mintNext{value: msg.value}(keyType);
        permissions.batchAddRemoveAuthMethods(
            tokenId,
            permittedAuthMethodTypes,
            permittedAuthMethodIds,
            permittedAuthMethodPubkeys,
            permittedAuthMethodScopes,
            new uint256[](0),
            new bytes[](0)
        );
        address itself = pkpNft.getEthAddress(tokenId);
        if (addPkpEthAddressAsPermittedAddress) {
            uint256[] memory scopes = new uint256[](1);
            scopes[0] = SIGN_ANYTHING;
            permissions.addPermittedAddress(tokenId, itself, scopes);
        }
        // Not the safe form: it would call the receiver, and a contract that calls this function is prepared for a token.
        pkpNft.transferFrom(address(this), sendPkpToItself ? itself : msg.sender, tokenId);
    }
}
