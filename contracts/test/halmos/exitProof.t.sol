// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../../src/interfaces/IVault.sol";
import {Proof} from "./Proof.sol";

/// @notice Nobody but the owner, and no state of the vault, can stop the owner from leaving. The tokens are well-behaved:
///         what a broken one can do is its issuer's power, and is tested in unit/withdraw.
contract ExitProof is Proof {
    /// @dev Whatever the vault stores, whoever owns it, whenever it is, with everybody else gone.
    function check_P4_withdraw_cannotBeStopped(uint256 gift, uint256 amount) public {
        usdc.mint(address(vault), gift);
        uint256 has = usdc.balanceOf(address(vault));
        vm.assume(amount <= has && amount != type(uint256).max);
        anyStorage();
        address owner = vault.owner();
        vm.assume(owner != address(vault));
        uint256 had = usdc.balanceOf(owner);
        theExtensionIsGone();
        everybodyElseIsGone();
        anyTime();

        assert(callVault(owner, abi.encodeCall(IVault.withdraw, (address(usdc), amount))));
        assert(usdc.balanceOf(owner) == had + amount);
        assert(usdc.balanceOf(address(vault)) == has - amount);
    }

    function check_P4_withdraw_ofTheWholeCannotBeStopped(uint256 gift) public {
        usdc.mint(address(vault), gift);
        uint256 has = usdc.balanceOf(address(vault));
        anyStorage();
        address owner = vault.owner();
        vm.assume(owner != address(vault));
        uint256 had = usdc.balanceOf(owner);
        theExtensionIsGone();
        everybodyElseIsGone();
        anyTime();

        assert(callVault(owner, abi.encodeCall(IVault.withdraw, (address(usdc), type(uint256).max))));
        assert(usdc.balanceOf(owner) == had + has);
        assert(usdc.balanceOf(address(vault)) == 0);
    }

    /// @dev The list of tokens lies in the vault's own code, and after a change of the rules in another. The owner is whoever
    ///      was moved in.
    function check_P17_withdrawAll_cannotBeStopped(uint256 gift, address heir) public {
        _withdrawAllCannotBeStopped(gift, heir);
    }

    function check_P17_withdrawAll_afterAChangeOfRulesCannotBeStopped(uint256 gift, address heir) public {
        theRulesWereChanged();
        _withdrawAllCannotBeStopped(gift, heir);
    }

    function _withdrawAllCannotBeStopped(uint256 gift, address heir) private {
        usdc.mint(address(vault), gift);
        uint256 has = usdc.balanceOf(address(vault));
        anyState();
        vm.store(address(vault), MOVED_OWNER, bytes32(uint256(uint160(heir))));
        address owner = vault.owner();
        vm.assume(owner != address(vault));
        uint256 had = usdc.balanceOf(owner);
        everybodyElseIsGone();
        anyTime();

        assert(callVault(owner, abi.encodeCall(IVault.withdrawAll, (new address[](0)))));
        assert(usdc.balanceOf(owner) == had + has);
        assert(usdc.balanceOf(address(vault)) == 0);
        assert(wbtc.balanceOf(address(vault)) == 0);
        assert(weth.balanceOf(address(vault)) == 0);
    }

    /// @dev And nobody else can take anything, whoever he is and whatever he asks for.
    function check_P18_withdraw_isTheOwnersAlone(address sender, address token, uint256 amount) public {
        anyStorage();
        vm.assume(sender != vault.owner());
        anyTime();

        assert(!callVault(sender, abi.encodeCall(IVault.withdraw, (token, amount))));
    }

    /// @dev Must be refuted: the vault that the proofs speak of can be empty, and can have given everything away.
    function witness_withdraw_isReached(uint256 amount) public {
        anyStorage();
        address owner = vault.owner();
        anyTime();
        assert(!callVault(owner, abi.encodeCall(IVault.withdraw, (address(usdc), amount))));
    }
}
