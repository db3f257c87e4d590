// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Slice, State} from "../../src/interfaces/IVault.sol";
import {ForgetfulVault} from "./Broken.sol";
import {Proof} from "./Proof.sol";

/// @notice No slice is used twice: a fill takes the slice that the vault expects and moves the expectation on; beginning
///         moves it into a new epoch; nothing else moves it. From any state, so that by induction over any history the
///         pair (epoch, sequence) of a slice that went through never comes again.
contract SliceProof is Proof {
    function setUp() public override {
        super.setUp();
        driftAndBegin();
    }

    /// @dev For one fill of one ether at a fair price. All times that the vault has stored are any, so now need not be. What
    function check_P25_fill_usesUpTheSliceThatIsExpected() public {
        anyStateOfThisValue();
        State memory before = vault.state();
        Slice memory s = anySlice();

        if (!callVault(KEEPER, fillCall(s, fairFill(WETH, USDC, 1e18, 10_000)))) return;
        State memory later = vault.state();
        assert(s.epoch == before.epoch && s.sequence == before.sequence);
        assert(later.epoch == before.epoch && later.sequence == before.sequence + 1);
    }

    function witness_fill_isReached() public {
        anyStateOfThisValue();
        assert(!callVault(KEEPER, fillCall(anySlice(), fairFill(WETH, USDC, 1e18, 10_000))));
    }

    function check_P25_begin_opensAnEpochThatNeverWas() public {
        anyState();
        State memory before = vault.state();

        if (!callVault(KEEPER, abi.encodeCall(IVault.begin, ()))) return;
        State memory later = vault.state();
        assert(later.epoch == before.epoch + 1 && later.sequence == 0);
    }

    function witness_begin_isReached() public {
        anyState();
        assert(!callVault(KEEPER, abi.encodeCall(IVault.begin, ())));
    }

    // Whoever calls whatever else: the next slice stays the same one.

    function check_P25_nothingElse_movesTheExpectation_movingCoins(address sender, uint8 which) public {
        _nothingElse(sender, aCallThatMovesCoins(which));
    }

    function check_P25_nothingElse_movesTheExpectation_changingRules(address sender, uint8 which) public {
        _nothingElse(sender, aCallThatChangesRules(which));
    }

    function check_P25_nothingElse_movesTheExpectation_changingPowers(address sender, uint8 which) public {
        _nothingElse(sender, aCallThatChangesPowers(which));
    }

    function check_P25_nothingElse_movesTheExpectation_judging(address sender, uint8 which) public {
        // From any state but for the value of the epoch: what is computed from it would be more than a solver can do.
        bytes memory data = aCallThatJudges(which);
        anyStateOfThisValue();
        _callAndLook(sender, data);
    }

    /// @dev Must be refuted: the same, of a vault that forgets how far it was.
    function witness_nothingElse_noticesAStepBack(address sender) public {
        vm.etch(address(vault), address(new ForgetfulVault(factory.implementation())).code);
        _nothingElse(sender, abi.encodeCall(IVault.pause, ()));
    }

    function _nothingElse(address sender, bytes memory data) private {
        anyState();
        _callAndLook(sender, data);
    }

    function _callAndLook(address sender, bytes memory data) private {
        State memory before = vault.state();

        if (!callVaultWithEther(sender, data)) return;
        State memory later = vault.state();
        assert(later.epoch == before.epoch && later.sequence == before.sequence);
    }
}
