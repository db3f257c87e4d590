// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A V2 pair and V3 pool that answers everything with a megabyte, or burns all gas, or reverts with a megabyte.
contract BombPool {
    uint8 public immutable mode; // 0 answers, 1 burns, 2 reverts

    constructor(uint8 mode_) {
        mode = mode_;
    }

    fallback() external {
        if (mode == 1) while (true) {}
        uint8 mode_ = mode;
        assembly {
            if mode_ { revert(0, 1000000) }
            return(0, 1000000)
        }
    }
}
