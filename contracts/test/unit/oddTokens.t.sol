// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Target, Venue} from "../../src/interfaces/IVault.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
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
}
