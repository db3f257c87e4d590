// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {FeedConfig, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {PoolMean} from "../../src/libraries/feeds/PoolMean.sol";
import {TickMath} from "../../src/libraries/feeds/TickMath.sol";
import {Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {HubFixture} from "../utils/HubFixture.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";

interface IV3Oracle {
    function increaseObservationCardinalityNext(uint16 next) external;
    function initialize(uint160 sqrtPriceX96) external;
}

/// The mean of a real Uniswap V3 pool, and the maths behind it.
contract HubTwapTest is HubFixture, RealUniswap {
    IUniswapV3Pool private v3;

    function setUp() public override(Fixture, RealUniswap) {
        RealUniswap.setUp();
        v3 = makePool(WETH, USDC, 500, 5_000_000e8);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        if (delta0 > 0) Token(v3.token0()).mint(msg.sender, uint256(delta0));
        if (delta1 > 0) Token(v3.token1()).mint(msg.sender, uint256(delta1));
    }

    /// @dev USDC is token0, WETH token1.
    function sellWeth(uint256 amount) private {
        v3.swap(
            address(this), false, int256(amount), 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341, ""
        );
    }

    function sellUsdc(uint256 amount) private {
        v3.swap(address(this), true, int256(amount), 4_295_128_740, "");
    }

    function remember(uint16 moments) private {
        IV3Oracle(address(v3)).increaseObservationCardinalityNext(moments);
        mintLiquidity(v3, -887_220, 887_220, 1); // the room is made use of with the next observation
    }

    function config(uint32 window, uint16 bps) private view returns (FeedConfig memory) {
        return withPool(configOf(wethFeed), address(v3), false, window, usdcFeed, bps);
    }

    function test_P7_twap_needsAPoolThatRemembers() public {
        expectBad(config(300, 100), "second.window"); // one observation, as every pool has at first
        IV3Oracle(address(v3)).increaseObservationCardinalityNext(26);
        expectBad(config(300, 100), "second.window"); // room for more is not more
        vm.warp(T0 + 12);
        remember(26);
        hub.register(config(300, 100));
        expectBad(config(312, 100), "second.window");
    }

    /// Younger than the window: it reverts with OLD.
    function test_P7_twap_youngPool() public {
        vm.warp(T0 + 12);
        remember(26);
        FeedConfig memory c = config(300, 10);
        vm.warp(T0 + 299);
        assertTold(c, PriceStatus.Unreachable, 0, T0);
        vm.warp(T0 + 300);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
    }

    /// What moves the pool within a block, whatever its size, moves no mean.
    function test_P3_twap_flashMoveDoesNothing() public {
        vm.warp(T0 + 12);
        remember(60);
        vm.warp(T0 + 600);
        FeedConfig memory c = config(600 - 12, 10);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
        sellWeth(5_000e18);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
        sellUsdc(20_000_000e6);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
    }

    /// A move that lasts works its way into the mean, second by second.
    function test_P7_twap_movedPriceAndTime() public {
        vm.warp(T0 + 12);
        remember(30);
        vm.warp(T0 + 600);
        FeedConfig memory c = config(300, 500);
        (, int24 before) = v3.slot0();
        sellWeth(130e18); // 5,000,000 dollars on each side: about 15 % off
        (, int24 later) = v3.slot0();
        assertTrue(later - before > 1_400 && later - before < 1_600, "moved");
        // The mean has passed 5 %, which are 513 ticks, when 300 s * 513 / moved are over.
        uint256 passes = uint256(300 * 513) / uint256(int256(later - before));
        vm.warp(T0 + 600 + passes - 2);
        assertTold(c, PriceStatus.Ok, 3_000e8, T0);
        vm.warp(T0 + 600 + passes + 2);
        assertTold(c, PriceStatus.Diverged, 0, T0);
        wethFeed.set(2_590e18); // the feed follows, but the mean is not there yet
        assertTold(c, PriceStatus.Diverged, 0, T0);
        vm.warp(T0 + 900);
        assertTold(c, PriceStatus.Ok, 2_590e8, T0); // the quote feed is the oldest
    }

    /// The mean of a pool at rest is its price.
    function test_P7_twap_isThePriceAtRest() public {
        vm.warp(T0 + 12);
        remember(26);
        vm.warp(T0 + 600);
        (PriceStatus status, int256 tick) = PoolMean.tickOver(address(v3), 300);
        assertEq(uint256(status), uint256(PriceStatus.Ok), "status");
        (, int24 spot) = v3.slot0();
        assertEq(uint256(tick), uint256(int256(spot)), "tick");
        uint256 price = PoolMean.price(-tick, 18, 1e18, 6);
        assertLt(2_999.6e18, price, "price");
        assertLt(price, 3_000.4e18, "price");
    }

    /* ------------------------------------------------- maths ------------------------------------------------- */

    function test_tickMath_knownVectors() public pure {
        assertTick(0, 1 << 96);
        assertTick(1, 79_232_123_823_359_799_118_286_999_568);
        assertTick(-1, 79_224_201_403_219_477_170_569_942_574);
        assertTick(50, 79_426_470_787_362_580_746_886_972_461);
        assertTick(-50, 79_030_349_367_926_598_376_800_521_322);
        assertTick(250_000, 21_246_587_762_933_397_357_449_903_968_194_344);
        assertTick(-500_000, 1_101_692_437_043_807_371);
        assertTick(738_203, 847_134_979_253_254_120_489_401_328_389_043_031_315_994_541);
        assertTick(-887_272, 4_295_128_739);
        assertTick(887_272, 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342);
    }

    function assertTick(int256 tick, uint256 sqrtPriceX96) private pure {
        assertEq(TickMath.sqrtPriceAt(tick), sqrtPriceX96, "sqrtPrice");
    }

    /// Uniswap's own pool finds the tick again, and the tick below for the next lower price: equal to the last bit.
    function testFuzz_tickMath_asUniswapComputes(int256 tick) public {
        tick = int256(bound(uint256(tick), 0, 2 * 887_271)) - 887_271;
        assertSameTick(tick);
    }

    function test_tickMath_everyPowerAsUniswapComputes() public {
        for (uint256 i; i < 20; ++i) {
            assertSameTick(int256(1 << i));
            assertSameTick(-int256(1 << i));
        }
    }

    function assertSameTick(int256 tick) private {
        if (tick > 887_271 || tick < -887_271) return;
        uint160 sqrtPrice = uint160(TickMath.sqrtPriceAt(tick));
        uint256 state = vm.snapshotState();
        IUniswapV3Pool fresh = IUniswapV3Pool(v3Factory.createPool(address(wbtc), address(weth), 500));
        IV3Oracle(address(fresh)).initialize(sqrtPrice);
        (, int24 found) = fresh.slot0();
        assertTrue(found == tick, "tick");
        vm.revertToState(state);
        fresh = IUniswapV3Pool(v3Factory.createPool(address(wbtc), address(weth), 500));
        IV3Oracle(address(fresh)).initialize(sqrtPrice - 1);
        (, found) = fresh.slot0();
        assertTrue(found == tick - 1, "tick below");
        vm.revertToState(state);
    }

    function test_poolMean_price() public pure {
        assertEq(PoolMean.price(0, 18, 1e18, 18), 1e18, "at par");
        assertEq(PoolMean.price(1, 18, 1e18, 18), 1_000_100_000_000_000_000, "a tick up");
        assertEq(PoolMean.price(-1, 18, 1e18, 18), 999_900_009_999_000_099, "a tick down");
        assertEq(PoolMean.price(-1, 6, 1e18, 18), 999_900, "other decimals");
        assertEq(PoolMean.price(-276_324, 18, 1e18, 6), 1_000_002_643_830_950_670, "base 18, quote 6");
        assertEq(PoolMean.price(276_324, 6, 1e18, 18), 999_997_356_176_039_153, "base 6, quote 18");
        assertEq(PoolMean.price(-887_272, 0, 1e18, 18), 0, "worthless");
        assertEq(PoolMean.price(887_272, 0, 1e18, 18), 340_256_786_836_388_094_070_642_339_899_681_172_755, "dear");
        // Beyond 192 and beyond 256 bits.
        assertEq(PoolMean.price(443_636, 18, type(uint128).max, 0), type(uint192).max, "saturated");
        assertEq(PoolMean.price(887_272, 18, type(uint128).max, 0), type(uint192).max, "saturated");
    }
}
