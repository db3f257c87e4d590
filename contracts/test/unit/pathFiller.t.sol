// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair} from "../../src/interfaces/External.sol";
import {IFiller} from "../../src/interfaces/IFiller.sol";
import {IPathFiller} from "../../src/interfaces/IPathFiller.sol";
import {Fill, IVault, Slice, Target} from "../../src/interfaces/IVault.sol";
import {BombPool} from "../mocks/HostilePools.sol";
import {BlocklistToken, LyingToken, RebasingToken, ReceiveHookToken} from "../mocks/HostileTokens.sol";
import {Call, PuppetPool} from "../mocks/Strangers.sol";
import {FalseToken, FeeToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {IFullVault} from "../utils/Interfaces.sol";
import {PathFixture} from "../utils/PathFixture.sol";
import {IV2Mint} from "../utils/RealUniswap.sol";

interface IAnyToken {
    function mint(address to, uint256 amount) external;
    function balanceOf(address account) external view returns (uint256);
}

/// Pools, pairs and tokens that do what they like to the path filler, through a real vault. 1 WETH = 4,500 USDC.
contract PathFillerAttacksTest is PathFixture {
    bytes4 private constant LOCKED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    address private goodPool; // WETH - WBTC
    address private goodPair; // WBTC - USDC

    function setUp() public override {
        super.setUp();
        goodPool = address(makePool(WETH, WBTC, 500, 50_000_000e8));
        goodPair = address(makePair(WBTC, USDC, 50_000_000e8));
        begin();
    }

    /* ------------------------------------------------- makers ------------------------------------------------ */

    function byPool() private view returns (Fill memory) {
        return pathFill(WETH, USDC, 1e18, v3(address(pool), address(usdc)));
    }

    function byPair() private view returns (Fill memory) {
        return pathFill(WETH, USDC, 1e18, v2(address(pool), address(usdc)));
    }

    /// @dev The puppet comes second, after a pool that is honest.
    function byPoolInTheMiddle() private view returns (Fill memory) {
        return pathFill(
            WETH, USDC, 1e18, bytes.concat(v3(goodPool, address(wbtc)), v3(address(pool), address(usdc)))
        );
    }

    function callback(int256 amount0, int256 amount1) private view returns (Call memory) {
        return Call(
            address(pathFiller),
            abi.encodeWithSignature("uniswapV3SwapCallback(int256,int256,bytes)", amount0, amount1, "")
        );
    }

    function assertUntouched() private view {
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertEmpty();
        assertNoAllowance(address(pathFiller));
    }

    function expectNothingHappens(Fill memory f, bytes memory why) private {
        expectFillRevert(f, why);
        assertUntouched();
    }

    function expectPartial(Fill memory f, bytes4 why) private {
        Slice memory s = slice();
        vm.expectPartialRevert(why);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
    }

    /* ----------------------------------------- takes and gives nothing --------------------------------------- */

    function test_P2_path_poolGivesNothing() public {
        pool.tell(calls(callback(0, 1e18)));
        expectNothingHappens(byPool(), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
    }

    function test_P2_path_poolGivesLess() public {
        pool.tell(calls(callback(0, 1e18), minting(usdc, 4_454e6)));
        expectNothingHappens(
            byPool(), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_454e6, 4_455e6)
        );
    }

    function test_P2_path_poolDoesNothing() public {
        expectNothingHappens(byPool(), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)); // all came back
    }

    function test_P2_path_pairGivesNothing() public {
        expectNothingHappens(byPair(), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
    }

    function test_P2_path_pairLiesAboutItsReserves() public {
        pool.setReserves(1, 1);
        expectNothingHappens(byPair(), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
        pool.setReserves(type(uint112).max, type(uint112).max); // more than it has
        expectFillRevertAny(byPair());
        assertUntouched();
    }

    function test_P2_path_firstPoolGivesNothing() public {
        pool.tell(calls(callback(1e18, 0)));
        bytes memory path = bytes.concat(v3(address(pool), address(wbtc)), v2(goodPair, address(usdc)));
        expectFillRevertAny(pathFill(WETH, USDC, 1e18, path));
        assertUntouched();
    }

    /// What the first pool brings when its hop is over is no part of the path: the second sells nothing.
    function test_P2_path_firstPoolPaysTooLate() public {
        pool.tell(calls(callback(1e18, 0)));
        PuppetPool second = new PuppetPool();
        second.tell(
            calls(
                Call(address(wbtc), abi.encodeCall(Token.mint, (address(pathFiller), 0.075e8))), callback(0.075e8, 0)
            )
        );
        bytes memory path = bytes.concat(v3(address(pool), address(wbtc)), v3(address(second), address(usdc)));
        expectNothingHappens(
            pathFill(WETH, USDC, 1e18, path), abi.encodeWithSelector(IPathFiller.SpentTooMuch.selector, 0.075e8, 0)
        );
    }

    function test_P2_path_middlePoolGivesNothing() public {
        uint256 all = 1e30;
        // It cannot know the amount: it takes what it can, which the cap is.
        pool.tell(calls(callback(int256(all), 0)));
        expectPartial(byPoolInTheMiddle(), IPathFiller.SpentTooMuch.selector);
        pool.tell(calls(callback(1, 0)));
        expectPartial(byPoolInTheMiddle(), IPathFiller.LeftBehind.selector);
        assertUntouched();
    }

    function test_P2_path_poolTakesNoMoreThanTheInput() public {
        weth.mint(address(pathFiller), 5e18); // not even of what lies there
        pool.tell(calls(callback(0, 1e18 + 1)));
        expectFillRevert(
            byPool(), abi.encodeWithSelector(IPathFiller.SpentTooMuch.selector, 1e18 + 1, 1e18)
        );
        pool.tell(calls(callback(0.6e18, 0), callback(0, 0.6e18))); // nor in pieces
        expectFillRevert(
            byPool(), abi.encodeWithSelector(IPathFiller.SpentTooMuch.selector, 0.6e18, 0.4e18)
        );
    }

    /* ------------------------------------------------ callbacks ---------------------------------------------- */

    function test_P15_path_callbackRefusesStrangers() public {
        Call memory c = callback(0, 1);
        weth.mint(address(pathFiller), 1);
        vm.prank(STRANGER);
        (bool ok, bytes memory answer) = c.to.call(c.data);
        assertTrue(!ok, "paid");
        assertEq(
            keccak256(answer),
            keccak256(abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, STRANGER)),
            "reason"
        );
    }

    function test_P15_path_callbackRefusesOthersDuringASwap() public {
        PuppetPool other = new PuppetPool();
        other.tell(calls(callback(0, 1e18)));
        bytes memory poke = abi.encodeWithSignature("swap(uint256,uint256,address,bytes)", 0, 0, address(0), "");
        pool.tell(calls(Call(address(other), poke)));
        expectNothingHappens(
            byPool(), abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, address(other))
        );
    }

    function test_P15_path_callbackRefusesPairs() public {
        pool.tell(calls(callback(0, 1)));
        expectNothingHappens(
            byPair(), abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, address(pool))
        );
    }

    /// The pool of an earlier hop asks once more, while a later one is being paid.
    function test_P15_path_callbackRefusesThePoolOfAnEarlierHop() public {
        PuppetPool early = new PuppetPool();
        early.tell(
            calls(
                callback(0, 1e18),
                Call(address(wbtc), abi.encodeCall(Token.mint, (address(pathFiller), 0.075e8)))
            )
        );
        PuppetPool late = new PuppetPool();
        bytes memory again = abi.encodeWithSignature("swap(uint256,uint256,address,bytes)", 0, 0, address(0), "");
        late.tell(calls(Call(address(early), again)));
        expectNothingHappens(
            pathFill(
                WETH,
                USDC,
                1e18,
                bytes.concat(v3(address(early), address(wbtc)), v3(address(late), address(usdc)))
            ),
            abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, address(early))
        );
        // Without the second call of the early pool it goes through.
        late.tell(calls(callback(0.075e8, 0), minting(usdc, 4_500e6)));
        doFill(
            pathFill(
                WETH,
                USDC,
                1e18,
                bytes.concat(v3(address(early), address(wbtc)), v3(address(late), address(usdc)))
            )
        );
        assertEq(held(USDC), 44_500e6, "bought");
        assertEmpty();
    }

    /// Nor is it paid while a pair is asked, though it had taken less than it might.
    function test_P15_path_callbackRefusesAnEarlierPoolDuringAPairsSwap() public {
        weth.mint(address(pathFiller), 1e18); // a gift that it is after
        PuppetPool early = new PuppetPool();
        early.tell(
            calls(callback(0, 0.5e18), Call(address(wbtc), abi.encodeCall(Token.mint, (address(pool), 0.075e8))))
        );
        bytes memory again = abi.encodeWithSignature("swap(uint256,uint256,address,bytes)", 0, 0, address(0), "");
        pool.tell(calls(Call(address(early), again)));
        expectFillRevert(
            pathFill(
                WETH,
                USDC,
                1e18,
                bytes.concat(v3(address(early), address(wbtc)), v2(address(pool), address(usdc)))
            ),
            abi.encodeWithSelector(IPathFiller.UnexpectedCallback.selector, address(early))
        );
    }

    /* ----------------------------------------------- re-entrance --------------------------------------------- */

    function test_P13_path_poolsCannotReenter() public {
        Call[3] memory acts = [
            Call(
                address(pathFiller),
                abi.encodeCall(
                    IFiller.onFill, (address(wbtc), 1, address(usdc), 0, v2(goodPair, address(usdc)))
                )
            ),
            Call(address(vault), abi.encodeCall(IVault.withdraw, (address(weth), 1))),
            Call(address(vault), abi.encodeCall(IVault.begin, ()))
        ];
        for (uint256 i; i < 3; ++i) {
            pool.tell(calls(acts[i]));
            expectNothingHappens(byPool(), abi.encodeWithSelector(LOCKED));
            expectNothingHappens(byPair(), abi.encodeWithSelector(LOCKED));
            expectNothingHappens(byPoolInTheMiddle(), abi.encodeWithSelector(LOCKED));
        }
    }

    function test_P13_path_lockIsReleasedAfterwards() public {
        bytes memory path = bytes.concat(v3(goodPool, address(wbtc)), v2(goodPair, address(usdc)));
        doFill(pathFill(WETH, USDC, 0.1e18, path));
        expectFillRevertAny(byPoolInTheMiddle());
        doFill(pathFill(WETH, USDC, 0.1e18, path));
        assertEmpty();
    }

    /* -------------------------------------------------- bombs ------------------------------------------------ */

    function test_P2_path_bombs() public {
        for (uint8 mode; mode < 3; ++mode) {
            address bomb = address(new BombPool(mode));
            tryWithin(5_000_000, pathFill(WETH, USDC, 1e18, v3(bomb, address(usdc))));
            tryWithin(5_000_000, pathFill(WETH, USDC, 1e18, v2(bomb, address(usdc))));
        }
    }

    function tryWithin(uint256 gas, Fill memory f) private {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(f)));
        vm.prank(KEEPER);
        (bool ok,) = address(vault).call{gas: gas}(data);
        assertTrue(!ok, "bomb went through");
        assertUntouched();
    }

    /* ----------------------------------------------- odd tokens ---------------------------------------------- */

    uint8 private odd;
    uint8 private even;
    address private oddPair;

    /// @dev A vault with 70,000 dollars of `token` and 30,000 of USDC, half and half wanted, and Uniswap's own pair.
    function oddVault(address token) private {
        Target[] memory t = new Target[](2);
        (odd, even) = token < address(usdc) ? (0, 1) : (1, 0);
        t[odd] = target(Token(token), 5_000, 500, register(usdcFeed));
        t[even] = target(usdc, 5_000, 500, register(usdcFeed));
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, bytes32(bytes20(token))));
        IAnyToken(token).mint(address(vault), 70_000e18);
        usdc.mint(address(vault), 30_000e6);
        oddPair = v2Factory.createPair(token, address(usdc));
        IAnyToken(token).mint(oddPair, 10_000_000e18);
        usdc.mint(oddPair, 10_000_000e6);
        IV2Mint(oddPair).mint(address(this));
        begin();
    }

    function oddFill() private view returns (Fill memory) {
        return pathFill(odd, even, 1_000e18, v2(oddPair, address(usdc)));
    }

    function assertOddSold(address token, uint256 amount) private view {
        assertEq(IAnyToken(token).balanceOf(address(vault)), 70_000e18 - amount, "sold");
        assertEq(IAnyToken(token).balanceOf(address(pathFiller)), 0, "left behind");
        assertEq(usdc.balanceOf(address(pathFiller)), 0, "left behind");
    }

    function test_P16_path_tokenWithoutReturnValues() public {
        NoReturnToken token = new NoReturnToken();
        oddVault(address(token));
        doFill(oddFill());
        assertOddSold(address(token), 1_000e18);
    }

    function test_P16_path_tokenThatSaysNo() public {
        FalseToken token = new FalseToken();
        oddVault(address(token));
        expectFillRevert(
            oddFill(), abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(token))
        );
    }

    /// What arrives at the pair is what it sells for: 2 % of fee and 0.3 % of the pair's are more than this vault takes.
    function test_P16_path_feeOnTransfer() public {
        FeeToken token = new FeeToken();
        oddVault(address(token));
        expectPartial(oddFill(), IVault.SlippageAboveCap.selector);
        assertOddSold(address(token), 0);
        // By itself it works, and nothing stays behind.
        token.mint(address(pathFiller), 1_000e18);
        (uint112 r0, uint112 r1,) = IUniswapV2Pair(oddPair).getReserves();
        (uint256 rIn, uint256 rOut) = address(token) < address(usdc) ? (r0, r1) : (r1, r0);
        pathFiller.onFill(address(token), 1_010e18, address(usdc), 0, v2(oddPair, address(usdc)));
        uint256 arrived = 990e18;
        assertEq(
            usdc.balanceOf(address(this)), arrived * 997 * rOut / (rIn * 1000 + arrived * 997), "to the unit"
        );
        assertOddSold(address(token), 0);
    }

    function test_P16_path_rebasingDownOnTransfer() public {
        RebasingToken token = new RebasingToken();
        oddVault(address(token));
        token.setDropOnTransfer(1); // all pots shrink, the pair's too: it has less than its reserves say
        expectFillRevertAny(oddFill());
        assertOddSold(address(token), 0);
    }

    /// A rebase to the worse while the coins are with the filler: nothing is left, less is sold.
    function test_P16_path_rebasingDownBetweenHops() public {
        RebasingToken token = new RebasingToken();
        oddVault(address(token));
        PuppetPool first = new PuppetPool();
        token.mint(address(first), 1_000e18);
        // The first pool pays in the rebasing token, then shrinks it.
        first.tell(
            calls(
                Call(address(token), abi.encodeWithSignature("transfer(address,uint256)", pathFiller, 1_000e18)),
                Call(address(token), abi.encodeCall(RebasingToken.rebase, (1, 2)))
            )
        );
        PuppetPool second = new PuppetPool();
        second.tell(calls(callback(500e18, 500e18))); // exactly what is left of it
        bytes memory path =
            bytes.concat(v3(address(first), address(token)), v3(address(second), address(wbtc)));
        weth.mint(address(pathFiller), 1);
        vm.prank(address(0x77));
        pathFiller.onFill(address(weth), 1, address(wbtc), 0, path);
        assertEq(token.balanceOf(address(pathFiller)), 0, "left behind");
        assertEq(weth.balanceOf(address(0x77)), 1, "the input was not asked for");
    }

    function test_P16_path_blocklists() public {
        BlocklistToken token = new BlocklistToken();
        oddVault(address(token));
        address[2] memory places = [address(pathFiller), oddPair];
        for (uint256 i; i < 2; ++i) {
            token.setBlocked(places[i], true);
            expectFillRevert(oddFill(), abi.encodeWithSelector(BlocklistToken.Blocked.selector, places[i]));
            token.setBlocked(places[i], false);
        }
        doFill(oddFill());
        assertOddSold(address(token), 1_000e18);
    }

    function test_P16_path_tokenThatLies() public {
        LyingToken token = new LyingToken();
        oddVault(address(token));
        token.setLie(address(pathFiller), true, 1e40);
        doFill(oddFill()); // no more than the input is sold
        assertEq(token.trueBalanceOf(address(pathFiller)), 0, "left behind");
        assertEq(token.trueBalanceOf(address(vault)), 69_000e18, "sold");
        token.setLie(oddPair, true, 1e40); // now the pair believes in a fortune
        expectFillRevertAny(oddFill());
        token.setLie(oddPair, false, 0);
        token.setLie(address(pathFiller), true, 0);
        expectFillRevertAny(oddFill());
        assertEq(token.trueBalanceOf(address(vault)), 69_000e18, "nothing moved");
    }

    /// Hooks of sender and recipient run while the coins are on their way.
    function test_P13_path_hooksOfTheToken() public {
        ReceiveHookToken token = new ReceiveHookToken();
        oddVault(address(token));
        ReceiveHookToken.Hook memory none;
        ReceiveHookToken.Hook[2] memory acts = [
            ReceiveHookToken.Hook(
                address(pathFiller),
                abi.encodeCall(
                    IFiller.onFill, (address(token), 1_000e18, address(usdc), 0, v2(oddPair, address(usdc)))
                )
            ),
            ReceiveHookToken.Hook(address(vault), abi.encodeCall(IVault.withdraw, (address(token), 1)))
        ];
        for (uint256 i; i < 2; ++i) {
            token.setHooks(oddPair, none, acts[i]);
            expectFillRevert(oddFill(), abi.encodeWithSelector(LOCKED));
            token.setHooks(oddPair, none, none);
            token.setHooks(address(pathFiller), acts[i], none);
            expectFillRevert(oddFill(), abi.encodeWithSelector(LOCKED));
            token.setHooks(address(pathFiller), none, none);
        }
        doFill(oddFill());
        assertOddSold(address(token), 1_000e18);
    }

    /// The one moment between the vault's transfer and its call: whoever is told of the transfer to the filler may
    /// spend the input there. This token lets nobody but the recipient ask for that, and the filler never does. If it
    /// did, the vault would see that nothing came.
    function test_P2_path_hookBetweenTransferAndCall() public {
        ReceiveHookToken token = new ReceiveHookToken();
        oddVault(address(token));
        ReceiveHookToken.Hook memory none;
        token.setHooks(
            address(pathFiller),
            none,
            ReceiveHookToken.Hook(
                address(pathFiller),
                abi.encodeCall(
                    IFiller.onFill, (address(token), 1_000e18, address(usdc), 0, v2(oddPair, address(usdc)))
                )
            )
        );
        expectFillRevertAny(oddFill());
        assertOddSold(address(token), 0);
        assertEq(usdc.balanceOf(address(token)), 0, "nor did the thief keep it");
    }
}
