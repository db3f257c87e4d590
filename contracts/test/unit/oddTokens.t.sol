// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Policy, Slice, Target, Venue} from "../../src/interfaces/IVault.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BlocklistToken, LyingToken, RebasingToken, ReceiveHookToken} from "../mocks/HostileTokens.sol";
import {Call} from "../mocks/Strangers.sol";
import {FalseToken, FeeToken, HookToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

interface IMintableToken {
    function mint(address to, uint256 amount) external;
    function decimals() external view returns (uint8);
}

/// Fills with tokens that are not quite what the standard says. All of them are worth one dollar here.
contract OddTokensTest is Fixture {
    uint8 private odd;
    uint8 private even;

    /// @dev 70,000 dollars of one and 30,000 of the other, half and half wanted, an epoch open.
    function vaultOf(address token, bool sellOdd) private {
        Target[] memory t = new Target[](2);
        (odd, even) = token < address(usdc) ? (0, 1) : (1, 0);
        t[odd] = target(Token(token), 5_000, 500, register(usdcFeed));
        t[even] = target(usdc, 5_000, 500, register(usdcFeed));
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, bytes32(bytes20(token))));
        IMintableToken(token).mint(address(vault), (sellOdd ? 70_000 : 30_000) * 10 ** IMintableToken(token).decimals());
        usdc.mint(address(vault), sellOdd ? 30_000e6 : 70_000e6);
        begin();
    }

    function fillOf(uint8 sell, uint8 buy, uint256 amountIn, Call memory act) private view returns (Fill memory) {
        return Fill(sell, buy, Venue.Filler, address(filler), uint128(amountIn), 0, abi.encode(calls(act)));
    }

    function test_P16_fill_sellsATokenWithoutReturnValue() public {
        NoReturnToken token = new NoReturnToken();
        vaultOf(address(token), true);
        doFill(fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)));
        assertEq(token.balanceOf(address(vault)), 69_000e18, "sold");
        assertEq(token.balanceOf(address(filler)), 1_000e18, "arrived");
    }

    function test_P16_fill_cannotSellATokenThatSaysNo() public {
        FalseToken token = new FalseToken();
        vaultOf(address(token), true);
        expectFillRevert(
            fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)),
            abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(token))
        );
    }

    /// What counts is what left and what came: the fee is the fill's loss.
    function test_P16_fill_boughtCoinsCountWhenTheyArrive() public {
        FeeToken token = new FeeToken();
        token.mint(address(filler), 1_000e18);
        vaultOf(address(token), false);
        Call memory pay = Call(address(token), abi.encodeCall(IERC20.transfer, (address(vault), 1_000e18)));
        doFill(fillOf(even, odd, 1_000e6, pay));
        assertEq(token.balanceOf(address(vault)), 30_990e18, "arrived");
        assertEq(vault.state().lossUsdE8, 10e8, "the fee");

        token.mint(address(filler), 999e18);
        pay = Call(address(token), abi.encodeCall(IERC20.transfer, (address(vault), 999e18)));
        expectFillRevert(
            fillOf(even, odd, 1_000e6, pay),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 999e18 - 9.99e18, 990e18)
        );
    }

    function test_P16_fill_soldCoinsCountWhenTheyLeave() public {
        FeeToken token = new FeeToken();
        vaultOf(address(token), true);
        doFill(fillOf(odd, even, 1_000e18, minting(usdc, 990e6)));
        assertEq(token.balanceOf(address(filler)), 990e18, "the filler got less");
        assertEq(token.balanceOf(address(vault)), 69_000e18, "the vault gave all");
        assertEq(vault.state().lossUsdE8, 10e8, "loss");
    }

    function test_P13_fill_aTokenWithHooksCannotReenter() public {
        HookToken token = new HookToken();
        vaultOf(address(token), true);
        token.setHook(address(vault), abi.encodeCall(IVault.due, ()));
        expectFillRevert(
            fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)),
            abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
    }

    function test_P16_fill_noDecimals() public {
        Token token = new Token(0);
        vaultOf(address(token), true);
        doFill(fillOf(odd, even, 1_000, minting(usdc, 1_000e6)));
        assertEq(token.balanceOf(address(vault)), 69_000, "sold");
    }

    /* -------------------------------------------- tokens that mean harm ------------------------------------- */

    function test_P16_fill_aTokenThatBlocksTheVenue() public {
        BlocklistToken token = new BlocklistToken();
        vaultOf(address(token), true);
        token.setBlocked(address(filler), true);
        expectFillRevert(
            fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)),
            abi.encodeWithSelector(BlocklistToken.Blocked.selector, filler)
        );
    }

    /// What the issuer froze stays, the rest leaves, and what was frozen leaves when it thaws.
    function test_P17_fill_aTokenThatBlocksTheVault() public {
        BlocklistToken token = new BlocklistToken();
        vaultOf(address(token), true);
        token.setBlocked(address(vault), true);
        expectFillRevertAny(fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)));
        vm.prank(OWNER);
        vault.withdraw(address(usdc), type(uint256).max);
        assertEq(usdc.balanceOf(OWNER), 30_000e6, "the rest");
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(token)));
        vm.prank(OWNER);
        vault.withdraw(address(token), type(uint256).max);
        token.setBlocked(address(vault), false);
        vm.prank(OWNER);
        vault.withdraw(address(token), type(uint256).max);
        assertEq(token.balanceOf(OWNER), 70_000e18, "later");
    }

    /// A pot that shrinks between plan and fill only makes the fill smaller.
    function test_P16_fill_aTokenThatRebasedDownBefore() public {
        RebasingToken token = new RebasingToken();
        vaultOf(address(token), true);
        token.rebase(8, 10); // 56,000 held; 50,000 wanted, by the NAV of the begin
        doFill(fillOf(odd, even, 10_000e18, minting(usdc, 6_000e6)));
        assertEq(token.balanceOf(address(vault)), 50_000e18, "to the target");
    }

    function test_P2_fill_aTokenThatRebasesDownWhileItIsSold() public {
        RebasingToken token = new RebasingToken();
        vaultOf(address(token), true);
        token.setDropOnTransfer(1); // one basis point of 70,000 is gone, beyond what was sold
        Slice memory s = slice();
        Fill memory f = fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6));
        vm.expectPartialRevert(IVault.SpentTooMuch.selector);
        fillAs(KEEPER, s, f);
    }

    function test_P2_fill_aTokenThatRebasesDownWhileItIsBought() public {
        RebasingToken token = new RebasingToken();
        vaultOf(address(token), false);
        Call[] memory list = new Call[](2);
        list[0] = Call(address(token), abi.encodeCall(Token.mint, (address(vault), 1_000e18)));
        list[1] = Call(address(token), abi.encodeCall(RebasingToken.rebase, (999, 1_000)));
        Fill memory f = Fill(even, odd, Venue.Filler, address(filler), 1_000e6, 0, abi.encode(list));
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector); // 31 dollars of 1,000 are gone
        fillAs(KEEPER, s, f);
    }

    /// The arithmetic refuses, which holds back trading and nothing else.
    function test_P16_fill_aTokenThatClaimsAbsurdBalances() public {
        LyingToken token = new LyingToken();
        vaultOf(address(token), true);
        token.setLie(address(vault), true, type(uint256).max);
        expectFillRevertAny(fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)));
        vm.prank(OWNER);
        vault.withdraw(address(token), 70_000e18);
        token.setLie(address(vault), false, 0);
        assertEq(token.balanceOf(OWNER), 70_000e18, "all of it");
    }

    function test_P13_fill_aTokenThatTellsItsRecipientsCannotReenter() public {
        ReceiveHookToken token = new ReceiveHookToken();
        vaultOf(address(token), true);
        ReceiveHookToken.Hook memory none;
        ReceiveHookToken.Hook memory hook =
            ReceiveHookToken.Hook(address(vault), abi.encodeCall(IVault.withdraw, (address(usdc), 1)));
        token.setHooks(address(filler), none, hook);
        expectFillRevert(
            fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)),
            abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
        token.setHooks(address(vault), hook, none); // whose own hook was set by somebody else
        expectFillRevert(
            fillOf(odd, even, 1_000e18, minting(usdc, 1_000e6)),
            abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
        );
    }

    /// The tip goes to whoever trades: he may be told of it, but nothing can be done in the middle of it.
    function test_P13_tip_cannotBeReentered() public {
        ReceiveHookToken token = new ReceiveHookToken();
        vaultOf(address(token), false);
        Policy memory p = defaultPolicy();
        p.tipBps = 20;
        p.maxTipUsdE2 = 5_00;
        p.tipPerDayUsdE2 = 5_00;
        setPolicy(p);
        begin();
        ReceiveHookToken.Hook memory none;
        bytes[3] memory list = [
            abi.encodeCall(IVault.begin, ()),
            abi.encodeCall(IVault.finish, ()),
            abi.encodeCall(IVault.fill, (slice(), new Fill[](0)))
        ];
        Call memory pay = Call(address(token), abi.encodeCall(Token.mint, (address(vault), 1_000e18)));
        for (uint256 i; i < list.length; ++i) {
            token.setHooks(KEEPER, none, ReceiveHookToken.Hook(address(vault), list[i]));
            expectFillRevert(
                fillOf(even, odd, 1_000e6, pay), abi.encodeWithSignature("ReentrancyGuardReentrantCall()")
            );
        }
        token.setHooks(KEEPER, none, none);
        doFill(fillOf(even, odd, 1_000e6, pay));
        assertEq(token.balanceOf(KEEPER), 2e18, "tip");
        assertEq(token.balanceOf(address(vault)), 30_998e18, "what remains");
    }
}
