// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Target} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {BreakableToken, FalseToken, FeeToken, HookToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {Vm} from "../utils/Test.sol";

contract WithdrawTest is Fixture {
    function withdrawAs(address who, address token, uint256 amount) private {
        vm.prank(who);
        vault.withdraw(token, amount);
    }

    function test_P4_withdraw_sendsToTheOwner() public {
        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(address(usdc), 1_000e6, 39_000e6);
        withdrawAs(OWNER, address(usdc), 1_000e6);
        assertEq(usdc.balanceOf(OWNER), 1_000e6, "owner");
    }

    function test_withdraw_maxIsEverything() public {
        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(address(weth), 10e18, 0);
        withdrawAs(OWNER, address(weth), type(uint256).max);
        assertEq(weth.balanceOf(OWNER), 10e18, "owner");
    }

    function test_withdraw_anyTokenListedOrNot() public {
        Token other = new Token(27);
        other.mint(address(vault), 77);
        withdrawAs(OWNER, address(other), type(uint256).max);
        assertEq(other.balanceOf(OWNER), 77, "owner");
    }

    function test_withdraw_nothingIsNothing() public {
        Token other = new Token(18);
        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(address(other), 0, 0);
        withdrawAs(OWNER, address(other), type(uint256).max);
    }

    function test_withdraw_refusesEverybodyElse() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        withdrawAs(KEEPER, address(usdc), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        withdrawAs(STRANGER, address(usdc), 1);
    }

    function test_withdraw_refusesMoreThanThereIs() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(usdc)));
        withdrawAs(OWNER, address(usdc), 40_000e6 + 1);
    }

    function test_withdraw_refusesAddressesWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(0x77)));
        withdrawAs(OWNER, address(0x77), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(0x77)));
        withdrawAs(OWNER, address(0x77), type(uint256).max);
    }

    function test_P10_withdraw_closesAnOpenEpoch() public {
        driftAndBegin();
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        withdrawAs(OWNER, address(usdc), 1);
        assertTrue(!isOpen(), "closed");
    }

    /* -------------------------------------------- in every state -------------------------------------------- */

    function leaveWithEverything() private {
        vm.prank(OWNER);
        vault.withdrawAll(new address[](0));
        assertEq(usdc.balanceOf(OWNER), 40_000e6, "USDC");
        assertEq(wbtc.balanceOf(OWNER), 0.5e8, "WBTC");
        assertEq(weth.balanceOf(OWNER), 10e18, "WETH");
    }

    function killEveryOracle() private {
        usdcFeed.setMode(Feed.Mode.Revert);
        wbtcFeed.setMode(Feed.Mode.BurnGas);
        vm.etch(address(wethFeed), "");
        vm.etch(address(hub), "");
    }

    function test_P4_withdrawAll_withEveryOracleDead() public {
        killEveryOracle();
        leaveWithEverything();
    }

    function test_P18_withdrawAll_whilePaused() public {
        vm.prank(OWNER);
        vault.pause();
        leaveWithEverything();
    }

    function test_P10_withdrawAll_inAnOpenEpoch() public {
        driftAndBegin();
        leaveWithEverything();
        assertTrue(!isOpen(), "closed");
    }

    function test_P21_withdrawAll_afterAnExpiredEpoch() public {
        driftAndBegin();
        vm.warp(T0 + 10 days);
        leaveWithEverything();
    }

    function test_P18_withdrawAll_pausedInAnEpochWithDeadOraclesAndNoFactory() public {
        driftAndBegin();
        vm.prank(OWNER);
        vault.pause();
        killEveryOracle();
        vm.etch(address(factory), "");
        vm.etch(vault.rulebook(), "");
        leaveWithEverything();
    }

    function test_withdrawAll_refusesEverybodyElse() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.withdrawAll(new address[](0));
    }

    function test_withdrawAll_leavesOutWhatIsEmptyAndWhatIsSkipped() public {
        wbtc.burn(address(vault), 0.5e8);
        address[] memory skip = new address[](1);
        skip[0] = address(usdc);
        vm.recordLogs();
        vm.prank(OWNER);
        vault.withdrawAll(skip);
        assertEq(countLogs(IVault.Withdrawn.selector), 1, "WETH only");
        assertEq(held(USDC), 40_000e6, "USDC stays");
        assertEq(weth.balanceOf(OWNER), 10e18, "WETH");
    }

    function countLogs(bytes32 topic) private returns (uint256 n) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++n;
        }
    }

    /* --------------------------------------------- broken tokens -------------------------------------------- */

    function withBroken() private returns (BreakableToken odd) {
        odd = new BreakableToken();
        Target[] memory t = new Target[](2);
        bytes32 feed = register(wethFeed);
        (uint256 i, uint256 j) = address(odd) < address(weth) ? (0, 1) : (1, 0);
        t[i] = target(Token(address(odd)), 5_000, 500, feed);
        t[j] = target(Token(address(weth)), 5_000, 500, feed);
        vm.prank(OWNER);
        vault.setTargets(t);
        odd.mint(address(vault), 3e18);
    }

    function expectAllButOdd(BreakableToken odd) private {
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(odd)));
        vm.prank(OWNER);
        vault.withdrawAll(new address[](0));
        address[] memory skip = new address[](1);
        skip[0] = address(odd);
        vm.prank(OWNER);
        vault.withdrawAll(skip);
        assertEq(weth.balanceOf(OWNER), 10e18, "the rest is out");
    }

    function test_P17_withdrawAll_aTokenThatDoesNotMove() public {
        BreakableToken odd = withBroken();
        odd.breakTransfer(true);
        expectAllButOdd(odd);
        odd.breakTransfer(false); // and once it works again, it is still there
        withdrawAs(OWNER, address(odd), type(uint256).max);
        assertEq(odd.balanceOf(OWNER), 3e18, "later");
    }

    function test_P17_withdrawAll_aTokenThatDoesNotTell() public {
        BreakableToken odd = withBroken();
        odd.breakBalance(true);
        expectAllButOdd(odd);
        odd.breakBalance(false);
        odd.shortenBalance(true);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(odd)));
        withdrawAs(OWNER, address(odd), type(uint256).max);
    }

    function test_P17_withdraw_byAmountNeedsNoBalance() public {
        BreakableToken odd = withBroken();
        odd.breakBalance(true);
        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(address(odd), 2e18, type(uint256).max); // what remains cannot be told
        withdrawAs(OWNER, address(odd), 2e18);
        odd.breakBalance(false);
        assertEq(odd.balanceOf(OWNER), 2e18, "out");
    }

    function test_P16_withdraw_oddTokens() public {
        NoReturnToken silent = new NoReturnToken();
        silent.mint(address(vault), 5);
        withdrawAs(OWNER, address(silent), 5);
        assertEq(silent.balanceOf(OWNER), 5, "no return value");

        FeeToken taxed = new FeeToken();
        taxed.mint(address(vault), 100);
        vm.expectEmit(address(vault));
        emit IVault.Withdrawn(address(taxed), 100, 0);
        withdrawAs(OWNER, address(taxed), type(uint256).max);
        assertEq(taxed.balanceOf(OWNER), 99, "fee on transfer");

        FalseToken no = new FalseToken();
        no.mint(address(vault), 5);
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(no)));
        withdrawAs(OWNER, address(no), 5);
    }

    function test_P13_withdraw_cannotBeReentered() public {
        HookToken hook = new HookToken();
        hook.mint(address(vault), 5);
        hook.setHook(address(vault), abi.encodeCall(IVault.due, ()));
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(hook)));
        withdrawAs(OWNER, address(hook), 5);
        hook.setHook(address(0), "");
        withdrawAs(OWNER, address(hook), 5);
    }
}
