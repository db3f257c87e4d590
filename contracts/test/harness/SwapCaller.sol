// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BalancerSwap, BalancerSwapKind, IBalancerVault} from "../../src/interfaces/External.sol";
import {IFiller} from "../../src/interfaces/IFiller.sol";
import {IPoolManager, PoolKey, SwapParams} from "../../src/interfaces/IUniswapV4.sol";

interface IPair {
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

/// @notice Swaps in real pools from its own balance, so that quotes can be compared with what the pools do. Each case
///         is undone afterwards: all cases of a call start from the same state. Pays anybody: for tests only.
contract SwapCaller {
    enum Kind {
        V2, //        target: the pair; data: the amount it is asked for, which is the quote under test
        V3, //        target: the pool
        V4, //        target: the manager; data: the pool's key
        Balancer, //  target: Balancer's vault; data: the pool
        Filler //     target: a filler; data: as it wants it
    }

    struct Swap {
        Kind kind;
        address target;
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
        bytes data;
    }

    struct Look {
        address target;
        bytes question;
    }

    struct Result {
        bool ok; //            false: the venue reverted; the rest of its case was not tried
        uint256 spent;
        uint256 received;
        bytes[] answers; //    to what was asked after the swap
    }

    error Done(Result[] results);
    error NotPayable();
    error NoAnswer(address target);

    uint160 private constant MIN_LIMIT = 4295128740;
    uint160 private constant MAX_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @param looks what is asked after every swap
    /// @param cases swaps that follow each other
    function run(Look[] calldata looks, Swap[][] calldata cases) external returns (Result[][] memory results) {
        results = new Result[][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            try this.runAndUndo(looks, cases[i]) {}
            catch (bytes memory answer) {
                require(bytes4(answer) == Done.selector, NotPayable());
                assembly ("memory-safe") {
                    let size := mload(answer)
                    answer := add(answer, 4)
                    mstore(answer, sub(size, 4))
                }
                results[i] = abi.decode(answer, (Result[]));
            }
        }
    }

    function runAndUndo(Look[] calldata looks, Swap[] calldata swaps) external {
        Result[] memory results = new Result[](swaps.length);
        for (uint256 i; i < swaps.length; ++i) {
            Swap calldata s = swaps[i];
            (uint256 inBefore, uint256 outBefore) = (_balance(s.tokenIn), _balance(s.tokenOut));
            try this.swapOne(s) {
                results[i].ok = true;
            } catch {
                break;
            }
            results[i].spent = inBefore - _balance(s.tokenIn);
            results[i].received = _balance(s.tokenOut) - outBefore;
            results[i].answers = new bytes[](looks.length);
            for (uint256 k; k < looks.length; ++k) {
                (bool ok, bytes memory answer) = looks[k].target.staticcall(looks[k].question);
                require(ok, NoAnswer(looks[k].target));
                results[i].answers[k] = answer;
            }
        }
        revert Done(results);
    }

    function swapOne(Swap calldata s) external {
        bool zeroForOne = s.tokenIn < s.tokenOut;
        if (s.kind == Kind.V2) {
            uint256 out = abi.decode(s.data, (uint256));
            IERC20(s.tokenIn).transfer(s.target, s.amountIn);
            IPair(s.target).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
        } else if (s.kind == Kind.V3) {
            IPool(s.target).swap(address(this), zeroForOne, int256(s.amountIn), zeroForOne ? MIN_LIMIT : MAX_LIMIT, "");
        } else if (s.kind == Kind.V4) {
            IPoolManager(s.target).unlock(abi.encode(s));
        } else if (s.kind == Kind.Filler) {
            IERC20(s.tokenIn).transfer(s.target, s.amountIn);
            IFiller(s.target).onFill(s.tokenIn, s.amountIn, s.tokenOut, 0, s.data);
        } else {
            IBalancerVault(s.target).unlock(abi.encodeCall(this.onBalancer, (s)));
        }
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        if (amount0 > 0) IERC20(IPool(msg.sender).token0()).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) IERC20(IPool(msg.sender).token1()).transfer(msg.sender, uint256(amount1));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        Swap memory s = abi.decode(data, (Swap));
        IPoolManager manager = IPoolManager(msg.sender);
        bool zeroForOne = s.tokenIn < s.tokenOut;
        int256 delta = manager.swap(
            abi.decode(s.data, (PoolKey)),
            SwapParams(zeroForOne, -int256(s.amountIn), zeroForOne ? MIN_LIMIT : MAX_LIMIT),
            ""
        );
        (int256 deltaIn, int256 deltaOut) = zeroForOne ? (delta >> 128, int256(int128(delta))) : (int256(int128(delta)), delta >> 128);
        manager.sync(s.tokenIn);
        IERC20(s.tokenIn).transfer(msg.sender, uint256(-deltaIn));
        manager.settle();
        manager.take(s.tokenOut, address(this), uint256(deltaOut));
        return "";
    }

    function onBalancer(Swap calldata s) external {
        IBalancerVault vault = IBalancerVault(msg.sender);
        (,, uint256 out) = vault.swap(
            BalancerSwap(BalancerSwapKind.ExactIn, abi.decode(s.data, (address)), s.tokenIn, s.tokenOut, s.amountIn, 0, "")
        );
        IERC20(s.tokenIn).transfer(msg.sender, s.amountIn);
        vault.settle(s.tokenIn, s.amountIn);
        vault.sendTo(s.tokenOut, address(this), out);
    }

    function _balance(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }
}
