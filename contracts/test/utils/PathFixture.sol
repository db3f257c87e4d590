// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPathFiller} from "../../src/interfaces/IPathFiller.sol";
import {Fill, Venue} from "../../src/interfaces/IVault.sol";
import {PoolKey} from "../../src/interfaces/IUniswapV4.sol";
import {RealUniswapV4} from "./RealUniswapV4.sol";

/// @notice Writes the paths that IPathFiller reads.
abstract contract PathFixture is RealUniswapV4 {
    IPathFiller internal pathFiller;

    function setUp() public virtual override {
        super.setUp();
        pathFiller = IPathFiller(deploy("PathFiller", abi.encode(manager, weth)));
        vm.label(address(pathFiller), "PathFiller");
        drift();
    }

    function v2(address pair, address tokenOut) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), pair, tokenOut);
    }

    function v3(address pool_, address tokenOut) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), pool_, tokenOut);
    }

    function v4(PoolKey memory key, address tokenOut) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), tokenOut, key.fee, key.tickSpacing, key.hooks);
    }

    /// @dev Sells ether although WETH is at hand.
    function v4FromEther(PoolKey memory key, address tokenOut) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(3), tokenOut, key.fee, key.tickSpacing, key.hooks);
    }

    function pathFill(uint8 sell, uint8 buy, uint256 amountIn, bytes memory path) internal view returns (Fill memory) {
        return Fill(sell, buy, Venue.Filler, address(pathFiller), uint128(amountIn), 0, path);
    }

    /// @notice Nothing stays behind, and nobody may take anything.
    function assertEmpty() internal view {
        assertEq(address(pathFiller).balance, 0, "ether left in the filler");
        assertEq(address(vault).balance, 0, "ether left in the vault");
        for (uint8 i; i < 3; ++i) {
            assertEq(tokenOf(i).balanceOf(address(pathFiller)), 0, "left in the filler");
            assertEq(tokenOf(i).allowance(address(pathFiller), address(manager)), 0, "allowance");
            assertEq(tokenOf(i).allowance(address(vault), address(pathFiller)), 0, "allowance");
        }
    }

    /// @param hops each loses at most 0.35 %: fee and impact
    function assertTraded(uint8 sell, uint8 buy, uint256 sold, uint256 bought, uint256 hops) internal view {
        uint256 fair = fairOut(sell, buy, sold);
        assertLe(fair * (10_000 - 35 * hops) / 10_000, bought, "bought too little");
        assertLt(bought, fair, "bought more than is fair");
        assertEmpty();
    }
}
