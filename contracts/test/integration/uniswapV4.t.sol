// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {IPoolManager, PoolKey, SwapParams} from "../../src/interfaces/IUniswapV4.sol";
import {Due, Fill, IVault, Policy, Slice, State, Target, Venue} from "../../src/interfaces/IVault.sol";
import {PuppetHook} from "../mocks/HostileHooks.sol";
import {RebasingToken} from "../mocks/HostileTokens.sol";
import {Call} from "../mocks/Strangers.sol";
import {FeeToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";
import {RealUniswapV4} from "../utils/RealUniswapV4.sol";
import {Venues} from "../utils/Venues.sol";

interface IManagerExtras {
    function settleFor(address recipient) external payable returns (uint256);
    function donate(PoolKey calldata key, uint256 amount0, uint256 amount1, bytes calldata hookData)
        external
        returns (int256);
    function balanceOf(address owner, uint256 id) external view returns (uint256);
}

abstract contract UniswapV4Fixture is RealUniswapV4, Venues {
    uint256 internal constant DEEP = 50_000_000e8; // {USD E8} on each side

    function setUp() public virtual override(Fixture, RealUniswapV4) {
        super.setUp();
        installVenues(address(manager), address(0));
        drift();
    }

    function v4Fill(uint8 sell, uint8 buy, uint256 amountIn, PoolKey memory key) internal pure returns (Fill memory) {
        return Fill(
            sell, buy, Venue.UniswapV4, key.hooks, uint128(amountIn), 0, abi.encodePacked(key.fee, key.tickSpacing)
        );
    }

    /// @dev The manager keeps nothing of the vault's, nor the vault a right over anybody.
    function assertClean() internal view {
        assertNoAllowance(address(manager));
        for (uint8 i; i < 3; ++i) {
            uint256 id = uint160(address(tokenOf(i)));
            assertEq(IManagerExtras(address(manager)).balanceOf(address(vault), id), 0, "claims");
        }
    }
}

/// Fills on Uniswap's own V4 manager.
contract UniswapV4Test is UniswapV4Fixture {
    PoolKey private usdcPool; // USDC / WETH
    PoolKey private wbtcPool; // WBTC / WETH

    function setUp() public override {
        super.setUp();
        usdcPool = makeV4Pool(WETH, USDC, 500, address(0), DEEP);
        wbtcPool = makeV4Pool(WETH, WBTC, 500, address(0), DEEP);
    }

    /* ------------------------------------------------- it works ---------------------------------------------- */

    function test_P2_v4_sellsTheHigherToken() public {
        begin();
        doFill(v4Fill(WETH, USDC, 1e18, usdcPool));
        assertEq(held(WETH), 9e18, "sold");
        assertLt(4_495e6, held(USDC) - 40_000e6, "bought"); // 0.05 % fee and 0.01 % impact
        assertLt(held(USDC) - 40_000e6, 4_498e6, "bought");
        assertClean();
    }

    function test_P2_v4_sellsTheLowerToken() public {
        wethFeed.set(2_000e18);
        usdc.mint(address(vault), 10_000e6);
        PoolKey memory key = makeV4Pool(WETH, USDC, 3000, address(0), DEEP);
        begin();
        doFill(v4Fill(USDC, WETH, 1_000e6, key));
        assertEq(held(USDC), 49_000e6, "sold");
        assertLt(0.498e18, held(WETH) - 10e18, "bought");
        assertLt(held(WETH) - 10e18, 0.499e18, "bought");
    }

    function test_P2_v4_respectsTheCallersMinOut() public {
        begin();
        uint256 id = vm.snapshotState();
        doFill(v4Fill(WETH, USDC, 1e18, usdcPool));
        uint256 out = held(USDC) - 40_000e6;
        vm.revertToState(id);
        Fill memory f = v4Fill(WETH, USDC, 1e18, usdcPool);
        f.minOut = uint128(out + 1);
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowCallersMinOut.selector, out, out + 1));
        f.minOut = uint128(out);
        doFill(f);
    }

    function test_P2_v4_emitsTheKeeperNotTheManager() public {
        Policy memory p = defaultPolicy();
        p.tipBps = 20;
        p.maxTipUsdE2 = 1_00;
        p.tipPerDayUsdE2 = 1_00;
        setPolicy(p);
        begin();
        doFill(v4Fill(WETH, USDC, 1e18, usdcPool));
        assertEq(usdc.balanceOf(KEEPER), 1e6, "the tip is the keeper's");
    }

    /// Four fills, one unlock: each token moves between vault and manager once.
    function test_P2_v4_netsASliceInOneUnlock() public {
        PoolKey memory other = makeV4Pool(WETH, USDC, 3000, address(0), DEEP);
        begin();
        Fill[] memory fills = new Fill[](4);
        fills[0] = v4Fill(WETH, USDC, 0.3e18, usdcPool);
        fills[1] = v4Fill(WETH, WBTC, 0.2e18, wbtcPool);
        fills[2] = v4Fill(WETH, USDC, 0.2e18, other);
        fills[3] = v4Fill(WETH, WBTC, 0.1e18, wbtcPool);
        Slice memory s = slice();
        s.last = true;
        vm.expectCall(address(weth), abi.encodeCall(IERC20.transfer, (address(manager), 0.8e18)), 1);
        vm.expectCall(address(manager), abi.encodePacked(IPoolManager.unlock.selector), 1);
        vm.expectCall(address(manager), abi.encodePacked(IPoolManager.take.selector), 2);
        vm.expectCall(address(manager), abi.encodePacked(IPoolManager.settle.selector), 1);
        fillManyAs(KEEPER, s, fills);
        assertEq(held(WETH), 9.2e18, "sold");
        assertLt(2_240e6, held(USDC) - 40_000e6, "USDC");
        assertLt(0.0224e8, held(WBTC) - 0.5e8, "WBTC");
        assertEq(vault.state().sequence, 1, "one slice");
        assertTrue(!isOpen(), "closed");
        assertClean();
    }

    function test_P25_v4_cannotRunTwice() public {
        begin();
        Slice memory s = slice();
        Fill memory f = v4Fill(WETH, USDC, 0.1e18, usdcPool);
        fillAs(KEEPER, s, f);
        expectFillRevert(KEEPER, s, f, abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 1));
    }

    function test_v4_beginAndFill() public {
        Slice memory s = Slice(1, 0, uint40(block.timestamp), true);
        vm.expectEmit(address(vault));
        emit IVault.EpochOpened(1, Due.Deviation, 115_000e8);
        beginAndFillAs(
            KEEPER, s, many(v4Fill(WETH, USDC, 0.5e18, usdcPool), v4Fill(WETH, WBTC, 0.5e18, wbtcPool))
        );
        assertEq(held(WETH), 9e18, "sold");
        assertTrue(!isOpen(), "closed");
        assertClean();
    }

    function test_v4_refusesStrangers() public {
        begin();
        expectFillRevert(
            STRANGER,
            slice(),
            v4Fill(WETH, USDC, 1e18, usdcPool),
            abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER)
        );
    }

    function test_v4_isUnavailableWithoutAManager() public {
        installVenues(address(0), address(0));
        begin();
        expectFillRevert(
            v4Fill(WETH, USDC, 1e18, usdcPool),
            abi.encodeWithSelector(IVault.VenueUnavailable.selector, Venue.UniswapV4)
        );
    }

    /* -------------------------------------------------- mixed ------------------------------------------------ */

    function test_P2_v4_mixesWithV3() public {
        IUniswapV3Pool v3 = makePool(WETH, USDC, 500, 5_000_000e8);
        begin();
        Fill memory direct = Fill(WETH, USDC, Venue.UniswapV3, address(v3), 0.3e18, 0, "");
        Fill[] memory fills = new Fill[](4);
        fills[0] = direct;
        fills[1] = v4Fill(WETH, USDC, 0.2e18, usdcPool);
        fills[2] = direct; // what is owed to the manager is paid before anybody else is asked
        fills[3] = v4Fill(WETH, WBTC, 0.1e18, wbtcPool);
        fillManyAs(KEEPER, slice(), fills);
        assertEq(held(WETH), 9.1e18, "sold");
        assertLt(3_580e6, held(USDC) - 40_000e6, "USDC");
        assertLt(0.0074e8, held(WBTC) - 0.5e8, "WBTC");
        assertClean();
        assertNoAllowance(address(v3));
    }

    /// A vault without a single USDC buys some on V4, at a better price than the oracle's, and sells what is too much of
    /// it: the coins must have come in between.
    function test_P2_v4_aFillMaySellWhatV4JustBought() public {
        usdc.burn(address(vault), 40_000e6);
        wbtc.burn(address(vault), 0.4e8); // NAV 51,000: USDC should be 20,400; WBTC 15,300 and is 6,000
        PoolKey memory rich = PoolKey(address(usdc), address(weth), 100, V4_SPACING, address(0));
        seedV4Pool(rich, amountFor(USDC, DEEP) * 1_009 / 1_000, amountFor(WETH, DEEP));
        begin();
        Fill memory buys = v4Fill(WETH, USDC, 10e18, rich);
        Fill memory sells = fairFill(USDC, WBTC, 1_000e6, 100); // asks for more than there is, pays for 10 dollars
        sells.data = abi.encode(calls(minting(wbtc, 0.0031e8)));
        fillManyAs(KEEPER, slice(), many(buys, sells));
        assertEq(held(USDC), 20_400e6, "at its target");
        assertLt(170e6, usdc.balanceOf(address(filler)), "what V4 brought beyond it");
        assertLt(usdc.balanceOf(address(filler)), 184e6, "what V4 brought beyond it");
    }

    /// And the other way round: V4 sells what a filler just brought.
    function test_P2_v4_sellsWhatAFillerJustBrought() public {
        usdc.burn(address(vault), 40_000e6);
        wbtc.burn(address(vault), 0.4e8);
        PoolKey memory key = makeV4Pool(USDC, WBTC, 500, address(0), DEEP);
        begin();
        uint256 sold = uint256(20_400e18) / 4_500;
        Fill memory buys = paidFill(WETH, USDC, sold, 20_500e6);
        fillManyAs(KEEPER, slice(), many(buys, v4Fill(USDC, WBTC, 1_000e6, key)));
        assertEq(held(USDC), 20_400e6, "at its target");
        assertLt(0.1e8 + 0.0016e8, held(WBTC), "bought");
    }

    /* ------------------------------------------------- limits ------------------------------------------------ */

    function test_P1_v4_refusesAThinPool() public {
        PoolKey memory thin = makeV4Pool(WETH, USDC, 3000, address(0), 100_000e8);
        begin();
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        fillAs(KEEPER, s, v4Fill(WETH, USDC, 1e18, thin));
    }

    /// A pool that runs dry takes less than it was offered: only that is paid and counted.
    function test_P2_v4_partialSwap() public {
        PoolKey memory key = PoolKey(address(usdc), address(weth), 500, 10, address(0));
        manager.initialize(key, 1_181_058_859_870_240_264_803_127_634_755_584); // 4,500 dollars
        addV4Liquidity(key, 192_190, 192_300, 1.35e16);
        begin();
        doFill(v4Fill(WETH, USDC, 1e18, key));
        uint256 sold = 10e18 - held(WETH);
        assertLt(sold, 1e18, "partial");
        assertLt(1e15, sold, "but some");
        assertClean();
    }

    function test_P12_v4_clampsToTheDeficit() public {
        begin();
        doFill(v4Fill(WETH, USDC, 5e18, usdcPool));
        assertEq(10e18 - held(WETH), uint256(6_000e18) / 4_500, "clamped");
    }

    /// The second fill of a slice sees what the first one will have done once all is settled.
    function test_P12_v4_laterFillsSeeEarlierClaims() public {
        begin();
        fillManyAs(KEEPER, slice(), many(v4Fill(WETH, USDC, 1e18, usdcPool), v4Fill(WETH, USDC, 5e18, usdcPool)));
        uint256 sold = 10e18 - held(WETH);
        assertLt(uint256(6_000e18) / 4_500, sold, "the fee of the first left a little more to buy");
        assertLt(sold, uint256(6_003e18) / 4_500, "but not twice the deficit");
    }

    function test_v4_refusesUnknownPools() public {
        begin();
        bytes memory no = abi.encodeWithSignature("PoolNotInitialized()");
        Fill memory f = v4Fill(WETH, USDC, 1e18, usdcPool);
        f.data = abi.encodePacked(uint24(777), int24(60));
        expectFillRevert(f, no);
        f.data = "";
        expectFillRevert(f, no);
        f.data = abi.encodePacked(usdcPool.fee);
        expectFillRevert(f, no);
        f = v4Fill(WETH, USDC, 1e18, usdcPool);
        f.target = address(filler);
        expectFillRevert(f, no);
        assertEq(held(WETH), 10e18, "untouched");
    }

    /* ------------------------------------------------ spoofing ----------------------------------------------- */

    function test_P15_v4_callbackRefusesEverybody() public {
        begin();
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(v4Fill(WETH, USDC, 1e18, usdcPool))));
        address[4] memory who = [KEEPER, OWNER, address(this), address(manager)];
        for (uint256 i; i < who.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, who[i]));
            vm.prank(who[i]); // the manager too, when the vault waits for nothing
            vault.unlockCallback(data);
        }
    }

    /// Inside somebody else's unlock the manager cannot be unlocked again.
    function test_P15_v4_notInsideAForeignUnlock() public {
        begin();
        Fill memory f = v4Fill(WETH, USDC, 0.1e18, usdcPool);
        Slice memory s = slice();
        foreign = abi.encodeCall(IVault.fill, (s, many(f)));
        vm.expectRevert(abi.encodeWithSignature("AlreadyUnlocked()"));
        manager.unlock("");
        foreign = "";
        fillAs(KEEPER, s, f);
    }

    /// But a slice without V4 does not care who has unlocked what.
    function test_P13_v4_aSliceWithoutV4InsideAForeignUnlock() public {
        begin();
        foreign = abi.encodeCall(IVault.fill, (slice(), many(fairFill(WETH, USDC, 0.1e18, 10_000))));
        manager.unlock("");
        assertEq(held(WETH), 9.9e18, "sold");
    }

    bytes private foreign;

    function unlockCallback(bytes calldata data) public override returns (bytes memory) {
        if (foreign.length == 0) return super.unlockCallback(data);
        vm.prank(KEEPER);
        (bool ok, bytes memory answer) = address(vault).call(foreign);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return "";
    }
}

