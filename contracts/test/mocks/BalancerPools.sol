// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Call, Puppet} from "./Strangers.sol";

/// @notice A contract that Balancer's vault takes for a pool: it answers swaps as it was told, after doing what it was told.
contract PuppetBalancerPool is Puppet {
    struct Swap {
        uint8 kind;
        uint256 amountGivenScaled18;
        uint256[] balancesScaled18;
        uint256 indexIn;
        uint256 indexOut;
        address router;
        bytes userData;
    }

    uint256 private _answer; // {1e-18 of a whole token}
    Call[] private _calls;

    function tell(uint256 answer, Call[] calldata calls) external {
        _answer = answer;
        delete _calls;
        for (uint256 i; i < calls.length; ++i) {
            _calls.push(calls[i]);
        }
    }

    function onSwap(Swap calldata) external returns (uint256) {
        _run(_calls);
        return _answer;
    }

    function computeInvariant(uint256[] calldata balances, uint8) external pure returns (uint256 sum) {
        for (uint256 i; i < balances.length; ++i) {
            sum += balances[i];
        }
    }

    function getMinimumSwapFeePercentage() external pure returns (uint256) {
        return 0;
    }

    function getMaximumSwapFeePercentage() external pure returns (uint256) {
        return 1e17;
    }

    function getMinimumInvariantRatio() external pure returns (uint256) {
        return 0;
    }

    function getMaximumInvariantRatio() external pure returns (uint256) {
        return 1e20;
    }

    function emitTransfer(address, address, uint256) external {}

    function emitApproval(address, address, uint256) external {}
}
