// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Due, IVault, Target} from "../../src/interfaces/IVault.sol";
import {IVaultLens, V2View, V3View, VaultView} from "../../src/interfaces/IVaultLens.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";

contract LensTest is RealUniswap {
    IVaultLens private lens;

    function setUp() public override {
        super.setUp();
        lens = IVaultLens(deploy("VaultLens", ""));
        assertLt(address(lens).code.length, 16_384, "VaultLens");
    }

    function one(address a) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }

    function test_vaults_tellEverything() public {
        driftAndBegin();
        address[] memory list = new address[](2);
        list[0] = address(vault);
        list[1] = factory.create(STRANGER, KEEPER, defaultPolicy(), new Target[](0), "empty");
        VaultView[] memory views = lens.vaults(list);
        VaultView memory v = views[0];
        assertEq(v.vault, address(vault), "vault");
        assertEq(v.owner, OWNER, "owner");
        assertEq(keccak256(abi.encode(v.policy)), keccak256(abi.encode(vault.policy())), "policy");
        assertEq(keccak256(abi.encode(v.state)), keccak256(abi.encode(vault.state())), "state");
        assertEq(keccak256(abi.encode(v.assets)), keccak256(abi.encode(vault.assets())), "assets");
        for (uint8 i; i < 3; ++i) {
            assertEq(v.balances[i], held(i), "balance");
            assertEq(v.prices[i].usdE8, priceOf(i), "price");
        }
        assertEq(v.navUsdE8, 115_000e8, "nav");
        assertEq(uint256(v.due), uint256(Due.Continue), "due");
        assertEq(v.reason, "CONTINUE", "reason");
        assertEq(v.retryAt, T0, "retryAt");

        assertEq(views[1].owner, STRANGER, "second");
        assertEq(views[1].reason, "NO_TARGETS", "second");
        assertEq(views[1].navUsdE8, 0, "second");
    }

    function test_vaults_noNavWithABadPrice() public {
        wbtcFeed.set(0);
        VaultView memory v = lens.vaults(one(address(vault)))[0];
        assertEq(v.navUsdE8, 0, "nav");
        assertEq(uint256(v.prices[1].status), uint256(PriceStatus.Invalid), "status");
        assertEq(v.reason, "PRICE_INVALID", "reason");
        assertEq(v.balances[0], 40_000e6, "balances are told all the same");
    }

    function test_v2Pairs() public {
        IUniswapV2Pair pair = makePair(WETH, USDC, 5_000_000e8);
        V2View memory v = lens.v2Pairs(one(address(pair)))[0];
        assertEq(v.pair, address(pair), "pair");
        assertEq(v.token0, address(usdc), "token0");
        assertEq(v.token1, address(weth), "token1");
        assertEq(v.reserve0, 5_000_000e6, "reserve0");
        assertEq(v.reserve1, amountFor(WETH, 5_000_000e8), "reserve1");
    }

    function test_v3Pools_tickWindow() public {
        IUniswapV3Pool p = makePool(WETH, USDC, 3000, 5_000_000e8);
        (, int24 tick) = p.slot0();
        int24 near = tick / 60 * 60;
        mintLiquidity(p, near - 600, near + 600, 1e15);
        V3View memory v = lens.v3Pools(one(address(p)), 1)[0];
        assertEq(v.pool, address(p), "pool");
        assertEq(v.token0, address(usdc), "token0");
        assertEq(v.token1, address(weth), "token1");
        assertEq(v.feePips, 3000, "fee");
        assertEq(uint24(v.tickSpacing), 60, "spacing");
        assertTrue(v.tick == tick, "tick");
        assertEq(v.liquidity, p.liquidity(), "liquidity");
        int24 word = int24((tick / 60) >> 8);
        assertTrue(v.minTick == (word - 1) * 256 * 60, "minTick");
        assertTrue(v.maxTick == (word + 2) * 256 * 60 - 60, "maxTick");
        assertEq(v.ticks.length, 2, "the full range lies outside the window");
        assertTrue(v.ticks[0].index == near - 600 && v.ticks[0].liquidityNet == 1e15, "lower");
        assertTrue(v.ticks[1].index == near + 600 && v.ticks[1].liquidityNet == -1e15, "upper");
    }

    /// However many words are asked for, the window ends where the scale ends.
    function test_v3Pools_wholeScale() public {
        IUniswapV3Pool p = makePool(WETH, USDC, 3000, 5_000_000e8);
        V3View memory v = lens.v3Pools(one(address(p)), 255)[0];
        assertTrue(v.minTick == -887_272, "minTick");
        assertTrue(v.maxTick == 887_272, "maxTick");
        assertEq(v.ticks.length, 2, "full range");
        assertTrue(v.ticks[0].index == -887_220, "lower");
        assertTrue(v.ticks[1].index == 887_220, "upper");
        assertTrue(v.ticks[0].liquidityNet + v.ticks[1].liquidityNet == 0, "in and out");
    }

    /// A negative price tick must be floored, not cut towards zero.
    function test_v3Pools_negativeTicks() public {
        IUniswapV3Pool p = IUniswapV3Pool(v3Factory.createPool(address(usdc), address(weth), 3000));
        (bool ok,) = address(p).call(abi.encodeWithSignature("initialize(uint160)", uint160(79_220_000_000e18)));
        assertTrue(ok, "initialised");
        mintLiquidity(p, -120, -60, 1e15);
        (, int24 tick) = p.slot0();
        assertTrue(tick < 0 && tick > -60, "between -1 and 0 spacings");
        V3View memory v = lens.v3Pools(one(address(p)), 0)[0];
        assertTrue(v.minTick == -256 * 60 && v.maxTick == -60, "the word below zero");
        assertEq(v.ticks.length, 2, "ticks");
    }
}
