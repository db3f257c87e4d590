// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";

import {IVault, Target} from "../../src/interfaces/IVault.sol";
import {Feed} from "../mocks/Feeds.sol";
import {BreakableToken, FalseToken, FeeToken, HookToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";
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

    /* ------------------------------------------ when all else is gone --------------------------------------- */

    /// @dev Everything but the vault's own half and the tokens fails from now on, and burns all gas it is given.
    function breakAllElse() private {
        address owner = vault.owner();
        vm.prank(owner);
        vault.setPolicy(defaultPolicy()); // the first rules lie in the vault's own code, these in code of their own
        address[7] memory rest = [
            vault.extension(),
            vault.rulebook(),
            address(hub),
            address(factory),
            address(usdcFeed),
            address(wethFeed),
            LibRLP.computeAddress(address(vault), 1) // the rules
        ];
        for (uint256 i; i < rest.length; ++i) {
            vm.etch(rest[i], hex"fe");
        }
    }

    function leaveOneByOne(address who) private {
        for (uint8 i; i < 3; ++i) {
            uint256 had = held(i);
            withdrawAs(who, address(tokenOf(i)), type(uint256).max);
            assertEq(tokenOf(i).balanceOf(who), had, "out");
        }
    }

    function test_P4_withdraw_needsNothingElse() public {
        breakAllElse();
        leaveOneByOne(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, STRANGER));
        withdrawAs(STRANGER, address(usdc), 0);
    }

    function test_P4_withdraw_needsNothingElseInTheMiddleOfAnEpoch() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 1e18, 10_000));
        breakAllElse();
        leaveOneByOne(OWNER);
    }

    function test_P18_withdraw_needsNothingElseWhilePaused() public {
        vm.prank(OWNER);
        vault.pause();
        breakAllElse();
        leaveOneByOne(OWNER);
    }

    function test_P18_withdraw_needsNothingElseWhileTheGuardianPauses() public {
        vm.prank(OWNER);
        vault.setGuardian(STRANGER);
        vm.prank(STRANGER);
        vault.guardianPause(7 days);
        breakAllElse();
        leaveOneByOne(OWNER);
    }

    function test_P7_withdraw_needsNothingElseWhileStopped() public {
        vm.store(address(vault), 0, bytes32(uint256(6 << 216 | 1 << 248))); // stopped, a reference live
        assertEq(vault.state().stopped, 6, "stopped");
        assertTrue(vault.state().referenceLive, "live");
        breakAllElse();
        leaveOneByOne(OWNER);
    }

    function test_P18_withdraw_needsNothingElseAfterTheVaultChangedHands() public {
        address heir = address(0xC0FFEE);
        vm.prank(OWNER);
        vault.transferOwnership(heir);
        uint256 id = vm.snapshotState();
        breakAllElse();
        leaveOneByOne(OWNER); // until the heir has accepted
        vm.revertToState(id);
        vm.prank(heir);
        vault.acceptOwnership();
        breakAllElse();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, OWNER));
        withdrawAs(OWNER, address(usdc), 1);
        leaveOneByOne(heir);
    }

    /// As the README tells it to somebody who has nothing but a block explorer.
    function test_P4_withdraw_byHand() public {
        breakAllElse();
        vm.prank(OWNER);
        (bool ok,) = address(vault).call(abi.encodePacked(hex"f3fef3a3", uint256(uint160(address(weth))), type(uint256).max));
        assertTrue(ok, "withdraw(address,uint256)");
        assertEq(weth.balanceOf(OWNER), 10e18, "out");
    }

    function test_withdraw_fromAVaultWithoutTargets() public {
        vault = IFullVault(factory.create(OWNER, address(0), defaultPolicy(), new Target[](0), "bare"));
        usdc.mint(address(vault), 5e6);
        withdrawAs(OWNER, address(usdc), type(uint256).max);
        assertEq(usdc.balanceOf(OWNER), 5e6, "out");
    }

    /// Not even with a sequence number, a time and a loss at the ends of their ranges.
    function test_P4_withdraw_whateverTheFirstWordHolds() public {
        uint256 all = type(uint256).max ^ 1 << 249; // but for the bit that says that somebody else owns the vault
        vm.store(address(vault), 0, bytes32(all));
        leaveOneByOne(OWNER);
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
