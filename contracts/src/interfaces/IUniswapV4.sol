// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// What Evenkeel calls of Uniswap V4, with plain types in place of Uniswap's own.

struct PoolKey {
    address currency0; // address(0) = ether
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

struct SwapParams {
    bool zeroForOne;
    int256 amountSpecified; // negative: the input is given
    uint160 sqrtPriceLimitX96;
}

interface IPoolManager {
    function unlock(bytes calldata data) external returns (bytes memory);
    /// @return delta amount0 in the upper half, amount1 in the lower; negative: owed by the caller
    function swap(PoolKey calldata key, SwapParams calldata params, bytes calldata hookData)
        external
        returns (int256 delta);
    function sync(address currency) external;
    function settle() external payable returns (uint256 paid);
    function take(address currency, address to, uint256 amount) external;
    function exttload(bytes32 slot) external view returns (bytes32);
}

interface IExtsload {
    function extsload(bytes32[] calldata slots) external view returns (bytes32[] memory values);
}

interface IUnlockCallback {
    function unlockCallback(bytes calldata data) external returns (bytes memory);
}
