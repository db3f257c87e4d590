// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A pool asks for its pay in a callback; the vault answers only the pool it is calling, and only up to
///         `amountIn` (see VaultCore.uniswapV3SwapCallback).
library UniswapV3 {
    uint160 internal constant MIN_SQRT_RATIO = 4_295_128_739;
    uint160 internal constant MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342;

    /// @param zeroForOne the sold token has the lower address
    /// @dev Written out because the compiler's way costs 400 gas more. What the pool answers is not read. The price limit
    ///      is open on purpose: what the swap may cost is bounded by oracle prices, on balances.
    function swap(address pool, bool zeroForOne, uint256 amountIn) internal {
        uint256 limit = zeroForOne ? MIN_SQRT_RATIO + 1 : MAX_SQRT_RATIO - 1;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, 0x128acb08) // swap(address,bool,int256,uint160,bytes)
            mstore(add(m, 0x20), address())
            mstore(add(m, 0x40), zeroForOne)
            mstore(add(m, 0x60), amountIn) // below 2**128
            mstore(add(m, 0x80), limit)
            mstore(add(m, 0xa0), 0xa0) // no data
            mstore(add(m, 0xc0), 0)
            if iszero(call(gas(), pool, 0, add(m, 0x1c), 0xc4, 0, 0)) {
                returndatacopy(m, 0, returndatasize())
                revert(m, returndatasize())
            }
        }
    }
}
