// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {RealUniswapV4} from "../utils/RealUniswapV4.sol";
import {PoolKey} from "../../src/interfaces/UniswapV4.sol";

contract PathFillerV4Test is RealUniswapV4 {
    function test_setup() public {
        PoolKey memory key = makeV4Pool(WETH, USDC, 500, address(0), 5_000_000e8);
        PoolKey memory e = makeV4EtherPool(USDC, 500, address(0), 5_000_000e8);
        assertEq(address(manager).balance / 1e18, 1666, "ether");
        assertEq(usdc.balanceOf(address(manager)) / 1e6, 9_999_999, "usdc");
        assertTrue(key.currency0 != e.currency0, "k");
    }
}
