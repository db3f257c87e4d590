// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "../../src/interfaces/IFiller.sol";
import {Fill, IVault, Slice} from "../../src/interfaces/IVault.sol";
import {PoolKey} from "../../src/interfaces/IUniswapV4.sol";
import {Router} from "../mocks/Aggregators.sol";
import {PathFixture} from "../utils/PathFixture.sol";

/// @notice All venues between all pairs of the three tokens, and ether, at oracle prices.
abstract contract FillerMarket is PathFixture {
    uint256 private constant DEEP = 50_000_000e8; // {USD E8} a side

    address internal trampoline;
    Router internal router;
    mapping(uint8 a => mapping(uint8 b => address)) private pairs;
    mapping(uint8 a => mapping(uint8 b => address)) private pools;
    mapping(uint8 a => mapping(uint8 b => PoolKey)) private keys;
    PoolKey[3] private etherKeys; // against USDC, WBTC

    function setUp() public virtual override {
        super.setUp();
        vm.deal(address(weth), 1_000_000 ether);
        trampoline = deploy("Trampoline", "");
        router = new Router();
        for (uint8 a; a < 3; ++a) {
            for (uint8 b = a + 1; b < 3; ++b) {
                pairs[a][b] = pairs[b][a] = address(makePair(a, b, DEEP));
                pools[a][b] = pools[b][a] = address(makePool(a, b, 500, DEEP));
                keys[a][b] = keys[b][a] = makeV4Pool(a, b, 500, address(0), DEEP);
            }
        }
        etherKeys[USDC] = makeV4EtherPool(USDC, 500, address(0), DEEP);
        etherKeys[WBTC] = makeV4EtherPool(WBTC, 500, address(0), DEEP);
    }

    struct Walk {
        uint8 at;
        bool etherAtHand;
        address lastPair;
        uint8 visitFrom; // the token that the V4 hops in a row began with
    }

    /// @notice A path from `from` to `to`, each hop of a venue that the seed chooses.
    /// @param hops 1 .. 5
    function pathOf(uint256 seed, uint8 from, uint8 to, uint256 hops) internal view returns (bytes memory path) {
        Walk memory walk = Walk(from, false, address(0), type(uint8).max);
        for (uint256 left = hops; left > 0; --left) {
            uint8 next = left == 1 ? to : other(uint8(seed), walk.at, left == 2 ? to : walk.at);
            path = bytes.concat(path, hopTo(walk, next, (seed >> 8) % 4, (seed >> 16) % 2 == 0));
            seed >>= 24;
        }
    }

    function hopTo(Walk memory walk, uint8 next, uint256 venue, bool sameVisit)
        private
        view
        returns (bytes memory hop)
    {
        address pair = pairs[walk.at][next];
        // What makes no sense is no path: a pair that pays itself, and a visit to the manager for nothing.
        if (venue == 0 && walk.lastPair == pair) venue = 1;
        if (venue >= 2 && walk.visitFrom == next) venue = 1;

        if (venue == 0) hop = v2(pair, address(tokenOf(next)));
        else if (venue == 1) hop = v3(pools[walk.at][next], address(tokenOf(next)));
        else hop = v4Hop(walk.at, next, venue == 3, walk.etherAtHand, sameVisit);

        walk.lastPair = venue == 0 ? pair : address(0);
        walk.etherAtHand = venue >= 2 && next == WETH && hop[20] == 0; // the last byte of its tokenOut
        if (venue < 2) walk.visitFrom = type(uint8).max;
        else if (walk.visitFrom == type(uint8).max || hop[0] == 0x03) walk.visitFrom = walk.at;
        walk.at = next;
    }

    function v4Hop(uint8 from, uint8 next, bool wantEther, bool etherAtHand, bool sameVisit)
        private
        view
        returns (bytes memory)
    {
        // A V4 hop after one that brought ether sells that ether.
        if (from == WETH && (wantEther || etherAtHand)) {
            address token = address(tokenOf(next));
            return etherAtHand && sameVisit ? v4(etherKeys[next], token) : v4FromEther(etherKeys[next], token);
        }
        if (next == WETH && wantEther) return v4(etherKeys[from], address(0));
        return v4(keys[from][next], address(tokenOf(next)));
    }

    /// @return x a token that is neither of both
    function other(uint8 seed, uint8 a, uint8 b) private pure returns (uint8 x) {
        x = seed % 3;
        while (x == a || x == b) x = (x + 1) % 3;
    }

    function routerData(uint8 sell, uint8 buy, uint256 pull, uint256 out, address to, uint256 salt)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodePacked(
            router,
            router,
            bytes24(uint192(salt)),
            abi.encodeCall(Router.swap, (address(tokenOf(sell)), pull, address(tokenOf(buy)), out, to))
        );
    }
}

