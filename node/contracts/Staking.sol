// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// A validator's public identity.
struct Validator {
    /// Votes, acknowledges and sends transactions; derived from `identityKey`.
    address nodeAddress;
    /// secp256k1 key behind `nodeAddress`: 65 bytes, uncompressed, with the 0x04 tag.
    bytes identityKey;
    /// X25519 key of the channels between nodes.
    bytes32 channelKey;
    /// secp256k1 key to which dealers encrypt shares: 33 bytes, compressed.
    bytes encryptionKey;
    /// Schnorr proof that the validator knows the secret of `encryptionKey`: 64 bytes. Nodes check it; a node that
    /// finds it wrong refuses the set.
    bytes encryptionProof;
}

/// @title The validator sets, by epoch
/// @notice Everything is kept per epoch, so that what refers to an old epoch can still be judged by its own set.
contract Staking is Ownable {
    /// A set has no members, or more than member numbers can count.
    error InvalidSetSize(uint256 size);
    /// The threshold is zero or exceeds the size of the set.
    error InvalidThreshold(uint256 threshold, uint256 size);
    /// The genesis set was given before.
    error GenesisAlreadySet();
    /// A key has the wrong form.
    error InvalidKey(uint256 position);
    /// The identity key is not the one behind the address.
    error AddressMismatch(uint256 position, address expected);
    /// The address is in the set already.
    error DuplicateValidator(address nodeAddress);
    /// The epoch's set has no member of this number.
    error NoSuchValidator(uint256 epoch, uint256 index);

    /// An epoch began.
    event EpochStarted(uint256 indexed epoch, uint256 validators, uint256 threshold);

    /// The current epoch, from 1; 0 before genesis.
    uint256 public epoch;

    /// How many nodes make a quorum, by epoch.
    mapping(uint256 epoch => uint256) public thresholdOf;
    mapping(uint256 epoch => Validator[]) private _validators;
    mapping(uint256 epoch => mapping(address => uint256)) private _indices;

    constructor() Ownable(msg.sender) {}

    /// @notice Starts epoch 1 with the given set. Can be done once.
    /// @param validators The members; their numbers are their positions here, from 1.
    /// @param threshold_ How many of them make a quorum.
    function setGenesis(Validator[] calldata validators, uint256 threshold_) external onlyOwner {
        if (epoch != 0) revert GenesisAlreadySet();
        epoch = 1;
        _setValidators(1, validators, threshold_);
        emit EpochStarted(1, validators.length, threshold_);
    }

    function _setValidators(uint256 epoch_, Validator[] calldata validators, uint256 threshold_) private {
        uint256 size = validators.length;
        if (size == 0 || size >= type(uint16).max) revert InvalidSetSize(size);
        if (threshold_ == 0 || threshold_ > size) revert InvalidThreshold(threshold_, size);
        thresholdOf[epoch_] = threshold_;
        for (uint256 i = 0; i < size; ++i) {
            Validator calldata v = validators[i];
            _checkKeys(i, v);
            if (_indices[epoch_][v.nodeAddress] != 0) revert DuplicateValidator(v.nodeAddress);
            _indices[epoch_][v.nodeAddress] = i + 1;
            _validators[epoch_].push(v);
        }
    }

    function _checkKeys(uint256 position, Validator calldata v) private pure {
        bool wellFormed = v.identityKey.length == 65 && v.identityKey[0] == 0x04 && v.channelKey != 0
            && v.encryptionKey.length == 33 && (v.encryptionKey[0] == 0x02 || v.encryptionKey[0] == 0x03)
            && v.encryptionProof.length == 64;
        if (!wellFormed) revert InvalidKey(position);
        address expected = address(uint160(uint256(keccak256(v.identityKey[1:]))));
        if (v.nodeAddress != expected) revert AddressMismatch(position, expected);
    }

    /// @notice How many nodes make a quorum in the current epoch.
    function threshold() external view returns (uint256) {
        return thresholdOf[epoch];
    }

    /// @notice The current epoch, its threshold and its set, in one consistent reading.
    function getRoster()
        external
        view
        returns (uint256 epoch_, uint256 threshold_, Validator[] memory validators)
    {
        return (epoch, thresholdOf[epoch], _validators[epoch]);
    }

    /// @notice The current set, in the order of the members' numbers.
    function getValidatorsInCurrentEpoch() external view returns (Validator[] memory) {
        return _validators[epoch];
    }

    /// @notice The number of validators, n, in the current epoch.
    function validatorCount() external view returns (uint256) {
        return _validators[epoch].length;
    }

    /// @notice The number of validators, n, in an epoch.
    function validatorCountOf(uint256 epoch_) external view returns (uint256) {
        return _validators[epoch_].length;
    }

    /// @notice Whether the address is a validator in the current epoch.
    function isActiveValidator(address account) external view returns (bool) {
        return _indices[epoch][account] != 0;
    }

    /// @notice The validator's number in the current epoch, from 1; 0 if it is none.
    function validatorIndex(address account) external view returns (uint256) {
        return _indices[epoch][account];
    }

    /// @notice The address of the validator of this number in an epoch.
    function validatorAddress(uint256 epoch_, uint256 index) external view returns (address) {
        if (index == 0 || index > _validators[epoch_].length) revert NoSuchValidator(epoch_, index);
        return _validators[epoch_][index - 1].nodeAddress;
    }

    /// @notice How many validators may be faulty in the current epoch: floor((n - 1) / 3).
    function faultyMax() external view returns (uint256) {
        return faultyMaxOf(epoch);
    }

    /// @notice How many validators may be faulty in an epoch: floor((n - 1) / 3), and 0 for an empty set.
    function faultyMaxOf(uint256 epoch_) public view returns (uint256) {
        uint256 size = _validators[epoch_].length;
        return size == 0 ? 0 : (size - 1) / 3;
    }
}
