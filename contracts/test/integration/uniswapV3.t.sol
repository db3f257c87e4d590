// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";

/// Fills on Uniswap's own V3 pool, paid in its callback.
contract UniswapV3Test is RealUniswap {
    function v3Fill(uint8 sell, uint8 buy, uint256 amountIn, IUniswapV3Pool p) private pure returns (Fill memory) {
        return Fill(sell, buy, Venue.UniswapV3, address(p), uint128(amountIn), 0, "");
    }

    /// @dev Pays any pool: this contract is the whale of these tests.
    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        IUniswapV3Pool p = IUniswapV3Pool(msg.sender);
        if (delta0 > 0) tokenAt(p.token0()).mint(msg.sender, uint256(delta0));
        if (delta1 > 0) tokenAt(p.token1()).mint(msg.sender, uint256(delta1));
    }

    function tokenAt(address token) private pure returns (IMint) {
        return IMint(token);
    }

    function whale(IUniswapV3Pool p, bool zeroForOne, uint256 amountIn) private {
        p.swap(
            address(this),
            zeroForOne,
            int256(amountIn),
            zeroForOne ? 4_295_128_740 : 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341,
            ""
        );
    }

    function test_P15_v3_sellsTheHigherToken() public {
        drift();
        IUniswapV3Pool p = makePool(WETH, USDC, 500, 5_000_000e8);
        begin();
        doFill(v3Fill(WETH, USDC, 1e18, p));
        assertEq(held(WETH), 9e18, "sold");
        // 0.05 % fee and an impact of 1/1111 each way at most
        assertLt(4_490e6, held(USDC) - 40_000e6, "bought");
        assertLt(held(USDC) - 40_000e6, 4_498e6, "bought");
        assertNoAllowance(address(p));
    }

    function test_P15_v3_sellsTheLowerToken() public {
        wethFeed.set(2_000e18);
        usdc.mint(address(vault), 10_000e6);
        IUniswapV3Pool p = makePool(WETH, USDC, 500, 5_000_000e8);
        begin();
        doFill(v3Fill(USDC, WETH, 1_000e6, p));
        assertEq(held(USDC), 49_000e6, "sold");
        assertLt(0.499e18, held(WETH) - 10e18, "bought");
        assertLt(held(WETH) - 10e18, 0.5e18, "bought");
    }

    function test_P15_v3_threePoolsInOneSlice() public {
        drift();
        IUniswapV3Pool a = makePool(WETH, USDC, 500, 5_000_000e8);
        IUniswapV3Pool b = makePool(WETH, USDC, 3000, 5_000_000e8);
        IUniswapV3Pool c = makePool(WETH, WBTC, 3000, 5_000_000e8);
        begin();
        Fill[] memory fills = new Fill[](3);
        fills[0] = v3Fill(WETH, USDC, 0.5e18, a);
        fills[1] = v3Fill(WETH, USDC, 0.5e18, b);
        fills[2] = v3Fill(WETH, WBTC, 0.5e18, c);
        Slice memory s = slice();
        s.last = true;
        fillManyAs(KEEPER, s, fills);
        assertEq(held(WETH), 8.5e18, "sold");
        for (uint256 i; i < 3; ++i) {
            assertNoAllowance(fills[i].target);
        }
    }

    /// A pool that runs out of liquidity takes less than it was offered: only that must be paid for.
    function test_P2_v3_partialSwap() public {
        drift();
        IUniswapV3Pool p = IUniswapV3Pool(v3Factory.createPool(address(weth), address(usdc), 500));
        // Prices as of token0 = USDC, token1 = WETH: sqrt(1e18 / 4500e6) * 2**96
        IInit(address(p)).initialize(1_181_058_859_870_240_264_803_127_634_755_584);
        (, int24 tick) = p.slot0();
        int24 from = tick / 10 * 10;
        mintLiquidity(p, from - 50, from + 60, 1.35e16); // about 0.6 WETH deep upwards
        begin();
        doFill(v3Fill(WETH, USDC, 1e18, p));
        uint256 sold = 10e18 - held(WETH);
        assertLt(sold, 1e18, "partial");
        assertLt(1e15, sold, "but some");
        assertLe(valueOf(WETH, sold) * 9_900 / 10_000, valueOf(USDC, held(USDC) - 40_000e6) + 100, "paid");
    }

    /// Attacker moves the pool, the keeper fills, the attacker moves it back: beyond the cap the fill reverts.
    function test_P3_v3_refusesAManipulatedPool() public {
        drift();
        IUniswapV3Pool p = makePool(WETH, USDC, 500, 5_000_000e8);
        begin();
        whale(p, false, 12e18);
        Fill memory f = v3Fill(WETH, USDC, 1e18, p);
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
    }

    /// @dev What the sandwich leaves the attacker is at most what the vault may lose on the fill.
    function testFuzz_P3_v3_sandwichProfitIsBounded(uint256 push) public {
        drift();
        IUniswapV3Pool p = makePool(WETH, USDC, 500, 5_000_000e8);
        begin();
        push = bound(push, 1e15, 5e18); // up to 0.9 % of price
        uint256 usdcBefore = usdc.balanceOf(address(this));
        whale(p, false, push);
        uint256 got = usdc.balanceOf(address(this)) - usdcBefore;
        Fill memory f = v3Fill(WETH, USDC, 1e18, p);
        Slice memory s = slice();
        uint256 navBefore = nav();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            assertLe(navBefore, nav() + 45e8, "at most one percent of 4,500 dollars");
        } catch {
            assertEq(nav(), navBefore, "nothing lost");
        }
        uint256 wethBefore = weth.balanceOf(address(this));
        whale(p, true, got);
        uint256 back = weth.balanceOf(address(this)) - wethBefore;
        if (back > push) assertLe(valueOf(WETH, back - push), 45e8, "attacker's profit");
    }

    function test_P2_v3_refusesAPoolOfOtherTokens() public {
        drift();
        IUniswapV3Pool p = makePool(WETH, WBTC, 500, 5_000_000e8);
        begin();
        expectFillRevertAny(v3Fill(WETH, USDC, 1e18, p));
        assertEq(held(WETH), 10e18, "untouched");
    }
}

interface IMint {
    function mint(address to, uint256 amount) external;
}

interface IInit {
    function initialize(uint160 sqrtPriceX96) external;
}
