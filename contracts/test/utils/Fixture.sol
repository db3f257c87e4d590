// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, SecondKind} from "../../src/interfaces/IOracleHub.sol";
import {Asset, Fill, IVault, Policy, Slice, State, Target, Venue} from "../../src/interfaces/IVault.sol";
import {IVaultFactory} from "../../src/interfaces/IVaultFactory.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Call, PuppetFiller, PuppetPool} from "../mocks/Strangers.sol";
import {Token, WethToken} from "../mocks/Tokens.sol";
import {IFullVault} from "./Interfaces.sol";
import {Test} from "./Test.sol";

/// @notice A vault of 40 % USDC, 30 % WBTC, 30 % WETH, worth 100,000 dollars and on target, bands of 5 points.
abstract contract Fixture is Test {
    uint256 internal constant T0 = 1_700_000_000; // {s}

    // Indices into assets(): tokens lie at ascending addresses.
    uint8 internal constant USDC = 0;
    uint8 internal constant WBTC = 1;
    uint8 internal constant WETH = 2;

    address internal constant OWNER = address(0xA11CE);
    address internal constant KEEPER = address(0xB0B);
    address internal constant STRANGER = address(0xBAD);

    Token internal usdc = Token(address(0x1000000000000000000000000000000000000001));
    Token internal wbtc = Token(address(0x2000000000000000000000000000000000000002));
    WethToken internal weth = WethToken(address(0x3000000000000000000000000000000000000003));

    Feed internal usdcFeed;
    Feed internal wbtcFeed;
    Feed internal wethFeed;
    Feed internal usdcSecond; // other opinions, for those who want stops
    Feed internal wbtcSecond;
    Feed internal wethSecond;

    IOracleHub internal hub;
    address internal rulebook;
    IVaultFactory internal factory;
    IFullVault internal vault;
    PuppetFiller internal filler;
    PuppetPool internal pool;

    function setUp() public virtual {
        vm.warp(T0);
        _etch(new Token(6), address(usdc));
        _etch(new Token(8), address(wbtc));
        _etch(new WethToken(), address(weth));
        usdcFeed = new Feed(8, 1e8);
        wbtcFeed = new Feed(8, 60_000e8);
        wethFeed = new Feed(18, 3_000e18);
        usdcSecond = new Feed(8, 1e8);
        wbtcSecond = new Feed(8, 60_000e8);
        wethSecond = new Feed(8, 3_000e8);
        hub = IOracleHub(deploy("OracleHub", abi.encode(address(0), 0)));
        rulebook = deploy("Rulebook", abi.encode(hub));
        (address poolManager, address balancer) = venues();
        factory = IVaultFactory(deploy("VaultFactory", abi.encode(rulebook, weth, poolManager, balancer)));
        filler = new PuppetFiller();
        pool = new PuppetPool();
        vm.label(OWNER, "owner");
        vm.label(KEEPER, "keeper");
        vm.label(STRANGER, "stranger");

        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), defaultTargets(), 0));
        usdc.mint(address(vault), 40_000e6);
        wbtc.mint(address(vault), 0.5e8);
        weth.mint(address(vault), 10e18);
        vm.deal(address(weth), 10e18);
    }

    /* ------------------------------------------------- makers ------------------------------------------------ */

    function defaultPolicy() internal pure returns (Policy memory p) {
        p.innerBandBps = 100;
        p.maxSlipBps = 100;
        p.lossBpsPerDay = 100;
        p.maxSliceBps = 10_000;
        p.minTradeUsdE2 = 100;
        p.ttlS = 3_600;
    }

    /// @dev For heirs whose vaults trade on Uniswap V4 or Balancer V3. Called once, before the factory is made.
    function venues() internal virtual returns (address poolManager, address balancer) {}

    /// @return t without safety and stops
    function target(Token token, uint16 targetBps, uint16 bandBps, bytes32 feedId)
        internal
        pure
        returns (Target memory t)
    {
        t.token = address(token);
        t.targetBps = targetBps;
        t.bandBps = bandBps;
        t.feedId = feedId;
    }

    function defaultTargets() internal returns (Target[] memory t) {
        t = new Target[](3);
        t[USDC] = target(usdc, 4_000, 500, register(usdcFeed));
        t[WBTC] = target(wbtc, 3_000, 500, register(wbtcFeed));
        t[WETH] = target(weth, 3_000, 500, register(wethFeed));
    }

    /// @notice As `defaultTargets`, with USDC to flee to and second opinions on all three.
    function stoppableTargets() internal returns (Target[] memory t) {
        t = defaultTargets();
        t[USDC].safe = true;
        t[USDC].feedId = register(usdcFeed, usdcSecond);
        t[WBTC].feedId = register(wbtcFeed, wbtcSecond);
        t[WETH].feedId = register(wethFeed, wethSecond);
    }

    function configOf(Feed feed) internal view returns (FeedConfig memory c) {
        c.feed = address(feed);
        c.heartbeat = 48 hours;
        c.decimals = feed.decimals();
        c.minPriceUsdE8 = 1e4;
        c.maxPriceUsdE8 = 10_000_000e8;
    }

    function register(Feed feed) internal returns (bytes32) {
        return register(configOf(feed));
    }

    /// @notice The two may differ by 2 %.
    function register(Feed feed, Feed second) internal returns (bytes32) {
        FeedConfig memory c = configOf(feed);
        c.second.kind = SecondKind.Feed;
        c.second.maxDivergenceBps = 200;
        c.second.source = address(second);
        c.second.window = 48 hours;
        c.second.decimals = second.decimals();
        return register(c);
    }

    /// @dev All feeds of the fixture go through here.
    function register(FeedConfig memory c) internal virtual returns (bytes32) {
        return hub.register(c);
    }

    /// @notice Both opinions on all three assets, fresh, USDC at one dollar. {USD}
    function setPrices(uint256 wbtcUsd, uint256 wethUsd) internal {
        usdcFeed.set(1e8);
        usdcSecond.set(1e8);
        wbtcFeed.set(int256(wbtcUsd * 1e8));
        wbtcSecond.set(int256(wbtcUsd * 1e8));
        wethFeed.set(int256(wethUsd * 1e18));
        wethSecond.set(int256(wethUsd * 1e8));
    }

    function setPolicy(Policy memory p) internal {
        vm.prank(OWNER);
        vault.setPolicy(p);
    }

    /// @dev WETH from 3,000 to 4,500 dollars: NAV 115,000; WETH 9.1 points over, USDC 5.2 and WBTC 3.9 points under.
    function drift() internal {
        wethFeed.set(4_500e18);
        usdcFeed.set(1e8);
        wbtcFeed.set(60_000e8);
    }

    function begin() internal returns (uint32 epoch) {
        vm.prank(KEEPER);
        return vault.begin();
    }

    function driftAndBegin() internal {
        drift();
        begin();
    }

    /// @return the slice that the vault expects next
    function slice() internal view returns (Slice memory) {
        State memory s = vault.state();
        return Slice(s.epoch, s.sequence, uint40(block.timestamp), false);
    }

    function many(Fill memory f) internal pure returns (Fill[] memory fills) {
        fills = new Fill[](1);
        fills[0] = f;
    }

    function many(Fill memory f, Fill memory g) internal pure returns (Fill[] memory fills) {
        fills = new Fill[](2);
        (fills[0], fills[1]) = (f, g);
    }

    function calls(Call memory a) internal pure returns (Call[] memory list) {
        list = new Call[](1);
        list[0] = a;
    }

    function calls(Call memory a, Call memory b) internal pure returns (Call[] memory list) {
        list = new Call[](2);
        (list[0], list[1]) = (a, b);
    }

    /// @return a call to the vault
    function call(bytes memory data) internal view returns (Call memory) {
        return Call(address(vault), data);
    }

    function minting(Token token, uint256 amount) internal view returns (Call memory) {
        return Call(address(token), abi.encodeCall(Token.mint, (address(vault), amount)));
    }

    /// @notice A fill by a filler that does the calls given.
    function puppetFill(uint8 sell, uint8 buy, uint256 amountIn, Call[] memory list)
        internal
        view
        returns (Fill memory)
    {
        return Fill(sell, buy, Venue.Filler, address(filler), uint128(amountIn), 0, abi.encode(list));
    }

    /// @notice A fill that brings exactly `out`.
    function paidFill(uint8 sell, uint8 buy, uint256 amountIn, uint256 out) internal view returns (Fill memory) {
        return puppetFill(sell, buy, amountIn, calls(minting(tokenOf(buy), out)));
    }

    /// @notice A fill that brings `bps` of what the oracles say.
    function fairFill(uint8 sell, uint8 buy, uint256 amountIn, uint256 bps) internal view returns (Fill memory) {
        return paidFill(sell, buy, amountIn, fairOut(sell, buy, amountIn) * bps / 10_000);
    }

    function doFill(Fill memory f) internal {
        fillAs(KEEPER, slice(), f);
    }

    // A prank lasts for one call, and Solidity may make calls of its own for arguments: so they are made before.

    function fillAs(address who, Slice memory s, Fill memory f) internal {
        vm.prank(who);
        vault.fill(s, many(f));
    }

    function expectFillRevert(address who, Slice memory s, Fill memory f, bytes memory why) internal {
        vm.expectRevert(why);
        vm.prank(who);
        vault.fill(s, many(f));
    }

    function expectFillRevert(Fill memory f, bytes memory why) internal {
        expectFillRevert(KEEPER, slice(), f, why);
    }

    /// @dev For reverts whose data come from somebody else.
    function expectFillRevertAny(Fill memory f) internal {
        Slice memory s = slice();
        vm.expectRevert();
        vm.prank(KEEPER);
        vault.fill(s, many(f));
    }

    function fillManyAs(address who, Slice memory s, Fill[] memory fills) internal {
        vm.prank(who);
        vault.fill(s, fills);
    }

    function beginAndFillAs(address who, Slice memory s, Fill[] memory fills) internal {
        vm.prank(who);
        vault.beginAndFill(s, fills);
    }

    /* ------------------------------------------------ readings ----------------------------------------------- */

    function tokenOf(uint8 i) internal view returns (Token) {
        if (i == USDC) return usdc;
        return i == WBTC ? wbtc : Token(address(weth));
    }

    function priceOf(uint8 i) internal view returns (uint256 usdE8) {
        if (i == USDC) return uint256(usdcFeed.answer());
        return i == WBTC ? uint256(wbtcFeed.answer()) : uint256(wethFeed.answer()) / 1e10;
    }

    function valueOf(uint8 i, uint256 amount) internal view returns (uint256 usdE8) {
        return amount * priceOf(i) / 10 ** tokenOf(i).decimals();
    }

    function held(uint8 i) internal view returns (uint256) {
        return tokenOf(i).balanceOf(address(vault));
    }

    /// @return sum {USD E8} at the current prices
    function nav() internal view returns (uint256 sum) {
        for (uint8 i; i < 3; ++i) {
            sum += valueOf(i, held(i));
        }
    }

    /// @return {base units of buy} at oracle prices, rounded down
    function fairOut(uint8 sell, uint8 buy, uint256 amountIn) internal view returns (uint256) {
        return
            amountIn * priceOf(sell) * 10 ** tokenOf(buy).decimals() / (priceOf(buy) * 10 ** tokenOf(sell).decimals());
    }

    function assertNoAllowance(address spender) internal view {
        for (uint8 i; i < 3; ++i) {
            assertEq(tokenOf(i).allowance(address(vault), spender), 0, "allowance");
        }
    }

    function isOpen() internal view returns (bool) {
        State memory s = vault.state();
        return s.epoch != 0 && block.timestamp < s.epochEnd;
    }

    /// @notice The product as it ships: from its artifact, not compiled again for the tests.
    function deploy(string memory name, bytes memory arguments) internal returns (address made) {
        bytes memory code = abi.encodePacked(vm.getCode(string.concat(name, ".sol:", name)), arguments);
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        assertTrue(made != address(0), name);
    }

    /* ------------------------------------------------ internal ----------------------------------------------- */

    function _etch(Token made, address at) private {
        vm.etch(at, address(made).code);
    }
}
