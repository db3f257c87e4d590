// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Target} from "../../src/interfaces/IVault.sol";
import {FalseToken, FeeToken, NoReturnToken, Token} from "../mocks/Tokens.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

contract DepositTest is Fixture {
    function depositAs(address who, address token, uint256 amount) private {
        vm.prank(who);
        vault.deposit(token, amount);
    }

    /// @dev A vault of WETH and `odd`, in address order.
    function vaultWith(address odd) private {
        Target[] memory t = new Target[](2);
        bytes32 feed = register(wethFeed);
        (uint256 i, uint256 j) = odd < address(weth) ? (0, 1) : (1, 0);
        t[i] = target(Token(odd), 5_000, 500, feed);
        t[j] = target(weth, 5_000, 500, feed);
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, bytes32(bytes20(odd))));
    }

    function test_deposit_pullsExactlyTheAmount() public {
        usdc.mint(OWNER, 100e6);
        vm.prank(OWNER);
        usdc.approve(address(vault), 100e6);
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(usdc), OWNER, 60e6);
        depositAs(OWNER, address(usdc), 60e6);
        assertEq(held(USDC), 40_060e6, "vault");
        assertEq(usdc.balanceOf(OWNER), 40e6, "owner");
    }

    function test_deposit_refusesOthers() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        depositAs(KEEPER, address(usdc), 1);
    }

    function test_deposit_refusesZero() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToDeposit.selector));
        depositAs(OWNER, address(usdc), 0);
    }

    function test_deposit_refusesUnlistedTokens() public {
        Token other = new Token(18);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnknownToken.selector, address(other)));
        depositAs(OWNER, address(other), 1);
    }

    function test_deposit_refusesWithoutApproval() public {
        usdc.mint(OWNER, 100e6);
        vm.expectRevert();
        depositAs(OWNER, address(usdc), 1);
    }

    function test_P10_deposit_closesAnOpenEpoch() public {
        driftAndBegin();
        usdc.mint(OWNER, 1e6);
        vm.prank(OWNER);
        usdc.approve(address(vault), 1e6);
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        depositAs(OWNER, address(usdc), 1e6);
        assertTrue(!isOpen(), "closed");
    }

    function test_P18_deposit_worksWhilePaused() public {
        vm.prank(OWNER);
        vault.pause();
        test_deposit_pullsExactlyTheAmount();
    }

    function test_P16_deposit_reportsWhatArrived() public {
        FeeToken odd = new FeeToken();
        vaultWith(address(odd));
        odd.mint(OWNER, 100e18);
        vm.prank(OWNER);
        odd.approve(address(vault), 100e18);
        vm.expectEmit(address(vault));
        emit IVault.Deposited(address(odd), OWNER, 99e18);
        depositAs(OWNER, address(odd), 100e18);
    }

    function test_P16_deposit_worksWithoutReturnValue() public {
        NoReturnToken odd = new NoReturnToken();
        vaultWith(address(odd));
        odd.mint(OWNER, 5);
        vm.prank(OWNER);
        odd.approve(address(vault), 5);
        depositAs(OWNER, address(odd), 5);
        assertEq(odd.balanceOf(address(vault)), 5, "arrived");
    }

    function test_P16_deposit_refusesWhenTheTokenSaysNo() public {
        FalseToken odd = new FalseToken();
        vaultWith(address(odd));
        odd.mint(OWNER, 5);
        vm.expectRevert(abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(odd)));
        depositAs(OWNER, address(odd), 5);
    }
}
