// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IFiller} from "../../src/interfaces/IFiller.sol";
import {ITrampoline} from "../../src/interfaces/ITrampoline.sol";
import {Fill, IVault, Slice, Target, Venue} from "../../src/interfaces/IVault.sol";
import {ProxiedRouter, PuppetRouter, Router, Thief} from "../mocks/Aggregators.sol";
import {
    BlocklistToken,
    LyingToken,
    RebasingToken,
    ReceiveHookToken,
    StrictApproveToken
} from "../mocks/HostileTokens.sol";
import {Call, PuppetOwner} from "../mocks/Strangers.sol";
import {FalseToken, FeeToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

interface IOddToken {
    function mint(address to, uint256 amount) external;
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

/// Fills by arbitrary calldata, through a real vault. The price of 1 WETH is 4,500 USDC, of which 99 % are enough.
contract TrampolineTest is Fixture {
    bytes4 private constant LOCKED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    bytes4 private constant FAILED_DEPLOYMENT = bytes4(keccak256("FailedDeployment()"));

    ITrampoline private trampoline;
    Router private router;
    PuppetRouter private puppet;
    Thief private thief;

    function setUp() public override {
        super.setUp();
        trampoline = ITrampoline(deploy("Trampoline", ""));
        router = new Router();
        puppet = new PuppetRouter();
        thief = new Thief();
        driftAndBegin();
    }

    /* ------------------------------------------------- makers ------------------------------------------------ */

    function dataOf(address target, address spender, bytes24 salt, bytes memory callData)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(target, spender, salt, callData);
    }

    function fillOf(uint8 sell, uint8 buy, uint256 amountIn, bytes memory data) private view returns (Fill memory) {
        return Fill(sell, buy, Venue.Filler, address(trampoline), uint128(amountIn), 0, data);
    }

    /// @dev 1 WETH for USDC.
    function fillBy(address target, bytes memory callData) private view returns (Fill memory) {
        return fillOf(WETH, USDC, 1e18, dataOf(target, target, 0, callData));
    }

    function swapCall(uint256 amountIn, uint256 out, address to) private view returns (bytes memory) {
        return abi.encodeCall(Router.swap, (address(weth), amountIn, address(usdc), out, to));
    }

    /// @dev Pulls 1 WETH, pays 4,500 USDC, and does `act` in between.
    function actingFill(Call memory act) private view returns (Fill memory) {
        return fillBy(
            address(puppet),
            abi.encodeCall(PuppetRouter.go, (address(weth), 1e18, calls(act, minting(usdc, 4_500e6))))
        );
    }

    /// @return the address at which a fill's calldata is run
    function executorOf(address caller, uint8 sell, uint8 buy, bytes memory data) private view returns (address) {
        return executorOf(caller, address(tokenOf(sell)), address(tokenOf(buy)), data);
    }

    function executorOf(address caller, address tokenIn, address tokenOut, bytes memory data)
        private
        view
        returns (address)
    {
        bytes memory callData = new bytes(data.length - 64);
        for (uint256 i; i < callData.length; ++i) {
            callData[i] = data[64 + i];
        }
        address target;
        address spender;
        bytes32 salt;
        assembly {
            target := shr(96, mload(add(data, 32)))
            spender := shr(96, mload(add(data, 52)))
            salt := shl(64, shr(64, mload(add(data, 72))))
        }
        bytes memory code = abi.encodePacked(
            vm.getCode("Trampoline.sol:Executor"), abi.encode(caller, tokenIn, tokenOut, target, spender, callData)
        );
        return address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), trampoline, salt, keccak256(code)))))
        );
    }

    /* ------------------------------------------------ assertions --------------------------------------------- */

    function assertNothingMoved() private view {
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertClean(address(trampoline));
    }

    /// @dev `account` has nothing and nobody may take anything from it or from the vault.
    function assertClean(address account) private view {
        for (uint8 i; i < 3; ++i) {
            assertEq(tokenOf(i).balanceOf(account), 0, "left behind");
            assertEq(tokenOf(i).allowance(account, address(router)), 0, "allowance for the router");
            assertEq(tokenOf(i).allowance(account, address(puppet)), 0, "allowance for the puppet");
        }
        assertNoAllowance(address(trampoline));
        assertNoAllowance(address(router));
        assertNoAllowance(address(puppet));
    }

    function expectNothingHappens(Fill memory f, bytes memory why) private {
        expectFillRevert(f, why);
        assertNothingMoved();
    }

    /* ------------------------------------------------- it works ---------------------------------------------- */

    function test_trampoline_routerPaysTheVault() public {
        Fill memory f = fillBy(address(router), swapCall(1e18, 4_500e6, address(vault)));
        doFill(f);
        assertEq(held(WETH), 9e18, "sold");
        assertEq(held(USDC), 44_500e6, "bought");
        assertClean(address(trampoline));
        address executor = executorOf(address(vault), WETH, USDC, f.data);
        assertClean(executor);
        assertEq(executor.code.length, 0, "no code stays");
    }

    function test_trampoline_routerPaysItsCaller() public {
        Fill memory f = fillBy(address(router), swapCall(1e18, 4_500e6, address(0)));
        doFill(f);
        assertEq(held(USDC), 44_500e6, "passed on");
        assertClean(executorOf(address(vault), WETH, USDC, f.data));
    }

    function test_P2_trampoline_whatIsNotSoldComesBack() public {
        Fill memory f = fillBy(address(router), swapCall(0.6e18, 2_700e6, address(vault)));
        doFill(f);
        assertEq(held(WETH), 9.4e18, "only what was sold");
        assertEq(weth.balanceOf(executorOf(address(vault), WETH, USDC, f.data)), 0, "nothing stays");
    }

    /// The allowance that is left belongs to an address that can never act again, nor hold anything but gifts.
    function test_P2_trampoline_leftAllowanceIsWorthless() public {
        Fill memory f = fillBy(address(router), swapCall(0.6e18, 2_700e6, address(vault)));
        doFill(f);
        address executor = executorOf(address(vault), WETH, USDC, f.data);
        assertEq(weth.allowance(executor, address(router)), 0.4e18, "left");
        assertEq(weth.balanceOf(executor), 0, "of nothing");
        // Not even the same vault can bring it back to life.
        expectFillRevert(f, abi.encodeWithSelector(FAILED_DEPLOYMENT));
    }

    function test_trampoline_paysATargetBeforehand() public {
        bytes memory callData = abi.encodeCall(
            Router.swapReceived, (address(weth), address(usdc), 4_500e6, 1e18, address(vault))
        );
        doFill(fillOf(WETH, USDC, 1e18, dataOf(address(router), address(0), 0, callData)));
        assertEq(held(USDC), 44_500e6, "bought");
        assertClean(address(trampoline));
    }

    function test_trampoline_spenderIsNotTheTarget() public {
        ProxiedRouter proxied = new ProxiedRouter();
        bytes memory callData = abi.encodeCall(
            ProxiedRouter.swap, (address(weth), 1e18, address(usdc), 4_500e6, address(vault))
        );
        expectFillRevertAny(fillBy(address(proxied), callData)); // whom it calls is not who pulls
        address proxy = address(proxied.proxy());
        Fill memory f = fillOf(WETH, USDC, 1e18, dataOf(address(proxied), proxy, 0, callData));
        doFill(f);
        assertEq(held(USDC), 44_500e6, "bought");
        assertEq(weth.allowance(executorOf(address(vault), WETH, USDC, f.data), proxy), 0, "used up");
    }

    function test_trampoline_passesOnTheRoutersReason() public {
        expectNothingHappens(
            fillBy(address(router), abi.encodeCall(Router.fail, (7))), abi.encodeWithSelector(Router.NotEnough.selector, 7)
        );
    }

    function test_trampoline_sameCalldataTwiceNeedsAnotherSalt() public {
        bytes memory callData = swapCall(0.1e18, 450e6, address(vault));
        Fill memory f = fillOf(WETH, USDC, 0.1e18, dataOf(address(router), address(router), "1", callData));
        doFill(f);
        expectFillRevert(f, abi.encodeWithSelector(FAILED_DEPLOYMENT));
        f.data = dataOf(address(router), address(router), "2", callData);
        doFill(f);
        assertEq(held(WETH), 9.8e18, "twice");
    }

    function test_trampoline_shortDataReverts() public {
        for (uint256 n; n < 64; n += 21) {
            expectFillRevertAny(fillOf(WETH, USDC, 1e18, new bytes(n)));
        }
        assertNothingMoved();
    }

    /* ----------------------------------------- takes and gives nothing --------------------------------------- */

    function test_P2_trampoline_routerGivesNothing() public {
        expectNothingHappens(
            fillBy(address(router), swapCall(1e18, 0, address(vault))),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
    }

    function test_P2_trampoline_routerGivesLess() public {
        expectNothingHappens(
            fillBy(address(router), swapCall(1e18, 4_454e6, address(vault))),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_454e6, 4_455e6)
        );
    }

    function test_P2_trampoline_routerPaysSomebodyElse() public {
        expectNothingHappens(
            fillBy(address(router), swapCall(1e18, 4_500e6, STRANGER)),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
        assertEq(usdc.balanceOf(STRANGER), 0, "nor does he keep it");
    }

    /// Money that comes after the fill is too late for it, also within the transaction.
    function test_P2_trampoline_routerPaysTooLate() public {
        Fill[] memory fills = many(
            fillBy(address(puppet), abi.encodeCall(PuppetRouter.go, (address(weth), 1e18, new Call[](0)))),
            fillBy(
                address(puppet), abi.encodeCall(PuppetRouter.go, (address(0), 0, calls(minting(usdc, 9_000e6))))
            )
        );
        Slice memory s = slice();
        vm.expectRevert(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
        vm.prank(KEEPER);
        vault.fill(s, fills);
        assertNothingMoved();
    }

    function test_P2_trampoline_targetIsAToken() public {
        expectNothingHappens(
            fillBy(address(weth), abi.encodeCall(IERC20.transfer, (STRANGER, 1e18))),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
        // The bought token: there is nothing to take from the vault, which has approved nobody.
        expectFillRevertAny(
            fillBy(address(usdc), abi.encodeCall(IERC20.transferFrom, (address(vault), STRANGER, 1e6)))
        );
        assertNothingMoved();
    }

    function test_P2_trampoline_targetIsNobody() public {
        // The coins come back untouched: nothing was traded.
        expectNothingHappens(
            fillBy(address(0x1234), "anything"), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
    }

    function test_P13_trampoline_targetIsTheVault() public {
        expectNothingHappens(
            fillBy(address(vault), abi.encodeCall(IVault.withdraw, (address(weth), 1))), abi.encodeWithSelector(LOCKED)
        );
        Fill memory f = fillBy(address(vault), abi.encodeCall(IFullVault.uniswapV3SwapCallback, (1, 1, "")));
        expectNothingHappens(
            f,
            abi.encodeWithSelector(
                IVault.UnexpectedCallback.selector, executorOf(address(vault), WETH, USDC, f.data)
            )
        );
    }

    function test_P13_trampoline_targetIsTheTrampoline() public {
        // Run within itself, for the executor as its vault: with no input of its own it gets none.
        bytes memory inner = dataOf(address(router), address(router), 0, swapCall(0, 1, STRANGER));
        bytes memory callData =
            abi.encodeCall(IFiller.onFill, (address(weth), 1e18, address(usdc), 0, inner));
        expectNothingHappens(
            fillBy(address(trampoline), callData), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
    }

    /* ----------------------------------------------- re-entrance --------------------------------------------- */

    function test_P13_trampoline_vaultIsLockedWhileTheRouterRuns() public {
        PuppetOwner boss = new PuppetOwner();
        vault = IFullVault(factory.create(address(boss), address(boss), defaultPolicy(), defaultTargets(), "boss"));
        usdc.mint(address(vault), 40_000e6);
        wbtc.mint(address(vault), 0.5e8);
        weth.mint(address(vault), 10e18);
        vm.prank(address(boss));
        vault.begin();
        Slice memory s = slice();
        bytes[4] memory attempts = [
            abi.encodeCall(IVault.begin, ()),
            abi.encodeCall(IVault.fill, (s, many(fairFill(WETH, USDC, 1e18, 10_000)))),
            abi.encodeCall(IVault.withdraw, (address(weth), 1e18)),
            abi.encodeCall(IVault.finish, ())
        ];
        for (uint256 i; i < 4; ++i) {
            Call memory order =
                Call(address(boss), abi.encodeCall(PuppetOwner.run, (calls(Call(address(vault), attempts[i])))));
            Fill memory f = actingFill(order);
            expectFillRevert(address(boss), s, f, abi.encodeWithSelector(LOCKED));
        }
        assertNothingMoved();
    }

    /// A route that comes back into the trampoline finds nothing there, however it asks.
    function test_P13_trampoline_reentryFindsNothing() public {
        bytes memory inner = dataOf(address(router), address(router), 0, swapCall(0, 0, STRANGER));
        bytes memory greedy = dataOf(address(router), address(router), 0, swapCall(1, 0, STRANGER));
        bytes memory own = abi.encodeCall(IFiller.onFill, (address(weth), 1e18, address(usdc), 0, inner));
        bytes memory all = abi.encodeCall(IFiller.onFill, (address(weth), 1e18, address(usdc), 0, greedy));
        doFill(actingFill(Call(address(trampoline), own)));
        assertEq(weth.balanceOf(address(puppet)), 1e18, "what it was paid and no more");
        assertEq(held(USDC), 44_500e6, "the fill is as good as any");
        expectFillRevertAny(actingFill(Call(address(trampoline), all)));
    }

    /// The input is still at the executor while another part of the route runs: nobody else can get at it.
    function test_P13_trampoline_reentryCannotReachTheExecutor() public {
        bytes memory inner = abi.encodeCall(IFiller.onFill, (address(weth), 1e18, address(usdc), 0, new bytes(64)));
        Call[] memory list = calls(Call(address(trampoline), inner), minting(usdc, 4_500e6));
        // Nothing is pulled, so the whole input stays with the executor during the call, and comes back.
        expectNothingHappens(
            fillBy(address(puppet), abi.encodeCall(PuppetRouter.go, (address(0), 0, list))),
            abi.encodeWithSelector(IVault.BelowMinTrade.selector, 0, 1e8)
        );
        assertEq(weth.balanceOf(address(puppet)), 0, "reentrant caller");
    }

    /* -------------------------------------------- standing allowances ---------------------------------------- */

    function approveBy(address who, address token, bytes24 salt) private returns (address executor) {
        bytes memory data = dataOf(
            token, address(router), salt, abi.encodeCall(IERC20.approve, (address(thief), type(uint256).max))
        );
        executor = executorOf(who, address(weth), address(usdc), data);
        vm.prank(who);
        trampoline.onFill(address(weth), 0, address(usdc), 0, data);
    }

    /// A stranger makes the trampoline's address say "approve me" first. It never is the trampoline that says it.
    function test_P2_trampoline_standingAllowanceIsNotTheTrampolines() public {
        address old = approveBy(STRANGER, address(weth), "a");
        assertEq(weth.allowance(old, address(thief)), type(uint256).max, "granted by an address that is gone");
        assertEq(old.code.length, 0, "it is gone");
        assertEq(weth.allowance(address(trampoline), address(thief)), 0, "not by the trampoline");

        bytes memory data = dataOf(address(puppet), address(puppet), 0, "");
        address[] memory froms = new address[](4);
        (froms[0], froms[1], froms[2]) = (old, address(trampoline), address(vault));
        Call[] memory list = new Call[](3);
        // Before the router pulls, and with all of the input still at the executor:
        list[0] = Call(address(thief), abi.encodeCall(Thief.steal, (address(weth), froms, 1)));
        list[1] = minting(usdc, 4_500e6);
        list[2] = Call(address(thief), abi.encodeCall(Thief.steal, (address(weth), froms, 1)));
        data = dataOf(address(puppet), address(puppet), 0, abi.encodeCall(PuppetRouter.go, (address(weth), 1e18, list)));
        froms[3] = executorOf(address(vault), WETH, USDC, data);
        doFill(fillOf(WETH, USDC, 1e18, data));
        assertEq(thief.attempts(), 8, "tried");
        assertEq(thief.successes(), 0, "and got nothing");
        assertEq(held(USDC), 44_500e6, "the fill is as good as any");
    }

    /// Nobody can use up, or spoil beforehand, the address that another caller's fill will have.
    function test_P2_trampoline_nobodyElseCanMakeTheSameExecutor() public {
        Fill memory f = fillBy(address(router), swapCall(1e18, 4_500e6, address(0)));
        weth.mint(address(trampoline), 1e18);
        vm.prank(STRANGER);
        trampoline.onFill(address(weth), 1e18, address(usdc), 0, f.data); // the very same, but for the caller
        assertTrue(
            executorOf(address(vault), WETH, USDC, f.data) != executorOf(STRANGER, WETH, USDC, f.data), "addresses"
        );
        assertEq(usdc.balanceOf(STRANGER), 4_500e6, "his was a swap like any other");
        doFill(f);
        assertEq(held(USDC), 44_500e6, "so is the vault's");
    }

    /// Operators, as ERC-777 has them, are rights too, and no allowance shows them.
    function test_P2_trampoline_operatorsAreOfNoUse() public {
        ReceiveHookToken token = new ReceiveHookToken();
        oddVault(address(token));
        bytes memory data = dataOf(
            address(token),
            address(router),
            "op",
            abi.encodeCall(ReceiveHookToken.authorizeOperator, (address(thief)))
        );
        address old = executorOf(STRANGER, address(token), address(usdc), data);
        vm.prank(STRANGER);
        trampoline.onFill(address(token), 0, address(usdc), 0, data);
        assertTrue(token.isOperator(old, address(thief)), "granted");
        assertTrue(!token.isOperator(address(trampoline), address(thief)), "not by the trampoline");

        address[] memory froms = new address[](2);
        (froms[0], froms[1]) = (old, address(trampoline));
        // Told in the middle of each transfer to the trampoline: the one moment when it holds the input.
        token.setHooks(
            address(vault),
            ReceiveHookToken.Hook(address(0), ""),
            ReceiveHookToken.Hook(address(0), "")
        );
        token.setHooks(
            address(trampoline),
            ReceiveHookToken.Hook(address(0), ""),
            ReceiveHookToken.Hook(address(thief), abi.encodeCall(Thief.steal, (address(token), froms, 1)))
        );
        doFill(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
        assertEq(thief.successes(), 0, "nothing stolen");
        assertTrue(thief.attempts() != 0, "but tried");
    }

    /* -------------------------------------------------- gifts ------------------------------------------------ */

    /// Dust and fortunes alike: no fill is larger, smaller or refused because of what lies at the trampoline.
    function test_P8_trampoline_giftsChangeNothing() public {
        Fill memory f = fillBy(address(router), swapCall(1e18, 4_500e6, address(vault)));
        uint256 clean = vm.snapshotState();
        uint256[3] memory gifts = [uint256(1), 1e6, 100e18];
        for (uint256 i; i < 3; ++i) {
            weth.mint(address(trampoline), gifts[i]);
            usdc.mint(address(trampoline), gifts[i]);
            doFill(f);
            assertEq(held(WETH), 9e18, "sold");
            assertEq(held(USDC), 44_500e6, "bought");
            assertEq(weth.balanceOf(address(trampoline)), gifts[i], "the gift lies there still");
            vm.revertToState(clean);
        }
    }

    function test_P8_trampoline_giftsBelongToWhoeverCalls() public {
        weth.mint(address(trampoline), 5);
        vm.prank(STRANGER);
        trampoline.onFill(address(weth), 5, address(usdc), 0, dataOf(address(0x1234), address(router), 0, ""));
        assertEq(weth.balanceOf(STRANGER), 5, "swept");
        assertEq(weth.balanceOf(address(trampoline)), 0, "clean");
    }

    /// The address of a fill can be computed by whoever sees it coming. What is sent there comes to the vault.
    function test_P8_trampoline_giftsToTheExecutorAreTheVaults() public {
        Fill memory f = fillBy(address(router), swapCall(1e18, 4_500e6, address(vault)));
        address executor = executorOf(address(vault), WETH, USDC, f.data);
        weth.mint(executor, 1);
        usdc.mint(executor, 1);
        vm.deal(executor, 1);
        doFill(f);
        assertEq(held(WETH), 9e18 + 1, "sold");
        assertEq(held(USDC), 44_500e6 + 1, "bought");
    }

    function test_trampoline_etherIsNotTakenBack() public {
        vm.deal(address(router), 1);
        expectNothingHappens(
            fillBy(address(router), abi.encodeCall(Router.swapForEther, (address(weth), 1e18))),
            abi.encodeWithSelector(ITrampoline.EtherCameBack.selector)
        );
        (bool ok,) = address(trampoline).call{value: 0}("");
        assertTrue(!ok, "not payable");
    }

    /* -------------------------------------------------- bombs ------------------------------------------------ */

    function test_P2_trampoline_returnBombIsNotCopied() public {
        Fill memory plain = fillBy(address(router), swapCall(1e18, 4_500e6, address(vault)));
        Fill memory bomb = fillBy(
            address(router),
            abi.encodeCall(Router.swapAndBomb, (address(weth), 1e18, address(usdc), 4_500e6, address(vault)))
        );
        uint256 clean = vm.snapshotState();
        uint256 plainGas = gasOf(plain);
        vm.revertToState(clean);
        // A megabyte costs the router 2.2 million gas to expand its memory; copying it would cost us as much again.
        assertLt(gasOf(bomb), plainGas + 2_300_000, "gas");
        assertEq(held(USDC), 44_500e6, "bought");
    }

    function gasOf(Fill memory f) private returns (uint256 gas) {
        Slice memory s = slice();
        vm.prank(KEEPER);
        gas = gasleft();
        vault.fill(s, many(f));
        gas -= gasleft();
    }

    function test_P2_trampoline_gasBombRevertsAndNothingElse() public {
        expectRevertWithin(3_000_000, fillBy(address(router), abi.encodeCall(Router.burnGas, ())));
        expectRevertWithin(30_000_000, fillBy(address(router), abi.encodeCall(Router.revertBomb, ())));
    }

    function expectRevertWithin(uint256 gas, Fill memory f) private {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(f)));
        vm.prank(KEEPER);
        (bool ok,) = address(vault).call{gas: gas}(data);
        assertTrue(!ok, "bomb went through");
        assertNothingMoved();
    }

    /* ----------------------------------------------- odd tokens ---------------------------------------------- */

    uint8 private odd;
    uint8 private even;

    /// @dev 70,000 dollars of `token` and 30,000 of USDC, half and half wanted, an epoch open.
    function oddVault(address token) private {
        Target[] memory t = new Target[](2);
        (odd, even) = token < address(usdc) ? (0, 1) : (1, 0);
        t[odd] = target(Token(token), 5_000, 500, register(usdcFeed));
        t[even] = target(usdc, 5_000, 500, register(usdcFeed));
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, bytes32(bytes20(token))));
        IOddToken(token).mint(address(vault), 70_000e18);
        usdc.mint(address(vault), 30_000e6);
        begin();
    }

    function oddFill(uint256 amountIn, bytes memory data) private view returns (Fill memory) {
        return fillOf(odd, even, amountIn, data);
    }

    function oddSwap(address token, uint256 amountIn, uint256 out) private view returns (bytes memory) {
        return dataOf(
            address(router),
            address(router),
            0,
            abi.encodeCall(Router.swap, (token, amountIn, address(usdc), out, address(vault)))
        );
    }

    function assertSold(address token, uint256 amount) private view {
        assertEq(IOddToken(token).balanceOf(address(vault)), 70_000e18 - amount, "sold");
        assertEq(IOddToken(token).balanceOf(address(trampoline)), 0, "left at the trampoline");
        assertEq(IOddToken(token).allowance(address(vault), address(trampoline)), 0, "allowance");
        assertEq(IOddToken(token).allowance(address(trampoline), address(router)), 0, "allowance");
    }

    function test_P16_trampoline_tokenWithoutReturnValues() public {
        NoReturnToken token = new NoReturnToken();
        oddVault(address(token));
        doFill(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
        assertSold(address(token), 1_000e18);
    }

    /// USDT refuses to change an allowance that is not zero; here it always is.
    function test_P16_trampoline_tokenThatWantsAllowancesReset() public {
        StrictApproveToken token = new StrictApproveToken();
        oddVault(address(token));
        for (uint256 i; i < 3; ++i) {
            bytes memory callData =
                abi.encodeCall(Router.swap, (address(token), 900e18, address(usdc), 900e6, address(vault)));
            doFill(oddFill(1_000e18, dataOf(address(router), address(router), bytes24(uint192(i)), callData)));
        }
        assertSold(address(token), 2_700e18);
    }

    function test_P16_trampoline_tokenThatSaysNo() public {
        FalseToken token = new FalseToken();
        oddVault(address(token));
        expectFillRevert(
            oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)),
            abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(token))
        );
    }

    /// One percent is lost on each of three ways: to the trampoline, the executor and the router.
    function test_P16_trampoline_feeOnTransfer() public {
        FeeToken token = new FeeToken();
        oddVault(address(token));
        uint256 arrives = 1_000e18 * 99 * 99 / 10_000;
        doFill(oddFill(1_000e18, oddSwap(address(token), arrives, 990e6)));
        assertSold(address(token), 1_000e18);
        assertEq(token.balanceOf(address(router)), arrives * 99 / 100, "router");
        assertEq(vault.state().lossUsdE8, 10e8, "the vault counts what left it");
        // A router that pulls as much as the vault sent cannot.
        expectFillRevertAny(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
    }

    function test_P16_trampoline_rebasingDownDuringTheFill() public {
        RebasingToken token = new RebasingToken();
        oddVault(address(token));
        Call[] memory shrink = calls(
            Call(address(token), abi.encodeCall(RebasingToken.rebase, (99, 100))), minting(usdc, 1_000e6)
        );
        // Shrinks all balances by one percent while the executor holds the input: the vault has lost 700 of its
        // own in a fill of 1,000, and says no.
        bytes memory data = dataOf(
            address(puppet), address(puppet), 0, abi.encodeCall(PuppetRouter.go, (address(token), 1_000e18, shrink))
        );
        Fill memory f = oddFill(1_000e18, data);
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SpentTooMuch.selector);
        vm.prank(KEEPER);
        vault.fill(s, many(f));
        assertSold(address(token), 0);
    }

    /// A pot that shrinks with each transfer: less arrives than was sent, and less can be sold.
    function test_P16_trampoline_rebasingDownOnTransfer() public {
        RebasingToken token = new RebasingToken();
        oddVault(address(token));
        token.setDropOnTransfer(1);
        expectFillRevertAny(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
        assertSold(address(token), 0);
    }

    function test_P16_trampoline_blocklists() public {
        BlocklistToken token = new BlocklistToken();
        oddVault(address(token));
        Fill memory f = oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6));
        address executor = executorOf(address(vault), address(token), address(usdc), f.data);
        address[3] memory places = [address(trampoline), executor, address(router)];
        for (uint256 i; i < 3; ++i) {
            token.setBlocked(places[i], true);
            expectFillRevert(f, abi.encodeWithSelector(BlocklistToken.Blocked.selector, places[i]));
            token.setBlocked(places[i], false);
        }
        assertSold(address(token), 0);
        doFill(f);
        assertSold(address(token), 1_000e18);
    }

    /// The token tells the vault and the executor that nothing is missing and nothing arrived.
    function test_P16_trampoline_tokenThatLies() public {
        LyingToken token = new LyingToken();
        oddVault(address(token));
        Fill memory f = oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6));
        token.setLie(address(trampoline), true, 0); // nothing arrived: nothing can be sold
        expectFillRevertAny(f);
        token.setLie(address(trampoline), true, 1e30); // more than arrived: the fill's input and no more is used
        doFill(f);
        assertEq(token.trueBalanceOf(address(vault)), 69_000e18, "sold");
        assertEq(token.trueBalanceOf(address(trampoline)), 0, "nothing is left");
    }

    /// Somebody's own hook runs when the input arrives at the router: the vault is locked, the trampoline empty.
    function test_P13_trampoline_hookOfTheRecipient() public {
        ReceiveHookToken token = new ReceiveHookToken();
        oddVault(address(token));
        token.setHooks(
            address(router),
            ReceiveHookToken.Hook(address(0), ""),
            ReceiveHookToken.Hook(address(vault), abi.encodeCall(IVault.due, ()))
        );
        expectFillRevert(
            oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)), abi.encodeWithSelector(LOCKED)
        );
        token.setHooks(
            address(router),
            ReceiveHookToken.Hook(address(0), ""),
            ReceiveHookToken.Hook(
                address(trampoline),
                abi.encodeCall(
                    IFiller.onFill,
                    (address(token), 1_000e18, address(usdc), 0, dataOf(address(0x1234), address(router), 0, ""))
                )
            )
        );
        doFill(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
        assertEq(token.balanceOf(address(router)), 1_000e18, "what was sold");
        assertEq(token.balanceOf(address(token)), 0, "the reentrant caller got nothing");
    }

    /// The one moment at which the trampoline holds the input: between the vault's transfer and its call. A token that
    /// runs foreign code there lets the input be taken, and then the vault takes nothing but the price for it.
    function test_P2_trampoline_hookBetweenTransferAndCall() public {
        ReceiveHookToken token = new ReceiveHookToken();
        oddVault(address(token));
        bytes memory data = dataOf(address(0x1234), address(router), 0, "");
        token.setHooks(
            address(trampoline),
            ReceiveHookToken.Hook(address(0), ""),
            ReceiveHookToken.Hook(
                address(trampoline), abi.encodeCall(IFiller.onFill, (address(token), 1_000e18, address(usdc), 0, data))
            )
        );
        expectFillRevertAny(oddFill(1_000e18, oddSwap(address(token), 1_000e18, 1_000e6)));
        // Nor does it help to have the route bring less: the input is gone, so nothing below its price will do.
        expectFillRevert(
            oddFill(1_000e18, oddSwap(address(token), 0, 989e6)),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 989e6, 990e6)
        );
        assertSold(address(token), 0);
        assertEq(token.balanceOf(address(token)), 0, "the thief has nothing");
    }
}
