// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, SecondKind} from "../../src/interfaces/IOracleHub.sol";
import {IRulebook} from "../../src/interfaces/IRulebook.sol";
import {Asset, IVault, Policy, Target} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// Rulebook: what goes in comes out, whatever else is changed.
contract RulebookTest is Fixture {
    IRulebook private book;

    function setUp() public override {
        super.setUp();
        book = IRulebook(rulebook);
    }

    function someKeepers(uint256 n) private pure returns (address[] memory keepers) {
        keepers = new address[](n);
        for (uint256 i; i < n; ++i) {
            keepers[i] = address(uint160(0x9000 + i));
        }
    }

    /// @dev The longest config there is: composed, with a second source. (No mock pool or wrapper is needed for length.)
    function largest() private returns (Target[] memory t) {
        t = new Target[](32);
        FeedConfig memory c = configOf(wethFeed);
        c.quoteFeed = address(new Feed(8, 1e8));
        c.quoteHeartbeat = 48 hours;
        c.quoteDecimals = 8;
        c.second.kind = SecondKind.Feed;
        c.second.maxDivergenceBps = 200;
        c.second.source = address(wethSecond);
        c.second.window = 48 hours;
        c.second.decimals = 8;
        bytes32 id = hub.register(c);
        bytes memory code = address(new Token(18)).code;
        for (uint256 i; i < 32; ++i) {
            address at = address(uint160(0x5000 + i));
            vm.etch(at, code);
            t[i] = target(Token(at), i == 0 ? 10_000 : 0, uint16(50 + i), id);
            t[i].safe = i == 7;
            if (i != 7) t[i].stopPriceUsdE8 = uint64(1e8 + i);
            if (i % 3 == 1 && i != 7) t[i].takePriceUsdE8 = uint64(9_000e8 + i);
        }
    }

    function stopPolicy() private pure returns (Policy memory p) {
        p = defaultPolicy();
        p.confirmS = 60;
    }

    function assertAssets(bytes memory rules, Target[] memory t) private view {
        Asset[] memory a = book.assetsOf(rules);
        assertEq(a.length, t.length, "count");
        for (uint256 i; i < t.length; ++i) {
            Asset memory wanted = Asset(
                t[i].token,
                Token(t[i].token).decimals(),
                t[i].targetBps,
                t[i].bandBps,
                t[i].safe,
                t[i].stopPriceUsdE8,
                t[i].takePriceUsdE8,
                t[i].feedId
            );
            assertEq(keccak256(abi.encode(a[i])), keccak256(abi.encode(wanted)), "asset");
        }
    }

    function assertKeepers(bytes memory rules, address[] memory keepers) private view {
        assertEq(keccak256(abi.encode(book.keepersOf(rules))), keccak256(abi.encode(keepers)), "keepers");
    }

    function assertPolicy(bytes memory rules, Policy memory p) private view {
        assertEq(keccak256(abi.encode(book.policyOf(rules))), keccak256(abi.encode(p)), "policy");
    }

    function test_make_largestRulesFit() public {
        Target[] memory t = largest();
        bytes memory rules = book.make(stopPolicy(), someKeepers(8), t);
        assertEq(rules.length, 67 + 8 * 20 + 32 * (28 + 42 + 25 + 27 + 16), "length");
        assertLt(rules.length, 24_576, "fits into code");
        assertAssets(rules, t);
        assertKeepers(rules, someKeepers(8));
        assertPolicy(rules, stopPolicy());
        vault = IFullVault(factory.create(OWNER, KEEPER, stopPolicy(), t, "large"));
        assertEq(vault.assets()[31].stopPriceUsdE8, 1e8 + 31, "stored");
    }

    function test_with_eachLeavesTheOthersAlone() public {
        Target[] memory t = largest();
        Target[] memory u = defaultTargets();
        bytes memory rules = book.make(stopPolicy(), someKeepers(3), t);
        Policy memory p = stopPolicy();
        p.confirmS = 77;
        rules = book.withPolicy(p, rules);
        assertPolicy(rules, p);
        assertKeepers(rules, someKeepers(3));
        assertAssets(rules, t);
        rules = book.withKeeper(rules, address(uint160(0x9003)), true);
        assertPolicy(rules, p);
        assertKeepers(rules, someKeepers(4));
        assertAssets(rules, t); // every offset has moved
        rules = book.withTargets(rules, u);
        assertPolicy(rules, p);
        assertKeepers(rules, someKeepers(4));
        assertAssets(rules, u);
        rules = book.withKeeper(rules, address(uint160(0x9003)), false);
        assertEq(keccak256(rules), keccak256(book.make(p, someKeepers(3), u)), "as if made so");
    }

    function test_withKeeper_changesNothingTwice() public {
        bytes memory rules = book.make(defaultPolicy(), someKeepers(2), defaultTargets());
        assertEq(keccak256(book.withKeeper(rules, address(0x9001), true)), keccak256(rules), "there already");
        assertEq(keccak256(book.withKeeper(rules, STRANGER, false)), keccak256(rules), "never was");
        address[] memory one = new address[](1);
        one[0] = address(0x9001);
        assertKeepers(book.withKeeper(rules, address(0x9000), false), one);
    }

    function test_make_atMostEightKeepersAndNoEmptyOne() public {
        Target[] memory none = new Target[](0);
        bytes memory rules = book.make(defaultPolicy(), someKeepers(8), none);
        vm.expectRevert(abi.encodeWithSelector(IVault.TooManyKeepers.selector, 8));
        book.withKeeper(rules, STRANGER, true);
        vm.expectRevert(abi.encodeWithSelector(IVault.TooManyKeepers.selector, 8));
        book.make(defaultPolicy(), someKeepers(9), none);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, address(0)));
        book.make(defaultPolicy(), new address[](1), none);
    }

    function test_setKeeper_throughAVault() public {
        for (uint256 i; i < 7; ++i) {
            setKeeper(address(uint160(0x9000 + i)), true);
        }
        vm.expectRevert(abi.encodeWithSelector(IVault.TooManyKeepers.selector, 8));
        setKeeper(STRANGER, true);
        setKeeper(KEEPER, false);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotKeeper.selector, address(0)));
        setKeeper(address(0), true);
        assertEq(vault.keepers().length, 7, "seven");
        assertTrue(!vault.isKeeper(KEEPER) && vault.isKeeper(address(0x9006)), "who");
        setKeeper(KEEPER, false);
        assertEq(vault.keepers().length, 7, "still seven");
        assertEq(vault.assets()[WETH].feedId, defaultTargets()[WETH].feedId, "assets stay");
    }

    function setKeeper(address keeper, bool allowed) private {
        vm.prank(OWNER);
        vault.setKeeper(keeper, allowed);
    }

    function testFuzz_make_roundTrip(uint256 seed, uint8 keepers, uint8 count) public {
        uint256 n = bound(count, 2, 32);
        Target[] memory all = largest();
        Target[] memory t = new Target[](n);
        uint256 left = 10_000;
        for (uint256 i; i < n; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            t[i] = all[i];
            t[i].targetBps = uint16(i + 1 == n ? left : seed % (left + 1));
            left -= t[i].targetBps;
            t[i].bandBps = uint16(50 + (seed >> 16) % 1_951);
            t[i].safe = i == 0;
            t[i].stopPriceUsdE8 = i == 0 ? 0 : uint64(1e4 + 1 + (seed >> 32) % 1e12);
            t[i].takePriceUsdE8 = i == 0 || seed >> 255 == 0 ? 0 : t[i].stopPriceUsdE8 + 1;
        }
        uint256 k = bound(keepers, 0, 8);
        bytes memory rules = book.make(stopPolicy(), someKeepers(k), t);
        assertAssets(rules, t);
        assertKeepers(rules, someKeepers(k));
        assertPolicy(rules, stopPolicy());
    }
}
