// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {DkgBoard} from "./DkgBoard.sol";
import {Staking} from "./Staking.sol";

/// @title Keeps keys ready to be minted
/// @notice Validators report how many keys they have seen minted. Once more of them than can be faulty agree on a number,
/// an honest one among them has seen it, and the board is asked for so many keys that `target` of all those ever asked for
/// are not minted: the ready ones and those under way. As the board counts what it was asked for, nobody can ask twice for
/// the same place in the pool, whoever reports and however often.
/// @dev Owns the board, as only its owner may ask for keys. A report opens at most `target` sessions: minted keys were
/// asked for before, so that no report that is true is further ahead of the last one.
contract KeyPool is Ownable {
    /// The pool would be empty, or one report could open more sessions than a transaction can pay for.
    error InvalidTarget(uint256 target);
    /// The sender is no validator of the current epoch.
    error NotValidator(address sender);

    /// A validator reported; `reports` counts it and all others of the same number.
    event MintedReported(address indexed validator, uint256 minted, uint256 reports);

    /// The largest pool.
    uint256 public constant TARGET_MAX = 16;

    /// The validator sets.
    Staking public immutable staking;
    /// Where keys are asked for.
    DkgBoard public immutable board;
    /// How many keys are to be ready or under way.
    uint256 public immutable target;

    /// How many keys have been minted, as far as enough validators have reported.
    uint256 public minted;

    mapping(uint256 epoch => mapping(uint256 minted => uint256)) private _reports;
    mapping(uint256 epoch => mapping(uint256 minted => mapping(address validator => bool))) private _reported;

    constructor(Staking staking_, DkgBoard board_, uint256 target_) Ownable(msg.sender) {
        if (target_ == 0 || target_ > TARGET_MAX) revert InvalidTarget(target_);
        staking = staking_;
        board = board_;
        target = target_;
    }

    /// @notice Reports how many keys the sender has seen minted. A repeated report has no effect.
    function reportMinted(uint256 minted_) external {
        if (!staking.isActiveValidator(msg.sender)) revert NotValidator(msg.sender);
        uint256 epoch = staking.epoch();
        if (_reported[epoch][minted_][msg.sender]) return;
        _reported[epoch][minted_][msg.sender] = true;
        uint256 reports = ++_reports[epoch][minted_];
        emit MintedReported(msg.sender, minted_, reports);
        if (reports <= staking.faultyMaxOf(epoch)) return;
        if (minted_ > minted) minted = minted_;
        uint256 requested = board.keyCount();
        if (requested < minted + target) board.requestKeys(minted + target - requested);
    }

    /// @notice Asks the board for the network's own key, for the network's owner.
    function requestNetworkKey() external onlyOwner {
        board.requestNetworkKey();
    }
}