/// Pools whose hooks mean harm. What the hook does costs the fill at most what any fill may cost, or everything reverts.
contract UniswapV4HooksTest is UniswapV4Fixture {
    bytes4 private constant LOCKED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    PuppetHook private hook;
    PoolKey private key;

    function setUp() public override {
        super.setUp();
        address at = new PuppetHook().AT();
        vm.etch(at, address(new PuppetHook()).code);
        hook = PuppetHook(payable(at));
        key = makeV4Pool(WETH, USDC, 500, at, DEEP);
        weth.mint(at, 100e18);
        usdc.mint(at, 1_000_000e6);
        begin();
    }

    function before(Call memory act) private {
        hook.tell(calls(act), new Call[](0));
    }

    function afterwards(Call memory act) private {
        hook.tell(new Call[](0), calls(act));
    }

    function managed(bytes memory data) private view returns (Call memory) {
        return Call(address(manager), data);
    }

    function theFill() private view returns (Fill memory) {
        return v4Fill(WETH, USDC, 1e18, key);
    }

    function assertUntouched() private view {
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertEq(vault.state().sequence, 0, "not consumed");
        assertClean();
    }

    function expectNothingHappens(bytes memory why) private {
        expectFillRevert(theFill(), why);
        assertUntouched();
    }

    /// @dev How the manager passes on what a hook reverted with.
    function wrapped(bytes4 where, bytes memory why) private view returns (bytes memory) {
        return abi.encodeWithSignature(
            "WrappedError(address,bytes4,bytes,bytes)",
            hook,
            where,
            why,
            abi.encodePacked(bytes4(keccak256("HookCallFailed()")))
        );
    }

    /// @dev The hook takes `specified` of the input and `unspecified` of the output, which it must have as claims.
    function charge(int128 specified, int128 unspecified, int128 later) private {
        hook.charge(specified, unspecified, later);
        Call[] memory list = new Call[](2);
        list[0] = settlement(address(weth), specified);
        list[1] = settlement(address(usdc), int256(unspecified) + later);
        hook.tell(list, new Call[](0));
    }

    /// @dev What the hook gains it takes at once; what it gives it pays beforehand.
    function settlement(address token, int256 amount) private returns (Call memory) {
        if (amount >= 0) {
            return managed(abi.encodeCall(IPoolManager.take, (token, address(hook), uint256(amount))));
        }
        payer = new HookPayer(manager);
        Token(token).mint(address(payer), uint256(-amount));
        return Call(address(payer), abi.encodeCall(HookPayer.pay, (token, uint256(-amount), address(hook))));
    }

    HookPayer private payer;

    /* ------------------------------------------------- deltas ------------------------------------------------ */

    function test_P2_hook_mayTakeAFeeWithinTheCap() public {
        charge(0, 0, 30e6);
        doFill(theFill());
        assertLt(held(USDC) - 40_000e6, 4_468e6, "30 dollars less");
        assertLt(30e8, vault.state().lossUsdE8, "and they count as loss");
        assertEq(usdc.balanceOf(address(hook)), 1_000_030e6, "the hook has them");
    }

    function test_P2_hook_takesTooMuchOfTheOutput() public {
        charge(0, 0, 50e6);
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        fillAs(KEEPER, s, theFill());
        assertUntouched();
    }

    function test_P2_hook_takesMoreThanTheOutput() public {
        charge(0, 0, 5_000e6);
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, USDC));
    }

    function test_P2_hook_takesTheInputAndGivesNothing() public {
        charge(1e18, 0, 0);
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
    }

    /// A curve of its own: the pool's liquidity is not asked at all.
    function test_P2_hook_mayTradeItself() public {
        charge(1e18, -4_460e6, 0);
        doFill(theFill());
        assertEq(held(WETH), 9e18, "sold");
        assertEq(held(USDC), 44_460e6, "bought");
        assertClean();
    }

    function test_P2_hook_tradesItselfBelowTheCap() public {
        charge(1e18, -4_455e6 + 1, 0);
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_455e6 - 1, 4_455e6));
    }

    /// A hook that pays in more input makes the pool sell more, on its own account.
    function test_P2_hook_mayGiveInput() public {
        charge(-0.001e18, 0, 0);
        doFill(theFill());
        assertEq(held(WETH), 9e18, "sold no more than asked for");
    }

    function test_P12_hook_givesTooMuch() public {
        charge(0, 0, -2_000e6); // 6,500 dollars for 4,500, where 6,000 are missing
        expectNothingHappens(abi.encodeWithSelector(IVault.Overshoot.selector, USDC));
    }

    /* ----------------------------------------------- re-entrance --------------------------------------------- */

    function test_P13_hook_cannotReenterTheVault() public {
        Slice memory s = slice();
        bytes[5] memory list = [
            abi.encodeCall(IVault.begin, ()),
            abi.encodeCall(IVault.fill, (s, many(theFill()))),
            abi.encodeCall(IVault.beginAndFill, (s, many(theFill()))),
            abi.encodeCall(IVault.finish, ()),
            abi.encodeCall(IVault.withdraw, (address(weth), 1))
        ];
        for (uint256 i; i < list.length; ++i) {
            before(Call(address(vault), list[i]));
            expectNothingHappens(wrapped(PuppetHook.beforeSwap.selector, abi.encodePacked(LOCKED)));
            afterwards(Call(address(vault), list[i]));
            expectNothingHappens(wrapped(PuppetHook.afterSwap.selector, abi.encodePacked(LOCKED)));
        }
        hook.tell(new Call[](0), new Call[](0));
        doFill(theFill()); // the lock is gone after a revert
    }

    function test_P15_hook_cannotSpoofCallbacks() public {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(theFill())));
        bytes[3] memory list = [
            abi.encodeCall(IFullVault.unlockCallback, (data)),
            abi.encodeCall(IFullVault.uniswapV3SwapCallback, (1e18, 1e18, "")),
            abi.encodeCall(IFullVault.balancerCallback, (address(hook), address(usdc)))
        ];
        for (uint256 i; i < list.length; ++i) {
            before(Call(address(vault), list[i]));
            expectNothingHappens(
                wrapped(
                    PuppetHook.beforeSwap.selector, abi.encodeWithSelector(IVault.UnexpectedCallback.selector, hook)
                )
            );
        }
    }

    function test_P15_hook_cannotUnlockAgain() public {
        before(managed(abi.encodeCall(IPoolManager.unlock, (abi.encodeCall(IVault.begin, ())))));
        expectNothingHappens(
            wrapped(PuppetHook.beforeSwap.selector, abi.encodePacked(bytes4(keccak256("AlreadyUnlocked()"))))
        );
    }

    /* ------------------------------------------ meddling with the manager ------------------------------------ */

    /// Leaves the manager expecting another token: the vault says itself what it is about to pay.
    function test_P2_hook_syncsAnotherToken() public {
        Call[] memory list = new Call[](2);
        list[0] = managed(abi.encodeCall(IPoolManager.sync, (address(wbtc))));
        list[1] = managed(abi.encodeCall(IPoolManager.sync, (address(weth))));
        hook.tell(list, list);
        doFill(theFill());
        assertEq(held(WETH), 9e18, "sold");
    }

    /// A credit that the vault did not ask for would leave the manager owing it something at the end: all reverts.
    function test_P2_hook_settlesForTheVault() public {
        Call[] memory list = new Call[](3);
        list[0] = managed(abi.encodeCall(IPoolManager.sync, (address(usdc))));
        list[1] = Call(address(usdc), abi.encodeCall(IERC20.transfer, (address(manager), 1)));
        list[2] = managed(abi.encodeCall(IManagerExtras.settleFor, (address(vault))));
        hook.tell(list, new Call[](0));
        expectNothingHappens(abi.encodeWithSignature("CurrencyNotSettled()"));
    }

    function test_P2_hook_takesWithoutPaying() public {
        before(managed(abi.encodeCall(IPoolManager.take, (address(usdc), address(hook), 1_000e6))));
        expectNothingHappens(abi.encodeWithSignature("CurrencyNotSettled()"));
    }

    function test_P2_hook_donatesWithoutPaying() public {
        before(managed(abi.encodeCall(IManagerExtras.donate, (key, 1e6, 0, ""))));
        expectNothingHappens(abi.encodeWithSignature("CurrencyNotSettled()"));
    }

    function test_P8_hook_givesToTheVault() public {
        before(Call(address(usdc), abi.encodeCall(IERC20.transfer, (address(vault), 1e6))));
        doFill(theFill());
        assertLt(44_496e6, held(USDC), "the gift stays");
        before(Call(address(weth), abi.encodeCall(IERC20.transfer, (address(vault), 1))));
        doFill(v4Fill(WETH, USDC, 0.1e18, key));
        assertEq(held(WETH), 8.9e18 + 1, "and this one");
    }

    /// A gift that comes before a fill looks at its assets for the first time is no part of what the fill brings.
    function test_P8_hook_givesBeforeALaterFillLooks() public {
        before(Call(address(wbtc), abi.encodeWithSignature("mint(address,uint256)", vault, 0.01e8)));
        Fill memory late = paidFill(WETH, WBTC, 0.5e18, 0.037e8); // needs 0.037125
        Fill[] memory fills = many(theFill(), late);
        Slice memory s = slice();
        vm.expectRevert(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0.037e8, 0.037125e8));
        fillManyAs(KEEPER, s, fills);
        assertUntouched();
    }

    /// One that comes later counts as part of it, once: the coins are there, whoever brought them.
    function test_P8_hook_givesAfterALaterFillHasLooked() public {
        vm.prank(KEEPER);
        vault.finish();
        before(Call(address(wbtc), abi.encodeWithSignature("mint(address,uint256)", vault, 0.01e8)));
        Fill[] memory fills = many(theFill(), paidFill(WETH, WBTC, 0.5e18, 0.0275e8));
        beginAndFillAs(KEEPER, Slice(2, 0, uint40(block.timestamp), true), fills); // which reads all balances at once
        assertEq(held(WBTC), 0.5e8 + 0.01e8 + 0.0275e8, "both");
    }

    /// The hook sells before the vault does, in the same pool, and buys back afterwards: a sandwich made to measure.
    function test_P3_hook_sandwiches() public {
        HookPayer whale = new HookPayer(manager);
        weth.mint(address(whale), 1_000e18);
        Call[] memory list = new Call[](2);
        list[0] = Call(address(hook), abi.encodeCall(PuppetHook.tell, (new Call[](0), new Call[](0)))); // just once
        list[1] = Call(address(whale), abi.encodeCall(HookPayer.sell, (key, false, 120e18))); // moves the price by 2 %
        hook.tell(list, new Call[](0));
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        fillAs(KEEPER, s, theFill());
        assertUntouched();
    }

    function testFuzz_P2_hook_whateverItCharges(int128 specified, int128 unspecified, int128 later) public {
        charge(
            int128(int256(bound(uint128(specified), 0, 2e18)) - 1e18),
            int128(int256(bound(uint128(unspecified), 0, 200e6)) - 100e6),
            int128(int256(bound(uint128(later), 0, 200e6)) - 100e6)
        );
        uint256 worth = nav();
        Slice memory s = slice();
        Fill memory f = theFill();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            uint256 spent = 10e18 - held(WETH);
            assertLe(spent, 1e18, "no more than asked for");
            assertLe(spent * 4_455 / 1e12, held(USDC) - 40_000e6 + 1, "at the worst price or better");
            assertLe(worth, nav() + 45e8, "one percent");
            assertEq(held(WBTC), 0.5e8, "nothing else");
        } catch {
            assertUntouched();
        }
        assertClean();
    }
}