contract FillersFuzzTest is FillerMarket {
    function setUp() public override {
        super.setUp();
        begin();
    }

    function testFuzz_P2_path_anyPathIsPaidOrUndone(uint256 seed, uint256 amount, uint256 hops, bool toWbtc) public {
        uint8 buy = toWbtc ? WBTC : USDC;
        amount = bound(amount, 1e15, 1e18);
        bytes memory path = pathOf(seed, WETH, buy, bound(hops, 1, 5));
        Fill memory f = pathFill(WETH, buy, amount, path);
        Slice memory s = slice();
        uint256[3] memory before = [held(0), held(1), held(2)];
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            uint256 sold = before[WETH] - held(WETH);
            assertEq(sold, amount, "all of the input is sold");
            assertLe(fairOut(WETH, buy, sold) * 99 / 100, held(buy) - before[buy], "paid");
            uint8 third = 1 - buy;
            assertEq(held(third), before[third], "the third token");
        } catch (bytes memory why) {
            // Only for what it costs: five hops by pairs lose 1.5 %. Nothing else may be wrong with these paths.
            assertEq(bytes4(why), IVault.SlippageAboveCap.selector, "another reason");
            assertLt(1, bound(hops, 1, 5), "a single hop is never too dear");
            for (uint8 i; i < 3; ++i) {
                assertEq(held(i), before[i], "undone");
            }
        }
        assertEmpty();
    }

    function testFuzz_P2_path_anyBytesArePaidOrUndone(bytes calldata path) public {
        uint256 before = nav();
        Fill memory f = pathFill(WETH, USDC, 1e17, path);
        Slice memory s = slice();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            assertLe(before, nav() + 4.5e8, "paid"); // 1 % of 450 dollars
        } catch {
            assertEq(nav(), before, "undone");
        }
        assertEmpty();
    }

    /// @param pull {base units} the router takes of the input
    /// @param out {base units} it brings
    function testFuzz_P2_trampoline_anyRouterIsPaidOrUndone(
        uint256 amount,
        uint256 pull,
        uint256 out,
        uint256 dust,
        uint8 to
    ) public {
        amount = bound(amount, 1e15, 1e18);
        pull = bound(pull, 0, amount + 1);
        out = bound(out, 0, fairOut(WETH, USDC, amount) * 101 / 100);
        dust = bound(dust, 0, 1e18);
        weth.mint(trampoline, dust);
        usdc.mint(trampoline, dust);
        address recipient = to % 3 == 0 ? address(vault) : to % 3 == 1 ? address(0) : STRANGER;
        Fill memory f = pathFill(WETH, USDC, amount, routerData(WETH, USDC, pull, out, recipient, 1));
        f.target = trampoline;
        Slice memory s = slice();
        uint256[3] memory before = [held(0), held(1), held(2)];
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            assertEq(before[WETH] - held(WETH), pull, "sold");
            assertEq(held(USDC) - before[USDC], recipient == STRANGER ? 0 : out, "bought");
            assertLe(fairOut(WETH, USDC, pull) * 99 / 100, held(USDC) - before[USDC], "paid");
            assertEq(weth.balanceOf(address(router)), pull, "nobody else was paid");
        } catch {
            for (uint8 i; i < 3; ++i) {
                assertEq(held(i), before[i], "undone");
            }
        }
        assertEq(weth.balanceOf(trampoline), dust, "what lay there before lies there");
        assertEq(usdc.balanceOf(trampoline), dust, "what lay there before lies there");
        assertEq(weth.allowance(trampoline, address(router)), 0, "allowance");
    }
}

