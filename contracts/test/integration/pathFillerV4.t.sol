// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "../../src/interfaces/IFiller.sol";
import {IPathFiller} from "../../src/interfaces/IPathFiller.sol";
import {Fill, IVault, Slice} from "../../src/interfaces/IVault.sol";
import {IPoolManager, IUnlockCallback, PoolKey, SwapParams} from "../../src/interfaces/IUniswapV4.sol";
import {PuppetHook} from "../mocks/HostileHooks.sol";
import {Call, PuppetFiller} from "../mocks/Strangers.sol";
import {PathFixture} from "../utils/PathFixture.sol";

/// @notice Unlocks the manager and makes calls meanwhile, as a vault does that trades with the manager itself.
contract Unlocker is IUnlockCallback {
    function run(IPoolManager manager, Call[] calldata calls) external {
        manager.unlock(abi.encode(calls));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        Call[] memory calls = abi.decode(data, (Call[]));
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = calls[i].to.call(calls[i].data);
            if (!ok) {
                assembly {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
        return "";
    }
}

/// Paths over Uniswap's own V4 PoolManager, alone and among other venues, with and without ether, with hostile hooks.
contract PathFillerV4Test is PathFixture {
    uint256 private constant DEEP = 50_000_000e8; // {USD E8} a side

    PoolKey private wethWbtc;
    PoolKey private wbtcUsdc;
    PoolKey private etherUsdc;
    PoolKey private etherWbtc;
    PoolKey private hooked; //  WETH and USDC, with the puppet as its hook
    PuppetHook private hook;
    address private pairWethWbtc;
    address private pairWbtcUsdc;
    address private poolWethWbtc;
    address private poolWbtcUsdc;

    function setUp() public override {
        super.setUp();
        vm.deal(address(weth), 100_000 ether); // behind all the WETH of these tests
        wethWbtc = makeV4Pool(WETH, WBTC, 500, address(0), DEEP);
        wbtcUsdc = makeV4Pool(WBTC, USDC, 500, address(0), DEEP);
        etherUsdc = makeV4EtherPool(USDC, 500, address(0), DEEP);
        etherWbtc = makeV4EtherPool(WBTC, 500, address(0), DEEP);
        PuppetHook made = new PuppetHook();
        hook = PuppetHook(payable(made.AT()));
        vm.etch(address(hook), address(made).code);
        hooked = makeV4Pool(WETH, USDC, 500, address(hook), DEEP);
        pairWethWbtc = address(makePair(WETH, WBTC, DEEP));
        pairWbtcUsdc = address(makePair(WBTC, USDC, DEEP));
        poolWethWbtc = address(makePool(WETH, WBTC, 500, DEEP));
        poolWbtcUsdc = address(makePool(WBTC, USDC, 500, DEEP));
        begin();
    }

    function trade(bytes memory path, uint256 hops) private {
        (uint256 sellBefore, uint256 buyBefore) = (held(WETH), held(USDC));
        doFill(pathFill(WETH, USDC, 0.02e18, path));
        assertEq(sellBefore - held(WETH), 0.02e18, "sold");
        assertTraded(WETH, USDC, 0.02e18, held(USDC) - buyBefore, hops);
    }

    /* ------------------------------------------------- it works ---------------------------------------------- */

    function test_path_v4_oneHop() public {
        trade(v4(hooked, address(usdc)), 1);
    }

    function test_path_v4_twoHopsInOneVisit() public {
        bytes memory path = bytes.concat(v4(wethWbtc, address(wbtc)), v4(wbtcUsdc, address(usdc)));
        uint256 managerWbtc = wbtc.balanceOf(address(manager));
        vm.expectCall(address(manager), abi.encodeWithSelector(IPoolManager.unlock.selector), 1);
        trade(path, 2);
        assertEq(wbtc.balanceOf(address(manager)), managerWbtc, "the coins in between never moved");
    }

    function test_path_v4_sellsEther() public {
        trade(v4FromEther(etherUsdc, address(usdc)), 1);
        trade(bytes.concat(v4FromEther(etherWbtc, address(wbtc)), v3(poolWbtcUsdc, address(usdc))), 2);
        trade(bytes.concat(v4FromEther(etherWbtc, address(wbtc)), v2(pairWbtcUsdc, address(usdc))), 2);
    }

    function test_path_v4_etherInTheMiddle() public {
        // WETH - WBTC - ether - USDC, all in one visit
        trade(
            bytes.concat(v4(wethWbtc, address(wbtc)), v4(etherWbtc, address(0)), v4(etherUsdc, address(usdc))), 3
        );
        // ether - WBTC, then WBTC - ether in a visit of its own: WETH in between
        trade(
            bytes.concat(
                v3(poolWethWbtc, address(wbtc)), v4(etherWbtc, address(0)), v4FromEther(etherUsdc, address(usdc))
            ),
            3
        );
    }

    function test_path_v4_buysEtherForOthers() public {
        bytes[2] memory next = [v2(pairWethWbtc, address(wbtc)), v3(poolWethWbtc, address(wbtc))];
        for (uint256 i; i < 2; ++i) {
            trade(
                bytes.concat(
                    v3(poolWethWbtc, address(wbtc)),
                    v4(etherWbtc, address(0)),
                    next[i],
                    v3(poolWbtcUsdc, address(usdc))
                ),
                4
            );
        }
    }

    function test_path_v4_vaultBuysWethForEther() public {
        wethFeed.set(2_000e18);
        vm.prank(KEEPER);
        vault.finish();
        usdc.mint(address(vault), 10_000e6);
        PoolKey memory cheap = makeV4EtherPool(USDC, 3000, address(0), DEEP);
        begin();
        uint256 before = held(WETH);
        doFill(pathFill(USDC, WETH, 1_000e6, v4(cheap, address(0))));
        assertTraded(USDC, WETH, 1_000e6, held(WETH) - before, 1);
    }

    function test_path_v4_amongOthers() public {
        bytes[3] memory first =
            [v2(pairWethWbtc, address(wbtc)), v3(poolWethWbtc, address(wbtc)), v4(wethWbtc, address(wbtc))];
        bytes[3] memory second =
            [v2(pairWbtcUsdc, address(usdc)), v3(poolWbtcUsdc, address(usdc)), v4(wbtcUsdc, address(usdc))];
        for (uint256 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                trade(bytes.concat(first[i], second[j]), 2);
            }
        }
    }

    /// A vault may be trading with the manager itself when it comes to this fill.
    function test_path_v4_whileTheManagerIsUnlocked() public {
        Unlocker unlocker = new Unlocker();
        bytes memory path = bytes.concat(v4FromEther(etherWbtc, address(wbtc)), v4(wbtcUsdc, address(usdc)));
        weth.mint(address(pathFiller), 0.1e18);
        Call memory order = Call(
            address(pathFiller), abi.encodeCall(IFiller.onFill, (address(weth), 0.1e18, address(usdc), 0, path))
        );
        unlocker.run(manager, calls(order));
        assertTraded(WETH, USDC, 0.1e18, usdc.balanceOf(address(unlocker)), 2);
    }

    function test_path_v4_wrongPathsRevert() public {
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, v4(PoolKey(address(0), address(0), 1, 1, address(0)), address(usdc))));
        // Ether is not sold for anything but WETH:
        PoolKey memory none = etherUsdc;
        wbtc.mint(address(pathFiller), 1);
        vm.expectRevert(abi.encodeWithSelector(IPathFiller.WrongPath.selector, wbtc));
        pathFiller.onFill(address(wbtc), 1, address(usdc), 0, v4FromEther(none, address(usdc)));
        // To WETH from WETH:
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, v4FromEther(etherUsdc, address(0))),
            abi.encodeWithSelector(IPathFiller.WrongPath.selector, weth)
        );
        bytes memory good = bytes.concat(v4(wethWbtc, address(wbtc)), v4(wbtcUsdc, address(usdc)));
        for (uint256 n = 1; n < good.length; ++n) {
            if (n == 47) continue; // the first hop alone is a path to WBTC
            bytes memory cut = new bytes(n);
            for (uint256 i; i < n; ++i) {
                cut[i] = good[i];
            }
            expectFillRevertAny(pathFill(WETH, USDC, 1e18, cut));
        }
        expectFillRevert(
            pathFill(WETH, USDC, 1e18, v4(wethWbtc, address(wbtc))),
            abi.encodeWithSelector(IPathFiller.WrongPath.selector, wbtc)
        );
        assertEq(held(WETH), 10e18, "nothing moved");
    }

    /* ------------------------------------------------ left over ---------------------------------------------- */

    /// @return shallow pool with about 0.6 WETH deep liquidity
    function shallowPool(bool ofEther) private returns (PoolKey memory shallow) {
        shallow = PoolKey(address(usdc), address(weth), 3000, V4_SPACING, address(0));
        if (ofEther) shallow.currency0 = address(0);
        if (ofEther) shallow.currency1 = address(usdc);
        // sqrt(1e18 / 4500e6) * 2**96, and its inverse
        uint160 price = ofEther ? 5_314_786_713_428_871_308_883_051 : 1_181_058_859_870_240_264_803_127_634_755_584;
        int24 tick = manager.initialize(shallow, price);
        int24 from = tick / 60 * 60;
        addV4Liquidity(shallow, from - 60, from + 60, 1.35e16);
    }

    function test_P2_path_v4_whatTheFirstPoolLeavesComesBack() public {
        for (uint256 i; i < 2; ++i) {
            PoolKey memory shallow = shallowPool(i == 1);
            (uint256 wethBefore, uint256 usdcBefore) = (held(WETH), held(USDC));
            doFill(
                pathFill(
                    WETH,
                    USDC,
                    0.9e18,
                    i == 0 ? v4(shallow, address(usdc)) : v4FromEther(shallow, address(usdc))
                )
            );
            uint256 sold = wethBefore - held(WETH);
            assertLt(sold, 0.9e18, "partial");
            assertLt(1e14, sold, "but some");
            assertTraded(WETH, USDC, sold, held(USDC) - usdcBefore, 2);
        }
    }

    function test_P2_path_v4_revertsWhenTheMiddleIsLeftBehind() public {
        PoolKey memory shallow = shallowPool(false);
        bytes[2] memory first = [v4(wbtcUsdc, address(usdc)), v3(poolWbtcUsdc, address(usdc))];
        for (uint256 i; i < 2; ++i) {
            wbtc.mint(address(pathFiller), 0.5e8);
            // 30,000 USDC are more than the pool has WETH for.
            vm.expectPartialRevert(IPathFiller.LeftBehind.selector);
            pathFiller.onFill(
                address(wbtc), 0.5e8, address(weth), 0, bytes.concat(first[i], v4(shallow, address(weth)))
            );
        }
    }

    /* --------------------------------------------------- hooks ----------------------------------------------- */

    function hookFill() private view returns (Fill memory) {
        return pathFill(WETH, USDC, 0.1e18, v4(hooked, address(usdc)));
    }

    function test_P13_path_hookCannotReenter() public {
        bytes4 locked = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
        Call[4] memory acts = [
            Call(
                address(pathFiller),
                abi.encodeCall(IFiller.onFill, (address(weth), 0.1e18, address(usdc), 0, v4(hooked, address(usdc))))
            ),
            Call(address(vault), abi.encodeCall(IVault.begin, ())),
            Call(address(vault), abi.encodeCall(IVault.withdraw, (address(weth), 1e18))),
            Call(address(vault), abi.encodeCall(IVault.fill, (slice(), many(hookFill()))))
        ];
        for (uint256 i; i < 4; ++i) {
            hook.tell(calls(acts[i]), new Call[](0));
            expectHookRevert(locked);
            hook.tell(new Call[](0), calls(acts[i]));
            expectHookRevert(locked);
        }
    }

    /// @dev The manager wraps what a hook reverts with: the reason must be in there.
    function expectHookRevert(bytes4 reason) private {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(hookFill())));
        vm.prank(KEEPER);
        (bool ok, bytes memory answer) = address(vault).call(data);
        assertTrue(!ok, "went through");
        bool found;
        for (uint256 i; i + 4 <= answer.length; ++i) {
            if (
                answer[i] == reason[0] && answer[i + 1] == reason[1] && answer[i + 2] == reason[2]
                    && answer[i + 3] == reason[3]
            ) found = true;
        }
        assertTrue(found, "another reason");
        assertEq(held(WETH), 10e18, "nothing moved");
        assertEmpty();
    }

    function test_P15_path_hookCannotFakeCallbacks() public {
        bytes memory fake = bytes.concat(
            abi.encode(address(weth), uint256(0.1e18), address(hook)), v4(wethWbtc, address(wbtc))
        );
        hook.tell(calls(Call(address(pathFiller), abi.encodeCall(IUnlockCallback.unlockCallback, (fake)))), new Call[](0));
        expectHookRevert(IPathFiller.UnexpectedCallback.selector);
        bytes memory v3Fake = abi.encodeWithSignature(
            "uniswapV3SwapCallback(int256,int256,bytes)", int256(0.1e18), int256(0.1e18), ""
        );
        hook.tell(calls(Call(address(pathFiller), v3Fake)), new Call[](0));
        expectHookRevert(IPathFiller.UnexpectedCallback.selector);
    }

    /// A hook that keeps part of the output is judged by what is left, as a pool with a fee is.
    function test_P2_path_hookTakesOfTheOutput() public {
        hook.charge(0, 0, 3e6); // of 450 USDC
        hook.tell(
            new Call[](0), calls(Call(address(manager), abi.encodeCall(IPoolManager.take, (address(usdc), address(hook), 3e6))))
        );
        doFill(hookFill());
        assertTraded(WETH, USDC, 0.1e18, held(USDC) - 40_000e6, 3);
        hook.charge(0, 0, 10e6);
        hook.tell(
            new Call[](0), calls(Call(address(manager), abi.encodeCall(IPoolManager.take, (address(usdc), address(hook), 10e6))))
        );
        Fill memory f = hookFill();
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
        assertEmpty();
    }

    /// A hook that charges more than the whole output: what comes out is a debt.
    function test_P2_path_hookTakesMoreThanTheOutput() public {
        hook.charge(0, 0, 500e6);
        hook.tell(
            new Call[](0), calls(Call(address(manager), abi.encodeCall(IPoolManager.take, (address(usdc), address(hook), 500e6))))
        );
        expectFillRevertAny(hookFill());
        assertEmpty();
    }

    /// A hook that wants to be paid in the sold token on top of the input gets it from nobody, gifts or not.
    function test_P2_path_hookTakesMoreThanTheInput() public {
        // Its charge comes out of the input: the pool sees less, the vault gets less.
        hook.charge(0.01e18, 0, 0);
        hook.tell(
            calls(Call(address(manager), abi.encodeCall(IPoolManager.take, (address(weth), address(hook), 0.01e18)))),
            new Call[](0)
        );
        Fill memory f = hookFill();
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
        // More than all of it turns the swap round, which the manager refuses.
        hook.charge(0.2e18, 0, 0);
        expectFillRevertAny(f);
        weth.mint(address(pathFiller), 1e18);
        expectFillRevertAny(f);
        assertEq(weth.balanceOf(address(pathFiller)), 1e18, "the gift lies there still");
    }

    function test_P2_path_hookOwesWithoutPaying() public {
        hook.charge(0, 0, 3e6); // and does not take it: a credit of the hook, which the manager does not let pass
        expectFillRevertAny(hookFill());
        assertEmpty();
    }

    /* ------------------------------------------------- strangers --------------------------------------------- */

    function test_P15_path_callbackRefusesStrangers() public {
        bytes memory data =
            bytes.concat(abi.encode(address(weth), uint256(1), STRANGER), v4(wethWbtc, address(wbtc)));
        vm.expectRevert(abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, STRANGER));
        vm.prank(STRANGER);
        IUnlockCallback(address(pathFiller)).unlockCallback(data);
    }

    function test_P15_path_takesEtherFromNobodyElse() public {
        vm.deal(STRANGER, 1);
        vm.prank(STRANGER);
        (bool ok,) = address(pathFiller).call{value: 1}("");
        assertTrue(!ok, "ether");
    }

    /// Ether and WETH that lie here change no fill.
    function test_P8_path_v4_giftsChangeNothing() public {
        bytes memory path = bytes.concat(
            v4FromEther(etherWbtc, address(wbtc)),
            v3(poolWbtcUsdc, address(usdc)),
            v4(etherUsdc, address(0)),
            v4FromEther(etherUsdc, address(usdc))
        );
        uint256 clean = vm.snapshotState();
        doFill(pathFill(WETH, USDC, 0.1e18, path));
        uint256 expected = held(USDC);
        vm.revertToState(clean);
        vm.deal(address(pathFiller), 3);
        weth.mint(address(pathFiller), 5);
        doFill(pathFill(WETH, USDC, 0.1e18, path));
        assertEq(held(USDC), expected, "bought");
        assertEq(address(pathFiller).balance, 3, "ether");
        assertEq(weth.balanceOf(address(pathFiller)), 5, "WETH");
    }
}
