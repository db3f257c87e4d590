// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Asset, IVault, Policy, Target} from "../../src/interfaces/IVault.sol";
import {NoDecimals, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";

contract SetTargetsTest is Fixture {
    function set(Target[] memory t) private {
        vm.prank(OWNER);
        vault.setTargets(t);
    }

    function expectBad(Target[] memory t, bytes memory why) private {
        vm.expectRevert(why);
        set(t);
    }

    /// @dev n tokens at ascending addresses, the whole weight on the first.
    function tokens(uint256 n) private returns (Target[] memory t) {
        t = new Target[](n);
        bytes32 feed = register(wethFeed);
        bytes memory code = address(new Token(18)).code;
        for (uint256 i; i < n; ++i) {
            address at = address(uint160(0x5000 + i));
            vm.etch(at, code);
            t[i] = target(Token(at), i == 0 ? 10_000 : 0, 50, feed);
        }
    }

    function test_setTargets_storesEveryMember() public {
        Target[] memory t = new Target[](2);
        t[0] = target(usdc, 1_234, 50, register(usdcFeed));
        t[1] = target(weth, 8_766, 2_000, register(wethFeed));
        Asset[] memory expected = new Asset[](2);
        expected[0] = Asset(address(usdc), 6, 1_234, 50, false, 0, 0, t[0].feedId);
        expected[1] = Asset(address(weth), 18, 8_766, 2_000, false, 0, 0, t[1].feedId);
        vm.expectEmit(address(vault));
        emit IVault.TargetsSet(expected);
        set(t);
        assertEq(keccak256(abi.encode(vault.assets())), keccak256(abi.encode(expected)), "assets");
    }

    function test_setTargets_upTo32() public {
        Target[] memory t = tokens(32);
        set(t);
        Asset[] memory a = vault.assets();
        assertEq(a.length, 32, "count");
        for (uint256 i; i < 32; ++i) {
            assertEq(a[i].token, t[i].token, "token");
            assertEq(a[i].feedId, t[i].feedId, "feed");
        }
        vm.prank(OWNER);
        vault.withdrawAll(new address[](0));
    }

    function test_setTargets_refusesEverybodyElse() public {
        Target[] memory t = defaultTargets();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.setTargets(t);
    }

    function test_P10_setTargets_closesAnOpenEpoch() public {
        driftAndBegin();
        set(defaultTargets());
        assertTrue(!isOpen(), "closed");
    }

    function test_setTargets_refusesTooFewOrTooMany() public {
        expectBad(tokens(0), abi.encodeWithSelector(IVault.BadTarget.selector, "count", address(0), 0));
        expectBad(tokens(1), abi.encodeWithSelector(IVault.BadTarget.selector, "count", address(0), 1));
        expectBad(tokens(33), abi.encodeWithSelector(IVault.BadTarget.selector, "count", address(0), 33));
    }

    function test_P11_setTargets_refusesDuplicatesAndDisorder() public {
        Target[] memory t = defaultTargets();
        t[1] = t[0];
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "order", address(usdc), 1));
        t = defaultTargets();
        (t[0], t[1]) = (t[1], t[0]);
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "order", address(usdc), 1));
        t = defaultTargets();
        t[0].token = address(0);
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "token", address(0), 0));
    }

    function test_setTargets_refusesBandsOutOfRange() public {
        Target[] memory t = defaultTargets();
        t[1].bandBps = 49;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "bandBps", address(wbtc), 49));
        t[1].bandBps = 2_001;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "bandBps", address(wbtc), 2_001));
    }

    function test_setTargets_refusesAWrongSum() public {
        Target[] memory t = defaultTargets();
        t[0].targetBps -= 1;
        expectBad(t, abi.encodeWithSelector(IVault.TargetsDoNotSumTo10000.selector, 9_999));
        t[0].targetBps += 2;
        expectBad(t, abi.encodeWithSelector(IVault.TargetsDoNotSumTo10000.selector, 10_001));
    }

    function test_P16_setTargets_refusesWhatIsNoToken() public {
        Target[] memory t = tokens(2);
        t[1].token = address(0x77777); // no code
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "token", address(0x77777), 0));
        t[1].token = address(new NoDecimals());
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "token", t[1].token, 0));
    }

    function test_P16_setTargets_refusesMoreThan18Decimals() public {
        Target[] memory t = tokens(2);
        t[1].token = address(new Token(18));
        set(t);
        t[1].token = address(new Token(19));
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "decimals", t[1].token, 19));
    }

    function test_setTargets_refusesUnknownFeeds() public {
        Target[] memory t = defaultTargets();
        t[2].feedId = bytes32(uint256(7));
        expectBad(t, abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(7))));
    }

    /// What is no longer listed can still be taken out.
    function test_P17_setTargets_unlistedCoinsAreNotLost() public {
        Target[] memory t = new Target[](2);
        t[0] = target(usdc, 5_000, 500, register(usdcFeed));
        t[1] = target(weth, 5_000, 500, register(wethFeed));
        set(t);
        vm.prank(OWNER);
        vault.withdraw(address(wbtc), type(uint256).max);
        assertEq(wbtc.balanceOf(OWNER), 0.5e8, "out");
    }

    /// Which bit is which asset would change under a latched stop.
    function test_P7_setTargets_notWhileAStopIsLatched() public {
        Policy memory p = defaultPolicy();
        p.confirmS = 60;
        setPolicy(p);
        Target[] memory t = stoppableTargets();
        t[WETH].stopPriceUsdE8 = 3_000e8;
        set(t);
        vault.checkStop();
        vm.warp(T0 + 60);
        vault.checkStop();
        expectBad(t, abi.encodeWithSelector(IVault.StopIsLatched.selector, 1 << WETH));
        vm.prank(OWNER);
        vault.resetStop();
        set(t);
    }

    function test_P7_setTargets_stopsNeedASecondSourceAndASafeAsset() public {
        Policy memory p = defaultPolicy();
        p.confirmS = 60;
        setPolicy(p);
        Target[] memory t = stoppableTargets();
        t[WETH].stopPriceUsdE8 = 1_000e8;
        t[USDC].safe = false;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "safe", address(0), 0));
        t[USDC].safe = true;
        set(t);
        t[WETH].feedId = register(wethFeed);
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "secondSource", address(weth), 0));
        t[WETH].stopPriceUsdE8 = 0;
        t[WETH].takePriceUsdE8 = 9_000e8;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "secondSource", address(weth), 0));
        t[WETH].takePriceUsdE8 = 0;
        t[WBTC].feedId = register(wbtcFeed);
        set(t); // what cannot be stopped needs no second opinion
    }

    function test_P7_setTargets_aPortfolioStopNeedsSecondSourcesForAll() public {
        Target[] memory t = stoppableTargets();
        set(t);
        Policy memory p = defaultPolicy();
        p.stopLossBps = 2_000;
        p.confirmS = 60;
        setPolicy(p);
        t[WBTC].feedId = register(wbtcFeed);
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "secondSource", address(wbtc), 0));
        t[WBTC].safe = true; // its price is part of what the portfolio is worth all the same
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "secondSource", address(wbtc), 0));
        t[WBTC].feedId = register(wbtcFeed, wbtcSecond);
        set(t);
    }

    function test_P7_setTargets_stopsThatNothingOrEverythingReaches() public {
        Policy memory p = defaultPolicy();
        p.confirmS = 60;
        setPolicy(p);
        Target[] memory t = stoppableTargets();
        t[USDC].stopPriceUsdE8 = 0.9e8;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "stopPriceUsdE8", address(usdc), 0.9e8));
        t[USDC].stopPriceUsdE8 = 0;
        t[USDC].takePriceUsdE8 = 2e8;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "takePriceUsdE8", address(usdc), 2e8));
        t[USDC].takePriceUsdE8 = 0;
        t[WETH].stopPriceUsdE8 = 1e4; // the feed's own floor
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "stopPriceUsdE8", address(weth), 1e4));
        t[WETH].stopPriceUsdE8 = 10_000_000e8; // its ceiling: always reached
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "stopPriceUsdE8", address(weth), 10_000_000e8));
        t[WETH].stopPriceUsdE8 = 0;
        t[WETH].takePriceUsdE8 = 1e4; // the floor: always reached
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "takePriceUsdE8", address(weth), 1e4));
        t[WETH].stopPriceUsdE8 = 2_000e8;
        t[WETH].takePriceUsdE8 = 2_000e8;
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "takePriceUsdE8", address(weth), 2_000e8));
        t[WETH].takePriceUsdE8 = 10_000_000e8; // its ceiling
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "takePriceUsdE8", address(weth), 10_000_000e8));
        t[WETH].takePriceUsdE8 = 2_000e8 + 1;
        set(t);
    }

    function test_setTargets_storesSafetyAndStops() public {
        Policy memory p = defaultPolicy();
        p.confirmS = 60;
        setPolicy(p);
        Target[] memory t = stoppableTargets();
        t[WBTC].stopPriceUsdE8 = 30_000e8;
        t[WETH].takePriceUsdE8 = 9_000e8;
        set(t);
        Asset[] memory a = vault.assets();
        for (uint256 i; i < 3; ++i) {
            assertTrue(a[i].safe == t[i].safe, "safe");
            assertEq(a[i].stopPriceUsdE8, t[i].stopPriceUsdE8, "stop");
            assertEq(a[i].takePriceUsdE8, t[i].takePriceUsdE8, "take");
            assertEq(a[i].feedId, t[i].feedId, "feed");
            assertEq(a[i].targetBps, t[i].targetBps, "target");
        }
        assertTrue(vault.isKeeper(KEEPER), "keepers stay");
        assertEq(vault.policy().confirmS, 60, "policy stays");
    }

    function test_P10_setTargets_takesTheReferenceAway() public {
        Target[] memory t = stoppableTargets();
        set(t);
        Policy memory p = defaultPolicy();
        p.stopLossBps = 2_000;
        p.confirmS = 60;
        setPolicy(p);
        vault.checkStop();
        assertTrue(vault.state().referenceLive, "live");
        setPolicy(p);
        assertTrue(vault.state().referenceLive, "kept");
        set(t);
        assertTrue(!vault.state().referenceLive, "gone");
        assertEq(vault.stop().baseUsdE8, 0, "base");
    }
}