/// @notice Anybody fills by both fillers, honestly or not, and anybody leaves gifts there.
contract FillerHandler is FillerMarket {
    uint256[3] public atPath; //       {base units} gifts that should lie at the path filler
    uint256[3] public atTrampoline; // {base units} at the trampoline
    uint256 public traded;
    uint256 public failed;
    uint256 public swept;
    bool public cheated; //            somebody got less than the market pays, or more than he brought
    uint256 private _salt;

    function path_(uint256 seed, uint8 sell, uint8 buy, uint256 usdE8, uint256 hops) external {
        (sell, buy) = (sell % 3, buy % 3);
        if (sell == buy) return;
        uint256 amount = amountFor(sell, bound(usdE8, 1e8, 10_000e8));
        hops = bound(hops, 1, 5);
        address trader = address(uint160(uint256(keccak256(abi.encode(seed, "trader")))));
        tokenOf(sell).mint(address(pathFiller), amount);
        uint256 had = tokenOf(buy).balanceOf(trader);
        vm.prank(trader);
        // Fillers do not judge: whoever brings an input gets the market's price for it.
        try pathFiller.onFill(
            address(tokenOf(sell)), amount, address(tokenOf(buy)), 0, pathOf(seed, sell, buy, hops)
        ) {
            uint256 got = tokenOf(buy).balanceOf(trader) - had;
            uint256 fair = fairOut(sell, buy, amount);
            if (got < fair * 80 / 100 || got > fair * 120 / 100) cheated = true;
            ++traded;
        } catch {
            tokenOf(sell).burn(address(pathFiller), amount);
            ++failed;
        }
    }

    function trampoline_(uint8 sell, uint8 buy, uint256 amount, uint256 pull, uint256 out, bool direct) external {
        (sell, buy) = (sell % 3, buy % 3);
        if (sell == buy) return;
        amount = bound(amount, 1, 1e24);
        pull = bound(pull, 0, amount);
        out = bound(out, 0, 1e24);
        address trader = address(uint160(uint256(keccak256(abi.encode(++_salt, "caller")))));
        bytes memory data = routerData(sell, buy, pull, out, direct ? trader : address(0), _salt);
        tokenOf(sell).mint(trampoline, amount);
        vm.prank(trader);
        IFiller(trampoline).onFill(address(tokenOf(sell)), amount, address(tokenOf(buy)), 0, data);
        if (tokenOf(buy).balanceOf(trader) != out) cheated = true;
        if (tokenOf(sell).balanceOf(trader) != amount - pull) cheated = true;
        ++traded;
    }

    function gift_(uint8 which, uint256 amount, bool toPath) external {
        which %= 3;
        amount = bound(amount, 1, 1e20);
        tokenOf(which).mint(toPath ? address(pathFiller) : trampoline, amount);
        if (toPath) atPath[which] += amount;
        else atTrampoline[which] += amount;
    }

    /// @dev Claims an input that he did not bring: he gets gifts and nothing else.
    function sweep_(uint8 which, uint256 claim) external {
        which %= 3;
        claim = bound(claim, 1, 1e20);
        uint256 there = atTrampoline[which];
        uint256 taken = claim < there ? claim : there;
        bytes memory data = abi.encodePacked(address(0x1234), router, bytes24(uint192(++_salt)));
        address sweeper = address(uint160(uint256(keccak256(abi.encode(_salt, "sweeper")))));
        vm.prank(sweeper);
        IFiller(trampoline).onFill(address(tokenOf(which)), claim, address(tokenOf((which + 1) % 3)), 0, data);
        if (tokenOf(which).balanceOf(sweeper) != taken) cheated = true;
        atTrampoline[which] = there - taken;
        ++swept;
    }

    function left(uint8 i) external view returns (uint256 path, uint256 tramp) {
        return (tokenOf(i).balanceOf(address(pathFiller)), tokenOf(i).balanceOf(trampoline));
    }

    function etherLeft() external view returns (uint256) {
        return address(pathFiller).balance + trampoline.balance;
    }

    function allowances() external view returns (uint256 sum) {
        address[3] memory spenders = [address(router), address(manager), address(vault)];
        for (uint8 i; i < 3; ++i) {
            for (uint256 j; j < 3; ++j) {
                sum += tokenOf(i).allowance(address(pathFiller), spenders[j]);
                sum += tokenOf(i).allowance(trampoline, spenders[j]);
            }
        }
    }
}

contract FillerInvariants is FillerMarket {
    FillerHandler private handler;

    function setUp() public override {
        handler = new FillerHandler();
        handler.setUp(); // not in its constructor: pools call back
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        bytes4[] memory s = new bytes4[](4);
        s[0] = FillerHandler.path_.selector;
        s[1] = FillerHandler.trampoline_.selector;
        s[2] = FillerHandler.gift_.selector;
        s[3] = FillerHandler.sweep_.selector;
        list[0] = FuzzSelector(address(handler), s);
    }

    function invariant_P2_nothingStaysWithTheFillers() public view {
        for (uint8 i; i < 3; ++i) {
            (uint256 path, uint256 tramp) = handler.left(i);
            assertEq(path, handler.atPath(i), "only gifts lie at the path filler");
            assertEq(tramp, handler.atTrampoline(i), "only gifts lie at the trampoline");
        }
        assertEq(handler.etherLeft(), 0, "ether");
        assertEq(handler.allowances(), 0, "allowances");
        assertTrue(!handler.cheated(), "everybody got what was his");
        assertLe(handler.failed(), handler.traded() + 5, "most paths work");
    }
}
