// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title What this contract needs of the tokens
interface IPKPNFT is IERC721 {
    /// @notice The public key behind a token, burned or not.
    function getPubkey(uint256 tokenId) external view returns (bytes memory);
}

/// @title Who and what may use a PKP
/// @notice Actions and addresses are auth methods of their own types, so that one rule governs all. Only the token's
/// owner changes permissions; they stay with the key when the token changes hands, and freeze when it is burned. The
/// owner's own right follows from the token and is not listed here.
contract PKPPermissions {
    using EnumerableSet for EnumerableSet.Bytes32Set;
    using EnumerableSet for EnumerableSet.UintSet;

    /// A way to authenticate.
    struct AuthMethod {
        /// 1 address, 2 action, 3 WebAuthn, 4 Discord, 5 Google, 6 Google JWT, 8 Apple.
        uint256 authMethodType;
        /// Who: an address's 20 bytes, a CID in binary form, or the hash of a user's id.
        bytes id;
        /// The user's public key, for methods that need one.
        bytes userPubkey;
    }

    /// A type is 0, or an id does not fit its type.
    error InvalidAuthMethod(uint256 authMethodType, bytes id);
    /// Scopes are numbered from 1 to 255.
    error InvalidScope(uint256 scopeId);
    /// The method is not permitted.
    error NotPermitted(uint256 tokenId, uint256 authMethodType, bytes id);
    /// Lists that describe the same methods differ in length: one has `methods` entries, another `given`.
    error UnequalLengths(uint256 methods, uint256 given);

    /// A method was permitted, or its public key replaced.
    event PermittedAuthMethodAdded(uint256 indexed tokenId, uint256 authMethodType, bytes id, bytes userPubkey);
    /// A method lost its permission and all its scopes.
    event PermittedAuthMethodRemoved(uint256 indexed tokenId, uint256 authMethodType, bytes id);
    /// A method got a scope.
    event PermittedAuthMethodScopeAdded(uint256 indexed tokenId, uint256 authMethodType, bytes id, uint256 scopeId);
    /// A method lost a scope.
    event PermittedAuthMethodScopeRemoved(uint256 indexed tokenId, uint256 authMethodType, bytes id, uint256 scopeId);

    /// Auth method type of an address.
    uint256 public constant ADDRESS = 1;
    /// Auth method type of an action.
    uint256 public constant ACTION = 2;
    /// May sign anything.
    uint256 public constant SIGN_ANYTHING = 1;
    /// May sign messages under the prefix of EIP-191.
    uint256 public constant PERSONAL_SIGN = 2;

    /// The tokens.
    IPKPNFT public immutable pkpNft;

    mapping(uint256 tokenId => EnumerableSet.Bytes32Set) private _methodIds;
    mapping(uint256 tokenId => mapping(bytes32 methodId => AuthMethod)) private _methods;
    /// Bit i stands for scope i.
    mapping(uint256 tokenId => mapping(bytes32 methodId => uint256)) private _scopes;
    /// The way back: the tokens that permit a method, burned ones included.
    mapping(bytes32 methodId => EnumerableSet.UintSet) private _tokenIds;

    constructor(IPKPNFT pkpNft_) {
        pkpNft = pkpNft_;
    }

    modifier onlyPKPOwner(uint256 tokenId) {
        require(pkpNft.ownerOf(tokenId) == msg.sender, "Not PKP NFT owner");
        _;
    }

    /// @notice Permits an action; scopes that it has already stay.
    function addPermittedAction(uint256 tokenId, bytes calldata ipfsCID, uint256[] calldata scopes)
        external
        onlyPKPOwner(tokenId)
    {
        _add(tokenId, AuthMethod(ACTION, ipfsCID, ""), scopes);
    }

    /// @notice Withdraws an action's permission with all its scopes.
    function removePermittedAction(uint256 tokenId, bytes calldata ipfsCID) external onlyPKPOwner(tokenId) {
        _remove(tokenId, ACTION, ipfsCID);
    }

    /// @notice Permits an address; scopes that it has already stay.
    function addPermittedAddress(uint256 tokenId, address user, uint256[] calldata scopes)
        external
        onlyPKPOwner(tokenId)
    {
        _add(tokenId, AuthMethod(ADDRESS, abi.encodePacked(user), ""), scopes);
    }

    /// @notice Withdraws an address's permission with all its scopes.
    function removePermittedAddress(uint256 tokenId, address user) external onlyPKPOwner(tokenId) {
        _remove(tokenId, ADDRESS, abi.encodePacked(user));
    }

    /// @notice Permits an auth method; scopes that it has already stay, its public key is replaced.
    function addPermittedAuthMethod(uint256 tokenId, AuthMethod calldata method, uint256[] calldata scopes)
        external
        onlyPKPOwner(tokenId)
    {
        _add(tokenId, method, scopes);
    }

    /// @notice Withdraws an auth method's permission with all its scopes: adding it again revives none.
    function removePermittedAuthMethod(uint256 tokenId, uint256 authMethodType, bytes calldata id)
        external
        onlyPKPOwner(tokenId)
    {
        _remove(tokenId, authMethodType, id);
    }

    /// @notice Gives a permitted auth method a scope.
    function addPermittedAuthMethodScope(uint256 tokenId, uint256 authMethodType, bytes calldata id, uint256 scopeId)
        external
        onlyPKPOwner(tokenId)
    {
        bytes32 methodId = _permitted(tokenId, authMethodType, id);
        _addScope(tokenId, methodId, authMethodType, id, scopeId);
    }

    /// @notice Takes a scope from a permitted auth method.
    function removePermittedAuthMethodScope(uint256 tokenId, uint256 authMethodType, bytes calldata id, uint256 scopeId)
        external
        onlyPKPOwner(tokenId)
    {
        bytes32 methodId = _permitted(tokenId, authMethodType, id);
        _scopes[tokenId][methodId] &= ~_scopeBit(scopeId);
        emit PermittedAuthMethodScopeRemoved(tokenId, authMethodType, id, scopeId);
    }

    /// @notice Permits auth methods and withdraws others, all or nothing. What is to be added is added first: a method
    /// in both lists ends up withdrawn. Lists of what to add, and those of what to remove, have one length each.
    function batchAddRemoveAuthMethods(
        uint256 tokenId,
        uint256[] memory typesToAdd,
        bytes[] memory idsToAdd,
        bytes[] memory pubkeysToAdd,
        uint256[][] memory scopesToAdd,
        uint256[] memory typesToRemove,
        bytes[] memory idsToRemove
    ) external onlyPKPOwner(tokenId) {
        uint256 count = typesToAdd.length;
        _checkLength(count, idsToAdd.length);
        _checkLength(count, pubkeysToAdd.length);
        _checkLength(count, scopesToAdd.length);
        _checkLength(typesToRemove.length, idsToRemove.length);
        for (uint256 i = 0; i < count; ++i) {
            _add(tokenId, AuthMethod(typesToAdd[i], idsToAdd[i], pubkeysToAdd[i]), scopesToAdd[i]);
        }
        for (uint256 i = 0; i < typesToRemove.length; ++i) _remove(tokenId, typesToRemove[i], idsToRemove[i]);
    }

    /// @notice The id under which an auth method is kept.
    function authMethodId(uint256 authMethodType, bytes memory id) public pure returns (bytes32) {
        return keccak256(abi.encode(authMethodType, id));
    }

    /// @notice The permitted actions' CIDs.
    function getPermittedActions(uint256 tokenId) external view returns (bytes[] memory) {
        return _idsOf(tokenId, ACTION);
    }

    /// @notice The permitted addresses.
    function getPermittedAddresses(uint256 tokenId) external view returns (address[] memory addresses) {
        bytes[] memory ids = _idsOf(tokenId, ADDRESS);
        addresses = new address[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) addresses[i] = address(bytes20(ids[i]));
    }

    /// @notice All permitted auth methods, actions and addresses included.
    function getPermittedAuthMethods(uint256 tokenId) external view returns (AuthMethod[] memory methods) {
        uint256 count = _methodIds[tokenId].length();
        methods = new AuthMethod[](count);
        for (uint256 i = 0; i < count; ++i) methods[i] = _methods[tokenId][_methodIds[tokenId].at(i)];
    }

    /// @notice The public key that an auth method was permitted with. It is the token's own entry: what other tokens'
    /// owners give for the same user does not touch it.
    function getUserPubkeyForAuthMethod(uint256 tokenId, uint256 authMethodType, bytes calldata id)
        external
        view
        returns (bytes memory)
    {
        return _methods[tokenId][_permitted(tokenId, authMethodType, id)].userPubkey;
    }

    /// @notice The tokens that permit an auth method, in no particular order and burned ones included: how a user
    /// without a wallet finds a PKP.
    /// @dev Any owner may permit any method, so a list may hold tokens that its user never heard of, and may be long.
    /// It says who may use which key, not whose it is; the owner decides that.
    function getTokenIdsForAuthMethod(uint256 authMethodType, bytes calldata id)
        external
        view
        returns (uint256[] memory)
    {
        return _tokenIds[authMethodId(authMethodType, id)].values();
    }

    /// @notice A part of that list: from position `start`, at most `count`. Positions shift when a token is taken out.
    function getTokenIdsForAuthMethodPage(uint256 authMethodType, bytes calldata id, uint256 start, uint256 count)
        external
        view
        returns (uint256[] memory)
    {
        // Within the length, so that the sum cannot overflow.
        EnumerableSet.UintSet storage tokenIds = _tokenIds[authMethodId(authMethodType, id)];
        uint256 length = tokenIds.length();
        if (start > length) start = length;
        if (count > length - start) count = length - start;
        return tokenIds.values(start, start + count);
    }

    /// @notice How many tokens permit an auth method.
    function countTokenIdsForAuthMethod(uint256 authMethodType, bytes calldata id) external view returns (uint256) {
        return _tokenIds[authMethodId(authMethodType, id)].length();
    }

    /// @notice The public keys of the tokens that permit an auth method, in the order of `getTokenIdsForAuthMethod`.
    function getPKPPubKeysByAuthMethod(uint256 authMethodType, bytes calldata id)
        external
        view
        returns (bytes[] memory pubkeys)
    {
        uint256[] memory tokenIds = _tokenIds[authMethodId(authMethodType, id)].values();
        pubkeys = new bytes[](tokenIds.length);
        for (uint256 i = 0; i < tokenIds.length; ++i) pubkeys[i] = pkpNft.getPubkey(tokenIds[i]);
    }

    /// @notice Which scopes below `maxScopeId` an auth method has, as granted: nothing implied is filled in.
    function getPermittedAuthMethodScopes(
        uint256 tokenId,
        uint256 authMethodType,
        bytes calldata id,
        uint256 maxScopeId
    ) external view returns (bool[] memory scopes) {
        if (maxScopeId > 256) revert InvalidScope(maxScopeId);
        uint256 bits = _scopes[tokenId][authMethodId(authMethodType, id)];
        scopes = new bool[](maxScopeId);
        for (uint256 i = 0; i < maxScopeId; ++i) scopes[i] = bits & (1 << i) != 0;
    }

    /// @notice Whether the action is permitted.
    function isPermittedAction(uint256 tokenId, bytes calldata ipfsCID) external view returns (bool) {
        return isPermittedAuthMethod(tokenId, ACTION, ipfsCID);
    }

    /// @notice Whether the address is permitted, other than by owning the token.
    function isPermittedAddress(uint256 tokenId, address user) external view returns (bool) {
        return isPermittedAuthMethod(tokenId, ADDRESS, abi.encodePacked(user));
    }

    /// @notice Whether the auth method is permitted.
    function isPermittedAuthMethod(uint256 tokenId, uint256 authMethodType, bytes memory id)
        public
        view
        returns (bool)
    {
        return _methodIds[tokenId].contains(authMethodId(authMethodType, id));
    }

    /// @notice Whether the action has the scope, granted or implied.
    function isPermittedActionScopePresent(uint256 tokenId, bytes calldata ipfsCID, uint256 scopeId)
        external
        view
        returns (bool)
    {
        return isPermittedAuthMethodScopePresent(tokenId, ACTION, ipfsCID, scopeId);
    }

    /// @notice Whether the address has the scope, granted or implied.
    function isPermittedAddressScopePresent(uint256 tokenId, address user, uint256 scopeId)
        external
        view
        returns (bool)
    {
        return isPermittedAuthMethodScopePresent(tokenId, ADDRESS, abi.encodePacked(user), scopeId);
    }

    /// @notice Whether the auth method has the scope. To sign anything implies to sign messages.
    function isPermittedAuthMethodScopePresent(
        uint256 tokenId,
        uint256 authMethodType,
        bytes memory id,
        uint256 scopeId
    ) public view returns (bool) {
        uint256 sufficient = _scopeBit(scopeId);
        if (scopeId == PERSONAL_SIGN) sufficient |= _scopeBit(SIGN_ANYTHING);
        return _scopes[tokenId][authMethodId(authMethodType, id)] & sufficient != 0;
    }

    function _add(uint256 tokenId, AuthMethod memory method, uint256[] memory scopes) private {
        bool wellFormed = method.authMethodType != 0 && method.id.length != 0
            && (method.authMethodType != ADDRESS || method.id.length == 20);
        if (!wellFormed) revert InvalidAuthMethod(method.authMethodType, method.id);
        bytes32 methodId = authMethodId(method.authMethodType, method.id);
        if (_methodIds[tokenId].add(methodId)) _tokenIds[methodId].add(tokenId);
        _methods[tokenId][methodId] = method;
        emit PermittedAuthMethodAdded(tokenId, method.authMethodType, method.id, method.userPubkey);
        for (uint256 i = 0; i < scopes.length; ++i) {
            _addScope(tokenId, methodId, method.authMethodType, method.id, scopes[i]);
        }
    }

    function _remove(uint256 tokenId, uint256 authMethodType, bytes memory id) private {
        bytes32 methodId = _permitted(tokenId, authMethodType, id);
        _methodIds[tokenId].remove(methodId);
        _tokenIds[methodId].remove(tokenId);
        delete _methods[tokenId][methodId];
        delete _scopes[tokenId][methodId];
        emit PermittedAuthMethodRemoved(tokenId, authMethodType, id);
    }

    function _addScope(uint256 tokenId, bytes32 methodId, uint256 authMethodType, bytes memory id, uint256 scopeId)
        private
    {
        _scopes[tokenId][methodId] |= _scopeBit(scopeId);
        emit PermittedAuthMethodScopeAdded(tokenId, authMethodType, id, scopeId);
    }

    function _checkLength(uint256 methods, uint256 given) private pure {
        if (methods != given) revert UnequalLengths(methods, given);
    }

    function _scopeBit(uint256 scopeId) private pure returns (uint256) {
        if (scopeId == 0 || scopeId > 255) revert InvalidScope(scopeId);
        return 1 << scopeId;
    }

    function _permitted(uint256 tokenId, uint256 authMethodType, bytes memory id)
        private
        view
        returns (bytes32 methodId)
    {
        methodId = authMethodId(authMethodType, id);
        if (!_methodIds[tokenId].contains(methodId)) revert NotPermitted(tokenId, authMethodType, id);
    }

    function _idsOf(uint256 tokenId, uint256 authMethodType) private view returns (bytes[] memory ids) {
        EnumerableSet.Bytes32Set storage methodIds = _methodIds[tokenId];
        uint256 count = methodIds.length();
        ids = new bytes[](count);
        uint256 found = 0;
        for (uint256 i = 0; i < count; ++i) {
            AuthMethod storage method = _methods[tokenId][methodIds.at(i)];
            if (method.authMethodType == authMethodType) ids[found++] = method.id;
        }
        // Shortens the array to what was found.
        assembly ("memory-safe") {
            mstore(ids, found)
        }
    }
}
