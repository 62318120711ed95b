// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Staking} from "./Staking.sol";

/// @title The public board of distributed key generation
/// @notice Orders certified dealings and complaints against them. Dealings travel between the nodes; a certificate
/// shows that n - f of them hold the dealing of this digest and found their shares right. A validator whose share is
/// bad complains until a second height. Who is qualified is a function of this contract's log and the dealings that
/// it names: the first `threshold` dealers certified up to the close of a session's window against whom no complaint
/// is justified.
/// @dev The contract does not judge complaints: that takes arithmetic on secp256k1 for which there is no precompile.
/// Every node judges them, and all come to the same ruling.
contract DkgBoard is Ownable {
    /// One attempt to make one key.
    struct Session {
        /// Whose validators take part.
        uint256 epoch;
        /// Which key, from 0, or `NETWORK_KEY`.
        uint256 index;
        /// Which attempt at it, from 0.
        uint256 attempt;
        /// The block that opened the session; 0 for a session that does not exist.
        uint256 openBlock;
        /// The last block in which a dealing can be certified.
        uint256 closeBlock;
        /// The last block in which a certified dealing can be disputed.
        uint256 complaintBlock;
        /// How many dealings are certified.
        uint256 certified;
        /// How many certified dealings are disputed, by however many validators.
        uint256 disputed;
    }

    /// The window for certificates or for complaints has no blocks.
    error InvalidWindow();
    /// There is no validator set yet.
    error NoValidators();
    /// The network's key was requested before.
    error NetworkKeyRequested();
    /// The sender is no validator of the current epoch.
    error NotValidator(address sender);
    /// There is no such session.
    error UnknownSession(bytes32 sid);
    /// The session belongs to another epoch than the current one.
    error WrongEpoch(uint256 sessionEpoch, uint256 currentEpoch);
    /// The session took certificates up to `closeBlock` only.
    error WindowClosed(bytes32 sid, uint256 closeBlock);
    /// The session takes complaints up to `complaintBlock`.
    error ComplaintsOpen(bytes32 sid, uint256 complaintBlock);
    /// The session took complaints up to `complaintBlock` only.
    error ComplaintsClosed(bytes32 sid, uint256 complaintBlock);
    /// The session has the dealings it needs: so many are certified and not disputed.
    error EnoughDealings(bytes32 sid, uint256 undisputed);
    /// No dealing of this dealer is certified.
    error NotCertified(bytes32 sid, uint16 dealer);
    /// Another dealing of this dealer is certified than the one complained about.
    error OtherDealing(bytes32 sid, uint16 dealer, bytes32 certified);
    /// The complaint is empty or too long.
    error InvalidComplaintLength(uint256 length);
    /// This validator complained about this dealer before.
    error AlreadyDisputed(bytes32 sid, uint16 dealer, uint16 accuser);
    /// The digest is zero.
    error InvalidDigest();
    /// A dealing of this dealer is certified already.
    error AlreadyCertified(bytes32 sid, uint16 dealer);
    /// The two lists differ in length.
    error LengthMismatch(uint256 ackers, uint256 signatures);
    /// Too few validators acknowledged the dealing.
    error TooFewAcks(uint256 given, uint256 needed);
    /// A validator is listed twice.
    error RepeatedAcker(uint16 acker);
    /// A signature is not that validator's, or not in its one accepted form.
    error InvalidAck(uint16 acker);

    /// A session opened.
    event SessionOpened(
        bytes32 indexed sid, uint256 index, uint256 attempt, uint256 closeBlock, uint256 complaintBlock
    );
    /// A dealing was certified.
    event DealingCertified(bytes32 indexed sid, uint16 dealer, bytes32 digest);
    /// A validator says that a certified dealing gives it a bad share. Whether that is so, the nodes judge.
    event DealingDisputed(bytes32 indexed sid, uint16 dealer, bytes32 digest, uint16 accuser, bytes complaint);
    /// A validator found too few dealings left after complaints; `requests` counts it and all others.
    event RestartRequested(bytes32 indexed sid, uint16 validator, uint256 requests);

    /// The index of the network's own key, which is over BLS12-381; all others are over secp256k1. `requestKeys` never
    /// gets there: it pays for every session before it.
    uint256 public constant NETWORK_KEY = type(uint64).max;
    /// What a validator signs is hashed under this domain.
    bytes32 public constant ACK_DOMAIN = keccak256("dkg/ack");
    /// The longest complaint, bytes: a point and two scalars take 97.
    uint256 public constant COMPLAINT_LENGTH_MAX = 128;
    /// Half the group order of secp256k1: signatures have s at most this (EIP-2).
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// The validator sets.
    Staking public immutable staking;
    /// How many blocks after the opening one a session takes certificates.
    uint256 public immutable window;
    /// How many blocks after that a session takes complaints.
    uint256 public immutable complaintWindow;

    /// How many keys were requested.
    uint256 public keyCount;
    /// Whether the network's own key was requested.
    bool public networkKeyRequested;

    mapping(bytes32 sid => Session) private _sessions;
    mapping(bytes32 sid => mapping(uint16 dealer => bytes32)) private _digests;
    mapping(bytes32 sid => uint16[]) private _dealers;
    mapping(bytes32 sid => mapping(uint16 dealer => uint256)) private _complaints;
    mapping(bytes32 sid => mapping(uint16 dealer => mapping(uint16 accuser => bool))) private _accused;
    mapping(bytes32 sid => uint256) private _requests;
    mapping(bytes32 sid => mapping(uint16 validator => bool)) private _requested;

    /// @param window_ How many blocks after the opening one a session takes certificates.
    /// @param complaintWindow_ How many blocks after those it takes complaints. A validator has to see the last
    /// certificates at its finality depth, fetch what it lacks, and complain within them.
    constructor(Staking staking_, uint256 window_, uint256 complaintWindow_) Ownable(msg.sender) {
        if (window_ == 0 || complaintWindow_ == 0) revert InvalidWindow();
        staking = staking_;
        window = window_;
        complaintWindow = complaintWindow_;
    }

    modifier onlyValidator() {
        if (!staking.isActiveValidator(msg.sender)) revert NotValidator(msg.sender);
        _;
    }

    /// @notice Opens a session for each of `count` new keys.
    function requestKeys(uint256 count) external onlyOwner {
        uint256 epoch = staking.epoch();
        if (epoch == 0) revert NoValidators();
        uint256 first = keyCount;
        keyCount = first + count;
        for (uint256 i = 0; i < count; ++i) _open(epoch, first + i, 0);
    }

    /// @notice Opens a session for the network's own key, once.
    function requestNetworkKey() external onlyOwner {
        uint256 epoch = staking.epoch();
        if (epoch == 0) revert NoValidators();
        if (networkKeyRequested) revert NetworkKeyRequested();
        networkKeyRequested = true;
        _open(epoch, NETWORK_KEY, 0);
    }

    /// @notice Certifies a dealing by the signatures of n - f validators; any validator may send it.
    /// @param ackers The signers' numbers, in any order, none twice.
    /// @param signatures Their signatures over `ackDigest`, in the same order: r, s, v (65 bytes, low s, v 27 or 28).
    function certify(
        bytes32 sid,
        uint16 dealer,
        bytes32 digest,
        uint16[] calldata ackers,
        bytes[] calldata signatures
    ) external onlyValidator {
        Session storage session = _current(sid);
        if (block.number > session.closeBlock) revert WindowClosed(sid, session.closeBlock);
        if (digest == 0) revert InvalidDigest();
        staking.validatorAddress(session.epoch, dealer); // reverts unless the dealer is a member
        if (_digests[sid][dealer] != 0) revert AlreadyCertified(sid, dealer);
        _checkAcks(session.epoch, ackDigest(sid, dealer, digest), ackers, signatures);
        _digests[sid][dealer] = digest;
        _dealers[sid].push(dealer);
        session.certified += 1;
        emit DealingCertified(sid, dealer, digest);
    }

    /// @notice Complains about the sender's share in a certified dealing; a validator can do so once for each dealer.
    /// @param digest The dealing, which must be the certified one.
    /// @param complaint What proves the fault to every node; not looked into here.
    function complain(bytes32 sid, uint16 dealer, bytes32 digest, bytes calldata complaint) external onlyValidator {
        Session storage session = _current(sid);
        if (block.number > session.complaintBlock) revert ComplaintsClosed(sid, session.complaintBlock);
        bytes32 certified = _digests[sid][dealer];
        if (certified == 0) revert NotCertified(sid, dealer);
        if (certified != digest) revert OtherDealing(sid, dealer, certified);
        uint256 length = complaint.length;
        if (length == 0 || length > COMPLAINT_LENGTH_MAX) revert InvalidComplaintLength(length);
        uint16 accuser = _senderIndex();
        if (_accused[sid][dealer][accuser]) revert AlreadyDisputed(sid, dealer, accuser);
        _accused[sid][dealer][accuser] = true;
        if (++_complaints[sid][dealer] == 1) session.disputed += 1;
        emit DealingDisputed(sid, dealer, digest, accuser, complaint);
    }

    /// @notice Opens the next attempt at a session's key, when too few dealings are left after the complaints.
    /// Does nothing if that attempt is open already, so that several validators may ask.
    /// @dev If too few are certified, one request is enough: everybody sees it. If enough are certified but too few of
    /// them undisputed, complaints decide, which the contract cannot judge: f + 1 validators must ask, one of which is
    /// then honest and found complaints justified. Neither can come with a key that honest validators have finished,
    /// and f validators cannot bring about a restart by making complaints.
    function restart(bytes32 sid) external onlyValidator {
        Session storage session = _current(sid);
        if (block.number <= session.complaintBlock) revert ComplaintsOpen(sid, session.complaintBlock);
        uint256 needed = staking.thresholdOf(session.epoch);
        uint256 undisputed = session.certified - session.disputed;
        if (undisputed >= needed) revert EnoughDealings(sid, undisputed);
        uint256 attempt = session.attempt + 1;
        if (_sessions[sessionId(session.epoch, session.index, attempt)].openBlock != 0) return;
        if (session.certified >= needed && _countRequest(sid) <= staking.faultyMaxOf(session.epoch)) return;
        _open(session.epoch, session.index, attempt);
    }

    /// @notice The id of a session: binds it to this contract, chain, epoch, key and attempt.
    function sessionId(uint256 epoch, uint256 index, uint256 attempt) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), block.chainid, epoch, index, attempt));
    }

    /// @notice What a validator signs to acknowledge a dealing.
    function ackDigest(bytes32 sid, uint16 dealer, bytes32 digest) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(ACK_DOMAIN, sid, uint256(dealer), digest));
    }

    /// @notice A session's state; `openBlock` is 0 if there is none.
    function getSession(bytes32 sid) external view returns (Session memory) {
        return _sessions[sid];
    }

    /// @notice The digest of the dealer's certified dealing; 0 if there is none.
    function certifiedDigest(bytes32 sid, uint16 dealer) external view returns (bytes32) {
        return _digests[sid][dealer];
    }

    /// @notice The dealers with a certified dealing, in the order of the log.
    function certifiedDealers(bytes32 sid) external view returns (uint16[] memory) {
        return _dealers[sid];
    }

    /// @notice How many validators complained about the dealer's certified dealing.
    function complaintCount(bytes32 sid, uint16 dealer) external view returns (uint256) {
        return _complaints[sid][dealer];
    }

    /// @notice How many validators asked for the next attempt because of complaints.
    function restartRequests(bytes32 sid) external view returns (uint256) {
        return _requests[sid];
    }

    function _countRequest(bytes32 sid) private returns (uint256 requests) {
        uint16 validator = _senderIndex();
        requests = _requests[sid];
        if (_requested[sid][validator]) return requests;
        _requested[sid][validator] = true;
        _requests[sid] = ++requests;
        emit RestartRequested(sid, validator, requests);
    }

    /// The sender's number, which fits: a set has fewer than 2^16 - 1 members.
    function _senderIndex() private view returns (uint16) {
        return uint16(staking.validatorIndex(msg.sender));
    }

    function _open(uint256 epoch, uint256 index, uint256 attempt) private {
        bytes32 sid = sessionId(epoch, index, attempt);
        uint256 closeBlock = block.number + window;
        uint256 complaintBlock = closeBlock + complaintWindow;
        _sessions[sid] = Session(epoch, index, attempt, block.number, closeBlock, complaintBlock, 0, 0);
        emit SessionOpened(sid, index, attempt, closeBlock, complaintBlock);
    }

    function _current(bytes32 sid) private view returns (Session storage session) {
        session = _sessions[sid];
        if (session.openBlock == 0) revert UnknownSession(sid);
        uint256 epoch = staking.epoch();
        if (session.epoch != epoch) revert WrongEpoch(session.epoch, epoch);
    }

    function _checkAcks(uint256 epoch, bytes32 ack, uint16[] calldata ackers, bytes[] calldata signatures)
        private
        view
    {
        if (ackers.length != signatures.length) revert LengthMismatch(ackers.length, signatures.length);
        uint256 needed = staking.validatorCountOf(epoch) - staking.faultyMaxOf(epoch);
        if (ackers.length < needed) revert TooFewAcks(ackers.length, needed);
        _checkDistinct(ackers);
        for (uint256 i = 0; i < ackers.length; ++i) {
            address signer = staking.validatorAddress(epoch, ackers[i]);
            if (!_signedBy(ack, signatures[i], signer)) revert InvalidAck(ackers[i]);
        }
    }

    function _checkDistinct(uint16[] calldata ackers) private pure {
        uint256[256] memory seen; // one bit for each possible number
        for (uint256 i = 0; i < ackers.length; ++i) {
            uint16 acker = ackers[i];
            uint256 bit = 1 << (acker & 0xff);
            if (seen[acker >> 8] & bit != 0) revert RepeatedAcker(acker);
            seen[acker >> 8] |= bit;
        }
    }

    /// One accepted form per signature: 65 bytes, low s, v of 27 or 28. `signer` is never zero, which is what
    /// ecrecover answers to garbage.
    function _signedBy(bytes32 digest, bytes calldata signature, address signer) private pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return false;
        return ecrecover(digest, v, bytes32(signature[:32]), s) == signer;
    }
}
