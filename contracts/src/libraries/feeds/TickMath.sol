// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice The square root of the price at a tick, to the bit as a Uniswap V3 pool computes it.
library TickMath {
    int256 internal constant MAX_TICK = 887_272;

    /// @dev {Q128} sqrt(1.0001) ** -(2 ** i) for i from 0 to 19, rounded to the nearest, 16 bytes each.
    bytes private constant POWERS = hex"fffcb933bd6fad37aa2d162d1a594001fff97272373d413259a46990580e213afff2e50f5f656932ef12357cf3c7fdcc"
        hex"ffe5caca7e10e4e61c3624eaa0941cd0ffcb9843d60f6159c9db58835c926644ff973b41fa98c081472e6896dfb254c0"
        hex"ff2ea16466c96a3843ec78b326b52861fe5dee046a99a2a811c461f1969c3053fcbe86c7900a88aedcffc83b479aa3a4"
        hex"f987a7253ac413176f2b074cf7815e54f3392b0822b70005940c7a398e4b70f3e7159475a2c29b7443b29c7fa6e889d9"
        hex"d097f3bdfd2022b8845ad8f792aa5825a9f746462d870fdf8a65dc1f90e061e570d869a156d2a1b890bb3df62baf32f7"
        hex"31be135f97d08fd981231505542fcfa609aa508b5b7a84e1c677de54f3e99bc9005d6af8dedb81196699c329225ee604"
        hex"00002216e584f5fa1ea926041bedfe9800000000048a170391f7dc42444e8fa2";

    /// @dev The caller has checked that |tick| <= MAX_TICK.
    /// @return sqrtPriceX96 {Q96} sqrt(1.0001 ** tick), rounded up
    function sqrtPriceAt(int256 tick) internal pure returns (uint256 sqrtPriceX96) {
        uint256 bits = uint256(tick < 0 ? -tick : tick);
        bytes memory powers = POWERS;
        uint256 ratio = 1 << 128; // {Q128} sqrt(1.0001) ** -|tick|
        assembly ("memory-safe") {
            for { let at := add(powers, 0x10) } bits { bits := shr(1, bits) } {
                // The power is the low half of the word that ends where the power ends.
                if and(bits, 1) { ratio := shr(128, mul(ratio, and(mload(at), 0xffffffffffffffffffffffffffffffff))) }
                at := add(at, 0x10)
            }
        }
        if (tick > 0) ratio = type(uint256).max / ratio;
        return (ratio + type(uint32).max) >> 32;
    }
}
