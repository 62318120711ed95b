// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Enumerable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Enumerable.sol";
import {PKPPermissions} from "./PKPPermissions.sol";
import {PubkeyRouter} from "./PubkeyRouter.sol";

/// @title Programmable key pairs as tokens
/// @notice A token's id is the hash of its public key, so that no two tokens ever stand for one key. The router hands
/// out each key once: a burned token cannot come back.
/// @dev Minting calls nothing but the network's other contracts, which call no others: there is nobody who could call
/// back in the midst of it.
contract PKPNFT is ERC721Enumerable, Ownable {
    /// The fees could not be paid out.
    error WithdrawalFailed(address to);

    /// A key was minted.
    event PKPMinted(uint256 indexed tokenId, bytes pubkey);

    /// What minting costs, in wei.
    uint256 public constant mintCost = 1e14;
    /// The scope that lets an action sign anything.
    uint256 private constant SIGN_ANYTHING = 1;

    /// Where keys come from.
    PubkeyRouter public immutable router;
    /// Who may use them.
    PKPPermissions public immutable permissions;
    /// Owns tokens while it mints them for others, and at no other time.
    address public immutable helper;

    constructor(PubkeyRouter router_, PKPPermissions permissions_, address helper_)
        ERC721("Programmable Key Pair", "PKP")
        Ownable(msg.sender)
    {
        router = router_;
        permissions = permissions_;
        helper = helper_;
    }

    /// @notice Mints the next routed key to the sender, for exactly `mintCost`.
    /// @param keyType 2 for ECDSA over secp256k1.
    function mintNext(uint256 keyType) external payable returns (uint256 tokenId) {
        return _mintNextTo(msg.sender, keyType);
    }

    /// @notice Mints the next routed key, permits one action to sign with it, and burns the token, in one transaction:
    /// nobody can change the permissions afterwards, so a signature by the key proves that this action made it.
    /// @dev Between minting and burning the owner is this contract, which approves nobody, ever: no operator and no
    /// approved account can come in between.
    /// @param ipfsCID The action's CID in binary form.
    function mintGrantAndBurnNext(uint256 keyType, bytes calldata ipfsCID) external payable returns (uint256 tokenId) {
        tokenId = _mintNextTo(address(this), keyType);
        uint256[] memory scopes = new uint256[](1);
        scopes[0] = SIGN_ANYTHING;
        permissions.addPermittedAction(tokenId, ipfsCID, scopes);
        _burn(tokenId);
    }

    /// @notice Burns a token, for its owner or whom the owner approved. Permissions freeze as they are.
    function burn(uint256 tokenId) external {
        _update(address(0), tokenId, msg.sender);
    }

    /// @notice Pays the collected fees out.
    function withdraw(address payable to) external onlyOwner {
        (bool paid,) = to.call{value: address(this).balance}("");
        if (!paid) revert WithdrawalFailed(to);
    }

    /// @notice Whether the token is minted and not burned.
    function exists(uint256 tokenId) external view returns (bool) {
        return _ownerOf(tokenId) != address(0);
    }

    /// @notice The Ethereum address of the key, burned or not.
    function getEthAddress(uint256 tokenId) external view returns (address) {
        return router.getEthAddress(tokenId);
    }

    /// @notice The uncompressed public key, burned or not.
    function getPubkey(uint256 tokenId) external view returns (bytes memory) {
        return router.getPubkey(tokenId);
    }

    /// @notice How many keys of a type are ready to be minted.
    function getUnmintedRoutedTokenIdCount(uint256 keyType) external view returns (uint256) {
        return router.unmintedCount(keyType);
    }

    /// Refuses to send a token where it would be stuck: neither this contract nor the helper does anything with a token
    /// that it has not just minted.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from != address(0) && (to == address(this) || to == helper)) revert ERC721InvalidReceiver(to);
    }

    function _mintNextTo(address to, uint256 keyType) private returns (uint256 tokenId) {
        require(msg.value == mintCost, "You must pay exactly mint cost");
        tokenId = router.takeUnminted(keyType);
        require(tokenId != 0, "There are no unminted routed token ids to mint");
        _mint(to, tokenId);
        emit PKPMinted(tokenId, router.getPubkey(tokenId));
    }
}
