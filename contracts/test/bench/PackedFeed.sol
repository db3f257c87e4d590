// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Benchmarks only: the cheapest a price feed can be, one slot and no proxy.
contract PackedFeed {
    uint8 public constant decimals = 8;
    int128 private _answer;
    uint128 private _updatedAt; // {s}

    function transmit(int192 answer) external {
        (_answer, _updatedAt) = (int128(answer), uint128(block.timestamp));
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _answer, _updatedAt, _updatedAt, 1);
    }
}
