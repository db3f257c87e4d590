// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FixedPointMathLib as M} from "solady/utils/FixedPointMathLib.sol";
import {DevAggregator} from "./DevAggregator.sol";
import {IDevPair, IDevPool, IERC20Min} from "./External.sol";

/// @notice Devnet only: the rest of the market in one account. One transaction per block publishes the feed rounds that
///         fell due and trades each pool back to the edge of its fee band, as arbitrageurs do. Pays from its inventory.
contract Market {
    uint256 private constant V2_FEE_KEEP = 997;
    uint256 private constant V2_FEE_BASE = 1000;

    struct Round {
        DevAggregator aggregator;
        int192 answer;
        uint64 updatedAt; // {s}
    }

    /// Prices are sqrt(token1/token0) in base units, times 2^96.
    struct Band {
        address pool;
        bool v3;
        uint160 lowSqrtX96;
        uint160 highSqrtX96;
    }

    address public immutable operator;
    /// Pool that may call back; set only while it swaps.
    address private transient _expected;

    error NotOperator(address caller);
    error UnexpectedCallback(address caller);

    constructor() {
        operator = msg.sender;
    }

    function step(Round[] calldata rounds, Band[] calldata bands) external {
        require(msg.sender == operator, NotOperator(msg.sender));
        for (uint256 i = 0; i < rounds.length; ++i) {
            rounds[i].aggregator.transmit(rounds[i].answer, rounds[i].updatedAt);
        }
        for (uint256 i = 0; i < bands.length; ++i) {
            if (bands[i].v3) _arbitrageV3(bands[i]);
            else _arbitrageV2(bands[i]);
        }
    }

    /// @notice Square-root prices, times 2^96, in the order of `pools`, and the time of the block they were read at.
    function peek(address[] calldata pools, bool[] calldata v3)
        external
        view
        returns (uint256 time, uint160[] memory sqrtX96)
    {
        sqrtX96 = new uint160[](pools.length);
        for (uint256 i = 0; i < pools.length; ++i) {
            if (v3[i]) {
                (sqrtX96[i],) = IDevPool(pools[i]).slot0();
            } else {
                (uint112 r0, uint112 r1,) = IDevPair(pools[i]).getReserves();
                sqrtX96[i] = uint160(M.sqrt(M.fullMulDiv(r1, 1 << 192, r0)));
            }
        }
        return (block.timestamp, sqrtX96);
    }

    function _arbitrageV3(Band calldata band) private {
        (uint160 now_,) = IDevPool(band.pool).slot0();
        if (now_ >= band.lowSqrtX96 && now_ <= band.highSqrtX96) return;
        bool zeroForOne = now_ > band.highSqrtX96;
        _expected = band.pool;
        IDevPool(band.pool).swap(
            address(this), zeroForOne, type(int256).max, zeroForOne ? band.highSqrtX96 : band.lowSqrtX96, ""
        );
        _expected = address(0);
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        require(msg.sender == _expected, UnexpectedCallback(msg.sender));
        if (amount0 > 0) IERC20Min(IDevPool(msg.sender).token0()).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) IERC20Min(IDevPool(msg.sender).token1()).transfer(msg.sender, uint256(amount1));
    }

    /// @dev The input that maximises profit: with L = sqrt(x*y) the fee-free part must bring the paid-in reserve to
    ///      L*edge (selling token1) or L/edge (selling token0), where the edge is the price after the fee.
    function _arbitrageV2(Band calldata band) private {
        (uint112 r0, uint112 r1,) = IDevPair(band.pool).getReserves();
        uint256 liquidity = M.sqrt(uint256(r0) * r1);
        uint256 want1 = M.fullMulDiv(liquidity, band.lowSqrtX96, 1 << 96);
        uint256 want0 = M.fullMulDiv(liquidity, 1 << 96, band.highSqrtX96);
        if (want1 > r1) _swapV2(band.pool, false, want1 - r1, r1, r0);
        else if (want0 > r0) _swapV2(band.pool, true, want0 - r0, r0, r1);
    }

    function _swapV2(address pair, bool zeroForOne, uint256 net, uint256 reserveIn, uint256 reserveOut) private {
        uint256 amountIn = net * V2_FEE_BASE / V2_FEE_KEEP;
        uint256 withFee = amountIn * V2_FEE_KEEP;
        uint256 out = withFee * reserveOut / (reserveIn * V2_FEE_BASE + withFee);
        if (out == 0) return;
        IERC20Min(zeroForOne ? IDevPair(pair).token0() : IDevPair(pair).token1()).transfer(pair, amountIn);
        IDevPair(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }
}