/// @notice Pays the manager for somebody else, and trades with it on its own account.
contract HookPayer {
    IPoolManager private immutable _manager;

    constructor(IPoolManager manager) {
        _manager = manager;
    }

    function pay(address token, uint256 amount, address who) external {
        _manager.sync(token);
        IERC20(token).transfer(address(_manager), amount);
        IManagerExtras(address(_manager)).settleFor(who);
    }

    function sell(PoolKey calldata key, bool zeroForOne, uint256 amount) external {
        int256 delta = _manager.swap(
            key,
            SwapParams(
                zeroForOne,
                -int256(amount),
                zeroForOne ? 4_295_128_740 : 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341
            ),
            ""
        );
        _settle(key.currency0, delta >> 128);
        _settle(key.currency1, int256(int128(delta)));
    }

    function _settle(address token, int256 amount) private {
        if (amount > 0) return _manager.take(token, address(this), uint256(amount));
        _manager.sync(token);
        IERC20(token).transfer(address(_manager), uint256(-amount));
        _manager.settle();
    }
}

/// Odd tokens in V4 pools: the manager's books and the vault's balances must agree, or nothing happens.
contract UniswapV4OddTokensTest is UniswapV4Fixture {
    uint8 private odd;
    uint8 private even;

    /// @dev Half and half wanted, 70,000 dollars of one and 30,000 of the other; all are worth one dollar.
    function vaultOf(address token, bool sellOdd) private returns (PoolKey memory key) {
        Target[] memory t = new Target[](2);
        (odd, even) = token < address(usdc) ? (0, 1) : (1, 0);
        t[odd] = target(Token(token), 5_000, 500, register(usdcFeed));
        t[even] = target(usdc, 5_000, 500, register(usdcFeed));
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, bytes32(bytes20(token))));
        Token(token).mint(address(vault), sellOdd ? 70_000e18 : 30_000e18);
        usdc.mint(address(vault), sellOdd ? 30_000e6 : 70_000e6);
        key = token < address(usdc)
            ? PoolKey(token, address(usdc), 500, V4_SPACING, address(0))
            : PoolKey(address(usdc), token, 500, V4_SPACING, address(0));
        (uint256 amount0, uint256 amount1) = token < address(usdc)
            ? (uint256(1e7) * 1e18, uint256(1e7) * 1e6)
            : (uint256(1e7) * 1e6, uint256(1e7) * 1e18);
        seedV4Pool(key, amount0, amount1);
        begin();
    }

    function test_P16_v4_aFeeOnTransferTokenCannotBeSold() public {
        PoolKey memory key = vaultOf(address(new FeeToken()), true);
        expectFillRevert(v4Fill(odd, even, 1_000e18, key), abi.encodeWithSignature("CurrencyNotSettled()"));
    }

    function test_P16_v4_aFeeOnTransferTokenCannotBeBought() public {
        FeeToken token = new FeeToken();
        PoolKey memory key = vaultOf(address(token), false);
        expectFillRevert(
            v4Fill(even, odd, 1_000e6, key), abi.encodeWithSelector(IVault.TransferFailed.selector, address(token))
        );
    }

    /// Shrinks while it is paid: the vault gave more than the claim said, and less arrived.
    function test_P16_v4_aTokenThatRebasesDownWhileItIsPaid() public {
        RebasingToken token = new RebasingToken();
        PoolKey memory key = vaultOf(address(token), true);
        token.setDropOnTransfer(1);
        expectFillRevertAny(v4Fill(odd, even, 1_000e18, key));
        token.setDropOnTransfer(0);
        doFill(v4Fill(odd, even, 1_000e18, key));
    }

    /// Rounds a transfer down, as such tokens do: a unit short is a debt to the manager, so they cannot be traded there.
    function test_P16_v4_aTokenThatArrivesAUnitShort() public {
        RebasingToken token = new RebasingToken();
        PoolKey memory key = vaultOf(address(token), true);
        token.rebase(9, 10);
        expectFillRevert(v4Fill(odd, even, 1_000e18, key), abi.encodeWithSignature("CurrencyNotSettled()"));
    }
}
