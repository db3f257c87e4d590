// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

interface IPair {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function liquidity() external view returns (uint128);
    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool);
    function swap(address to, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

/// @notice Swaps on real pools from its own balance, so that quotes can be compared with what the pools do. Each case
///         is undone afterwards: all cases of a call start from the same state. Pays any pool: for tests only.
contract SwapCaller {
    struct Swap {
        address pool;
        bool v3;
        bool zeroForOne;
        uint256 amountIn;
        uint256 v2Out; // what a V2 pair is asked for; the quote under test
    }

    struct Result {
        bool ok; //            false: the pool reverted; the rest of its case was not tried
        uint256 spent;
        uint256 received;
        uint256 price; //      sqrtPriceX96, or reserve0
        uint256 liquidity; //  liquidity, or reserve1
        int24 tick;
    }

    error Done(Result[] results);
    error NotPayable();

    uint160 private constant MIN_LIMIT = 4295128740;
    uint160 private constant MAX_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @param cases swaps that follow each other on the same pools
    function run(Swap[][] calldata cases) external returns (Result[][] memory results) {
        results = new Result[][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            try this.runAndUndo(cases[i]) {}
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

    function runAndUndo(Swap[] calldata swaps) external {
        Result[] memory results = new Result[](swaps.length);
        for (uint256 i; i < swaps.length; ++i) {
            Swap calldata s = swaps[i];
            IERC20 tokenIn = IERC20(s.zeroForOne ? IPair(s.pool).token0() : IPair(s.pool).token1());
            IERC20 tokenOut = IERC20(s.zeroForOne ? IPair(s.pool).token1() : IPair(s.pool).token0());
            (uint256 inBefore, uint256 outBefore) = (tokenIn.balanceOf(address(this)), tokenOut.balanceOf(address(this)));
            try this.swapOne(s, tokenIn) {
                results[i].ok = true;
            } catch {
                break;
            }
            results[i].spent = inBefore - tokenIn.balanceOf(address(this));
            results[i].received = tokenOut.balanceOf(address(this)) - outBefore;
            if (s.v3) {
                (results[i].price, results[i].tick,,,,,) = IPool(s.pool).slot0();
                results[i].liquidity = IPool(s.pool).liquidity();
            } else {
                (results[i].price, results[i].liquidity,) = IPair(s.pool).getReserves();
            }
        }
        revert Done(results);
    }

    function swapOne(Swap calldata s, IERC20 tokenIn) external {
        if (s.v3) {
            IPool(s.pool).swap(
                address(this), s.zeroForOne, int256(s.amountIn), s.zeroForOne ? MIN_LIMIT : MAX_LIMIT, ""
            );
        } else {
            tokenIn.transfer(s.pool, s.amountIn);
            IPair(s.pool).swap(s.zeroForOne ? 0 : s.v2Out, s.zeroForOne ? s.v2Out : 0, address(this), "");
        }
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        if (amount0 > 0) IERC20(IPool(msg.sender).token0()).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) IERC20(IPool(msg.sender).token1()).transfer(msg.sender, uint256(amount1));
    }
}
