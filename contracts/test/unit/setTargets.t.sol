// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Asset, IVault, Target} from "../../src/interfaces/IVault.sol";
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
            t[i] = Target(at, i == 0 ? 10_000 : 0, 50, feed);
        }
    }

    function test_setTargets_storesEveryMember() public {
        Target[] memory t = new Target[](2);
        t[0] = Target(address(usdc), 1_234, 50, register(usdcFeed));
        t[1] = Target(address(weth), 8_766, 2_000, register(wethFeed));
        Asset[] memory expected = new Asset[](2);
        expected[0] = Asset(address(usdc), 6, 1_234, 50, t[0].feedId);
        expected[1] = Asset(address(weth), 18, 8_766, 2_000, t[1].feedId);
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
        expectBad(t, abi.encodeWithSelector(IVault.BadTarget.selector, "order", address(0), 0));
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
        t[0] = Target(address(usdc), 5_000, 500, register(usdcFeed));
        t[1] = Target(address(weth), 5_000, 500, register(wethFeed));
        set(t);
        vm.prank(OWNER);
        vault.withdraw(address(wbtc), type(uint256).max);
        assertEq(wbtc.balanceOf(OWNER), 0.5e8, "out");
    }
}
