// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Benchmarks only: reads as Chainlink's AccessControlledOCR2Aggregator does, whose source no npm package holds.
///         A read touches the same three slots, packed alike: the reader's entry in the access list, the hot word with
///         the newest round's number, and that round. Reporting is reduced to what a benchmark needs.
contract Ocr2Aggregator {
    struct HotVars {
        uint8 f;
        uint40 latestEpochAndRound;
        uint32 latestAggregatorRoundId;
        uint32 maximumGasPriceGwei;
        uint32 reasonableGasPriceGwei;
        uint32 observationPaymentGjuels;
        uint32 transmissionPaymentGjuels;
        uint24 accountingGas;
    }

    struct Transmission {
        int192 answer;
        uint32 observationsTimestamp; // {s}
        uint32 transmissionTimestamp; // {s}
    }

    address public owner;
    HotVars private _hotVars;
    mapping(uint32 aggregatorRoundId => Transmission) private _transmissions;
    uint8 public immutable decimals;
    bool public checkEnabled = true;
    mapping(address reader => bool) private _accessList;

    error NotOwner(address caller);
    error NoAccess(address reader);

    constructor(uint8 decimals_) {
        owner = msg.sender;
        decimals = decimals_;
        _hotVars = HotVars(5, 256, 0, 5_000, 500, 1_000, 1_000, 40_000);
    }

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    modifier checkAccess() {
        require(hasAccess(msg.sender), NoAccess(msg.sender));
        _;
    }

    /// @dev Externally owned accounts may always read, as with Chainlink's.
    function hasAccess(address reader) public view returns (bool) {
        return _accessList[reader] || !checkEnabled || reader == tx.origin;
    }

    function addAccess(address reader) external onlyOwner {
        _accessList[reader] = true;
    }

    function transmit(int192 answer) external onlyOwner {
        _hotVars.latestEpochAndRound += 256;
        uint32 id = ++_hotVars.latestAggregatorRoundId;
        _transmissions[id] = Transmission(answer, uint32(block.timestamp), uint32(block.timestamp));
    }

    function latestRoundData()
        external
        view
        checkAccess
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        uint32 id = _hotVars.latestAggregatorRoundId;
        Transmission memory round = _transmissions[id];
        return (id, round.answer, round.observationsTimestamp, round.transmissionTimestamp, id);
    }
}
