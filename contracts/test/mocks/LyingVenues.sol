// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BalancerSwap} from "../../src/interfaces/External.sol";
import {PoolKey, SwapParams} from "../../src/interfaces/IUniswapV4.sol";
import {Call, Puppet} from "./Strangers.sol";

interface IUnlocked {
    function unlockCallback(bytes calldata data) external returns (bytes memory);
}

interface IPays {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @notice Takes the place of Uniswap's manager and does what it is told: what it says need not be what it does.
contract LyingManager is Puppet {
    bytes[] private _callbacks; //   what to call back with; none = with what was passed, once
    bool private _silent; //         never calls back
    int256 private _delta; //        what every swap answers
    uint256 private _payBps; //      of what it is asked to take out
    Call[] private _onSettle;

    constructor() {
        _payBps = 10_000;
    }

    function callBackWith(bytes[] calldata list) external {
        delete _callbacks;
        for (uint256 i; i < list.length; ++i) {
            _callbacks.push(list[i]);
        }
    }

    function beSilent() external {
        _silent = true;
    }

    function say(int128 amount0, int128 amount1) external {
        _delta = (int256(amount0) << 128) | int256(uint256(uint128(amount1)));
    }

    function payOnly(uint256 bps) external {
        _payBps = bps;
    }

    function onSettle(Call calldata act) external {
        _onSettle.push(act);
    }

    function unlock(bytes calldata data) external returns (bytes memory) {
        if (_silent) return "";
        if (_callbacks.length == 0) IUnlocked(msg.sender).unlockCallback(data);
        for (uint256 i; i < _callbacks.length; ++i) {
            IUnlocked(msg.sender).unlockCallback(_callbacks[i]);
        }
        return "";
    }

    function swap(PoolKey calldata, SwapParams calldata, bytes calldata) external view returns (int256) {
        return _delta;
    }

    function sync(address) external {}

    function settle() external payable returns (uint256) {
        _run(_onSettle);
        return type(uint256).max;
    }

    function take(address token, address to, uint256 amount) external {
        IPays(token).transfer(to, amount * _payBps / 10_000);
    }
}

/// @notice Takes the place of Balancer's vault.
contract LyingBalancer is Puppet {
    Call[] private _onUnlock; //  instead of calling back; none = calls back as it was told
    bool private _silent;
    uint256 private _says; //     {base units of tokenOut} what a swap answers
    uint256 private _pays; //     {base units of tokenOut}
    Call[] private _onSwap;

    function beSilent() external {
        _silent = true;
    }

    function onUnlock(Call[] calldata list) external {
        for (uint256 i; i < list.length; ++i) {
            _onUnlock.push(list[i]);
        }
    }

    function onSwap(Call calldata act) external {
        _onSwap.push(act);
    }

    function say(uint256 says, uint256 pays) external {
        (_says, _pays) = (says, pays);
    }

    function unlock(bytes calldata data) external returns (bytes memory) {
        if (_silent) return "";
        if (_onUnlock.length != 0) {
            _run(_onUnlock);
            return "";
        }
        (bool ok, bytes memory answer) = msg.sender.call(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return "";
    }

    function swap(BalancerSwap calldata params) external returns (uint256, uint256, uint256) {
        _run(_onSwap);
        return (_says, params.amountGivenRaw, _says);
    }

    function settle(address, uint256 amountHint) external pure returns (uint256) {
        return amountHint;
    }

    function sendTo(address token, address to, uint256) external {
        IPays(token).transfer(to, _pays);
    }
}
