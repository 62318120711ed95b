// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Staking} from "./Staking.sol";

/// @title Which distributed keys exist
/// @notice Validators vote for the keys they hold shares of. A key is routed when votes for the same data reach the
/// threshold, and then, unless it is the network's own, waits to be minted as a PKP. A vote's `keyDataDigest` commits its voter to the public
/// counterparts of all shares.
contract PubkeyRouter {
    /// A routed key.
    struct RoutingData {
        /// 65 bytes, uncompressed, with the 0x04 tag; of the network's key 48 bytes, compressed.
        bytes pubkey;
        /// 2 for ECDSA over secp256k1, 1 for the network's key over BLS12-381.
        uint256 keyType;
        /// Commits to the public counterparts of the shares.
        bytes32 keyDataDigest;
    }

    /// The sender is no validator of the current epoch.
    error NotValidator(address sender);
    /// The key type cannot be routed.
    error UnsupportedKeyType(uint256 keyType);
    /// The public key is not in the form of its type.
    error InvalidPubkey(uint256 length);
    /// The token id is not the hash of the public key.
    error TokenIdMismatch(uint256 given, uint256 expected);
    /// The key is not routed.
    error NotRouted(uint256 tokenId);
    /// Only the PKP contract takes keys from the queue.
    error NotPKPNFT(address sender);

    /// A validator voted; `votes` counts it and all others for the same data.
    event RoutingVote(
        uint256 indexed tokenId, address indexed validator, bytes32 keyDataDigest, bytes32 dataHash, uint256 votes
    );
    /// A key was routed.
    event KeyRouted(uint256 indexed tokenId, bytes pubkey, uint256 keyType, bytes32 keyDataDigest);

    /// Keys over BLS12-381: the network's own, which is never minted.
    uint256 public constant BLS12_381 = 1;
    /// Keys for ECDSA over secp256k1.
    uint256 public constant ECDSA_K256 = 2;

    /// The validator sets.
    Staking public immutable staking;
    /// The contract that mints routed keys.
    address public immutable pkpNft;

    mapping(uint256 tokenId => RoutingData) private _routed;
    mapping(bytes32 dataHash => uint256) private _votes;
    mapping(bytes32 dataHash => mapping(address validator => bool)) private _voted;
    mapping(uint256 keyType => uint256[]) private _queue;
    mapping(uint256 keyType => uint256) private _queueHead;

    constructor(Staking staking_, address pkpNft_) {
        staking = staking_;
        pkpNft = pkpNft_;
    }

    /// @notice Votes for a key. A validator's repeated vote for the same data has no effect; votes that come after
    /// the key was routed are recorded all the same, because each commits its voter.
    /// @param tokenId keccak256 of `pubkey`.
    function voteForRoutingData(uint256 tokenId, bytes calldata pubkey, uint256 keyType, bytes32 keyDataDigest)
        external
    {
        if (!staking.isActiveValidator(msg.sender)) revert NotValidator(msg.sender);
        if (!_isWellFormed(pubkey, keyType)) revert InvalidPubkey(pubkey.length);
        if (tokenId != uint256(keccak256(pubkey))) revert TokenIdMismatch(tokenId, uint256(keccak256(pubkey)));

        bytes32 data = dataHash(staking.epoch(), tokenId, pubkey, keyType, keyDataDigest);
        if (_voted[data][msg.sender]) return;
        _voted[data][msg.sender] = true;
        uint256 votes = ++_votes[data];
        emit RoutingVote(tokenId, msg.sender, keyDataDigest, data, votes);

        if (votes >= staking.threshold() && !isRouted(tokenId)) {
            _routed[tokenId] = RoutingData(pubkey, keyType, keyDataDigest);
            if (keyType != BLS12_381) _queue[keyType].push(tokenId);
            emit KeyRouted(tokenId, pubkey, keyType, keyDataDigest);
        }
    }

    function _isWellFormed(bytes calldata pubkey, uint256 keyType) private pure returns (bool) {
        if (keyType == BLS12_381) return pubkey.length == 48;
        if (keyType != ECDSA_K256) revert UnsupportedKeyType(keyType);
        return pubkey.length == 65 && pubkey[0] == 0x04;
    }

    /// @notice Takes the oldest routed key that was not minted; 0 if there is none.
    function takeUnminted(uint256 keyType) external returns (uint256 tokenId) {
        if (msg.sender != pkpNft) revert NotPKPNFT(msg.sender);
        uint256 head = _queueHead[keyType];
        if (head == _queue[keyType].length) return 0;
        _queueHead[keyType] = head + 1;
        return _queue[keyType][head];
    }

    /// @notice What votes are counted by: all of a vote's data, and the epoch whose validators vote.
    function dataHash(uint256 epoch, uint256 tokenId, bytes calldata pubkey, uint256 keyType, bytes32 keyDataDigest)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(epoch, tokenId, pubkey, keyType, keyDataDigest));
    }

    /// @notice How many votes there are for the data of this hash.
    function voteCount(bytes32 dataHash_) external view returns (uint256) {
        return _votes[dataHash_];
    }

    /// @notice Whether a validator voted for the data of this hash.
    function hasVoted(bytes32 dataHash_, address validator) external view returns (bool) {
        return _voted[dataHash_][validator];
    }

    /// @notice How many routed keys of this type wait to be minted.
    function unmintedCount(uint256 keyType) external view returns (uint256) {
        return _queue[keyType].length - _queueHead[keyType];
    }

    /// @notice Whether the key is routed.
    function isRouted(uint256 tokenId) public view returns (bool) {
        return _routed[tokenId].pubkey.length != 0;
    }

    /// @notice Everything about a routed key.
    function getRoutingData(uint256 tokenId) public view returns (RoutingData memory) {
        if (!isRouted(tokenId)) revert NotRouted(tokenId);
        return _routed[tokenId];
    }

    /// @notice The uncompressed public key of a routed key.
    function getPubkey(uint256 tokenId) external view returns (bytes memory) {
        return getRoutingData(tokenId).pubkey;
    }

    /// @notice The Ethereum address of a routed key: the last 20 bytes of keccak256(x, y).
    function getEthAddress(uint256 tokenId) external view returns (address) {
        bytes memory pubkey = getRoutingData(tokenId).pubkey;
        bytes32 hash;
        // Skips the length word and the 0x04 tag.
        assembly ("memory-safe") {
            hash := keccak256(add(pubkey, 33), 64)
        }
        return address(uint160(uint256(hash)));
    }
}
