// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Which words of a bitmap of ticks are read, and which ticks are then known.
library TickWindow {
    int24 private constant MAX_TICK = 887_272;

    /// @dev Reads whole words, so the window begins and ends at word boundaries (or at the ends of the scale).
    /// @param words on each side of the current one
    /// @return first word
    /// @return last word
    /// @return minTick lowest known tick
    /// @return maxTick highest known tick
    function around(int24 tick, int24 spacing, uint8 words)
        internal
        pure
        returns (int256 first, int256 last, int24 minTick, int24 maxTick)
    {
        int256 middle = _floorDiv(tick, spacing) >> 8;
        first = _max(middle - int256(uint256(words)), _floorDiv(-MAX_TICK, spacing) >> 8);
        last = _min(middle + int256(uint256(words)), _floorDiv(MAX_TICK, spacing) >> 8);
        minTick = int24(_max((first << 8) * spacing, -MAX_TICK));
        maxTick = int24(_min(((last << 8) + 255) * spacing, MAX_TICK));
    }

    function _floorDiv(int256 a, int256 b) private pure returns (int256 q) {
        q = a / b;
        if (a % b != 0 && a < 0) --q;
    }

    function _max(int256 a, int256 b) private pure returns (int256) {
        return a > b ? a : b;
    }

    function _min(int256 a, int256 b) private pure returns (int256) {
        return a < b ? a : b;
    }
}
