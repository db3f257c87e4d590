// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Devnet only: what stands behind Chainlink's proxy. Rounds count from 1; only the transmitter adds them.
contract DevAggregator {
    struct Round {
        int192 answer;
        uint64 updatedAt; // {s}
    }

    address public immutable transmitter;
    uint8 public immutable decimals;
    string public description;
    uint256 public constant version = 4;
    uint80 public latestRound;
    /// Only the newest rounds: the node hashes every slot of the chain at every block, so history would slow it down.
    uint256 public constant KEPT_ROUNDS = 32;
    Round[KEPT_ROUNDS] private _rounds;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    error NotTransmitter(address caller);
    error NotAfterTheLastRound(uint64 updatedAt);

    constructor(address transmitter_, uint8 decimals_, string memory description_) {
        transmitter = transmitter_;
        decimals = decimals_;
        description = description_;
    }

    /// @param updatedAt {s} when the oracles reported; lies in the past when several rounds arrive in one block
    function transmit(int192 answer, uint64 updatedAt) external {
        require(msg.sender == transmitter, NotTransmitter(msg.sender));
        uint80 id = latestRound;
        require(updatedAt > _round(id).updatedAt, NotAfterTheLastRound(updatedAt));
        latestRound = ++id;
        _rounds[id % KEPT_ROUNDS] = Round(answer, updatedAt);
        emit AnswerUpdated(answer, id, updatedAt);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latestRound);
    }

    /// @dev As with Chainlink's own aggregators, an unknown round has no answer and no time.
    function getRoundData(uint80 id)
        public
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        Round memory r = _round(id);
        return (id, r.answer, r.updatedAt, r.updatedAt, id);
    }

    function latestAnswer() external view returns (int256) {
        return _round(latestRound).answer;
    }

    function latestTimestamp() external view returns (uint256) {
        return _round(latestRound).updatedAt;
    }

    function getAnswer(uint256 id) external view returns (int256) {
        return _round(id).answer;
    }

    function getTimestamp(uint256 id) external view returns (uint256) {
        return _round(id).updatedAt;
    }

    function _round(uint256 id) private view returns (Round memory) {
        if (id == 0 || id > latestRound || id + KEPT_ROUNDS <= latestRound) return Round(0, 0);
        return _rounds[id % KEPT_ROUNDS];
    }
}
