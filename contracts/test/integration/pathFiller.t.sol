// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {IPathFiller} from "../../src/interfaces/IPathFiller.sol";
import {Fill, Slice} from "../../src/interfaces/IVault.sol";
import {PathFixture} from "../utils/PathFixture.sol";

interface IStart {
    function initialize(uint160 sqrtPriceX96) external;
}

/// Paths over Uniswap's own V2 pairs and V3 pools, through a real vault.
contract PathFillerTest is PathFixture {
    uint256 private constant DEEP = 50_000_000e8; // {USD E8} a side

    address private pairWethWbtc;
    address private pairWbtcUsdc;
    address private poolWethWbtc;
    address private poolWbtcUsdc;

    function setUp() public override {
        super.setUp();
        pairWethWbtc = address(makePair(WETH, WBTC, DEEP));
        pairWbtcUsdc = address(makePair(WBTC, USDC, DEEP));
        poolWethWbtc = address(makePool(WETH, WBTC, 500, DEEP));
        poolWbtcUsdc = address(makePool(WBTC, USDC, 500, DEEP));
        begin();
    }

    function trade(uint8 sell, uint8 buy, uint256 amountIn, bytes memory path, uint256 hops) private {
        (uint256 sellBefore, uint256 buyBefore) = (held(sell), held(buy));
        doFill(pathFill(sell, buy, amountIn, path));
        assertEq(sellBefore - held(sell), amountIn, "sold");
        assertTraded(sell, buy, amountIn, held(buy) - buyBefore, hops);
    }

    function test_path_oneHopEach() public {
        address pair = address(makePair(WETH, USDC, DEEP));
        address single = address(makePool(WETH, USDC, 500, DEEP));
        trade(WETH, USDC, 0.1e18, v2(pair, address(usdc)), 1);
        trade(WETH, USDC, 0.1e18, v3(single, address(usdc)), 1);
    }

    function test_path_everyPairOfVenues() public {
        bytes[2] memory first = [v2(pairWethWbtc, address(wbtc)), v3(poolWethWbtc, address(wbtc))];
        bytes[2] memory second = [v2(pairWbtcUsdc, address(usdc)), v3(poolWbtcUsdc, address(usdc))];
        for (uint256 i; i < 2; ++i) {
            for (uint256 j; j < 2; ++j) {
                trade(WETH, USDC, 0.1e18, bytes.concat(first[i], second[j]), 2);
            }
        }
    }

    /// Six hops round and round, up and down the addresses.
    function test_path_manyHops() public {
        bytes memory path = bytes.concat(
            v3(poolWethWbtc, address(wbtc)),
            v2(pairWbtcUsdc, address(usdc)),
            v3(poolWbtcUsdc, address(wbtc)),
            v2(pairWethWbtc, address(weth)),
            v3(poolWethWbtc, address(wbtc)),
            v3(poolWbtcUsdc, address(usdc))
        );
        trade(WETH, USDC, 0.1e18, path, 6);
    }

    function test_path_bringsWhatThePoolsSay() public {
        (uint112 reserve0, uint112 reserve1,) = IUniswapV2Pair(pairWethWbtc).getReserves();
        uint256 mid = 0.1e18 * 997 * uint256(reserve0) / (uint256(reserve1) * 1000 + 0.1e18 * 997);
        (reserve0, reserve1,) = IUniswapV2Pair(pairWbtcUsdc).getReserves();
        uint256 out = mid * 997 * uint256(reserve0) / (uint256(reserve1) * 1000 + mid * 997);
        doFill(
            pathFill(
                WETH,
                USDC,
                0.1e18,
                bytes.concat(v2(pairWethWbtc, address(wbtc)), v2(pairWbtcUsdc, address(usdc)))
            )
        );
        assertEq(held(USDC) - 40_000e6, out, "to the unit");
        assertEmpty();
    }

    /* ----------------------------------------------- wrong paths --------------------------------------------- */

    function test_path_wrongPathsRevert() public {
        address pair = address(makePair(WETH, USDC, DEEP));
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, ""));
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, v3(poolWethWbtc, address(wbtc))),
            abi.encodeWithSelector(IPathFiller.WrongPath.selector, wbtc)
        );
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, v3(poolWethWbtc, address(weth))),
            abi.encodeWithSelector(IPathFiller.WrongPath.selector, weth)
        );
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, abi.encodePacked(uint8(4), new bytes(46))),
            abi.encodeWithSelector(IPathFiller.UnknownVenue.selector, 4)
        );
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, bytes.concat(v3(poolWethWbtc, address(wbtc)), hex"ff", new bytes(46))),
            abi.encodeWithSelector(IPathFiller.UnknownVenue.selector, 255)
        );
        bytes memory good = bytes.concat(v3(poolWethWbtc, address(wbtc)), v2(pairWbtcUsdc, address(usdc)));
        for (uint256 n = 1; n < good.length; ++n) {
            if (n == 41) continue; // the first hop alone: tried above
            bytes memory cut = new bytes(n);
            for (uint256 i; i < n; ++i) {
                cut[i] = good[i];
            }
            expectFillRevertAny(pathFill(WETH, USDC, 1e18, cut));
        }
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, bytes.concat(good, hex"00"))); // too long
        // A pool of other tokens, a pair as a pool, and a pool as a pair:
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, v3(poolWethWbtc, address(usdc))));
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, v3(pair, address(usdc))));
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, v2(poolWethWbtc, address(usdc))));
        // The filler, the vault, a token and nobody as a pool or pair:
        address[4] memory wrong = [address(pathFiller), address(vault), address(weth), address(0x1234)];
        for (uint256 i; i < 4; ++i) {
            expectFillRevertAny(pathFill(WETH, USDC, 1e18, v2(wrong[i], address(usdc))));
            expectFillRevertAny(pathFill(WETH, USDC, 1e18, v3(wrong[i], address(usdc))));
        }
        assertEq(held(WETH), 10e18, "nothing moved");
        assertEmpty();
    }

    /* ------------------------------------------------ left over ---------------------------------------------- */

    /// @return shallow pool with about 0.6 WETH deep liquidity, for WETH to USDC
    function shallowPool() private returns (address shallow) {
        shallow = v3Factory.createPool(address(weth), address(usdc), 3000);
        IStart(shallow).initialize(1_181_058_859_870_240_264_803_127_634_755_584);
        (, int24 tick) = IUniswapV3Pool(shallow).slot0();
        int24 from = tick / 60 * 60;
        mintLiquidity(IUniswapV3Pool(shallow), from - 60, from + 60, 1.35e16);
    }

    function test_P2_path_whatTheFirstPoolLeavesComesBack() public {
        address shallow = shallowPool();
        doFill(pathFill(WETH, USDC, 1e18, v3(shallow, address(usdc))));
        uint256 sold = 10e18 - held(WETH);
        assertLt(sold, 1e18, "partial");
        assertLt(1e15, sold, "but some");
        assertTraded(WETH, USDC, sold, held(USDC) - 40_000e6, 2);
    }

    /// A pool in the middle that takes less than there is: the rest is no token that the vault trades here.
    function test_P2_path_revertsWhenTheMiddleIsLeftBehind() public {
        wethFeed.set(2_000e18); // now WETH is to be bought, by way of USDC
        vm.prank(KEEPER);
        vault.finish();
        usdc.mint(address(vault), 1_000e6);
        wbtc.mint(address(vault), 0.5e8);
        begin();
        address shallow = shallowPool();
        // Sell 0.1 WBTC for 6,000 USDC, which is more than the shallow pool has WETH for.
        Fill memory f = pathFill(
            WBTC, WETH, 0.1e8, bytes.concat(v3(poolWbtcUsdc, address(usdc)), v3(shallow, address(weth)))
        );
        Slice memory s = slice();
        vm.expectPartialRevert(IPathFiller.LeftBehind.selector);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
        assertEmpty();
    }

    /* -------------------------------------------------- gifts ------------------------------------------------ */

    /// Dust and fortunes alike, of every token of the path: no fill is larger, smaller or refused because of them.
    function test_P8_path_giftsChangeNothing() public {
        bytes memory path = bytes.concat(
            v3(poolWethWbtc, address(wbtc)), v3(poolWbtcUsdc, address(usdc))
        );
        uint256 clean = vm.snapshotState();
        doFill(pathFill(WETH, USDC, 0.1e18, path));
        uint256 expected = held(USDC);
        vm.revertToState(clean);
        uint256[3] memory gifts = [uint256(1), 1e6, 100e18];
        for (uint256 i; i < 3; ++i) {
            for (uint8 t; t < 3; ++t) {
                tokenOf(t).mint(address(pathFiller), gifts[i]);
            }
            doFill(pathFill(WETH, USDC, 0.1e18, path));
            assertEq(held(USDC), expected, "bought");
            assertEq(held(WETH), 9.9e18, "sold");
            for (uint8 t; t < 3; ++t) {
                assertEq(tokenOf(t).balanceOf(address(pathFiller)), gifts[i], "the gift lies there still");
            }
            vm.revertToState(clean);
        }
    }

    function test_P8_path_giftsBelongToWhoeverCalls() public {
        weth.mint(address(pathFiller), 1e15);
        vm.prank(STRANGER);
        pathFiller.onFill(
            address(weth), 1e15, address(wbtc), 0, v3(poolWethWbtc, address(wbtc))
        );
        assertTrue(wbtc.balanceOf(STRANGER) != 0, "swept");
        assertEmpty();
    }
}
