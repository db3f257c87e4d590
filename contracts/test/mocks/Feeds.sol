// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A Chainlink-style feed that can be made to fail in every way the hub must survive.
contract Feed {
    enum Mode {
        Ok,
        Revert,
        Short, //   one word less than promised
        Bomb, //    a huge answer, meant to make the caller pay for copying it
        BurnGas
    }

    uint8 public decimals;
    int256 public answer;
    uint256 public updatedAt;
    Mode public mode;

    constructor(uint8 decimals_, int256 answer_) {
        decimals = decimals_;
        set(answer_);
    }

    function set(int256 answer_) public {
        answer = answer_;
        updatedAt = block.timestamp;
    }

    function setUpdatedAt(uint256 at) external {
        updatedAt = at;
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (mode == Mode.Revert) revert("no round");
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.Bomb) {
            assembly {
                return(0, 1000000)
            }
        }
        if (mode == Mode.Short) {
            assembly {
                mstore(0, 1)
                return(0, 0x9f)
            }
        }
        return (1, answer, updatedAt, updatedAt, 1);
    }
}
