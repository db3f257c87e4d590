// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// The few functions of other people's contracts that Evenkeel calls. Nothing any of them returns is trusted with money:
// every fill is judged by the vault's own balances.

interface IWETH {
    function deposit() external payable;
}

/// @dev The permit of tokens that also take the signatures of contracts (ERC-1271), such as USDC.
interface IContractPermit {
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;
}

interface IAggregator {
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    function decimals() external view returns (uint8);
}

interface IUniswapV2Pair {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 blockTimestampLast);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface IUniswapV3Pool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function fee() external view returns (uint24);
    function tickSpacing() external view returns (int24);
    function liquidity() external view returns (uint128);
    function tickBitmap(int16 word) external view returns (uint256);
    function slot0() external view returns (uint160 sqrtPriceX96, int24 tick);
    function ticks(int24 tick) external view returns (uint128 liquidityGross, int128 liquidityNet);
    function swap(address to, bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

enum BalancerSwapKind {
    ExactIn,
    ExactOut
}

struct BalancerSwap {
    BalancerSwapKind kind;
    address pool;
    address tokenIn;
    address tokenOut;
    uint256 amountGivenRaw;
    uint256 limitRaw;
    bytes userData;
}

/// @dev Balancer V3.
interface IBalancerVault {
    /// @notice Calls the caller back with `data`, selector included.
    function unlock(bytes calldata data) external returns (bytes memory);
    function swap(BalancerSwap calldata params)
        external
        returns (uint256 amountCalculated, uint256 amountIn, uint256 amountOut);
    function settle(address token, uint256 amountHint) external returns (uint256 credit);
    function sendTo(address token, address to, uint256 amount) external;
}
