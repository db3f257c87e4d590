// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, State} from "../../src/interfaces/IVault.sol";
import {RebalanceMath} from "../../src/libraries/RebalanceMath.sol";
import {Proof} from "./Proof.sol";

/// @notice What an epoch can lose. Two halves: a fill that goes through adds at least its loss to the bucket and leaves
///         it no fuller than the budget (on the vault itself, prices and value being the fixture's); and a bucket that
///         is never fuller than the budget bounds the sum of what was poured (on the arithmetic, for all numbers).
contract LossProof is Proof {
    uint256 private constant DAY_S = 86_400;

    function setUp() public override {
        super.setUp();
        driftAndBegin();
    }

    /// @dev From any state, at any time, for an ether that is sold at the worst price allowed, at half that, and fairly:
    ///      other prices only change a number that is added. One ether is worth 4,500 dollars.
    function check_P1_fill_poursItsLossIntoTheBucket(uint8 which) public {
        uint256 bps = which == 0 ? 9_900 : which == 1 ? 9_950 : 10_000;
        uint256 lost = 45e4 * (10_000 - bps) * 1e2;
        Fill memory f = fairFill(WETH, USDC, 1e18, bps);
        anyStateOfThisValue();
        State memory before = vault.state();
        vm.assume(before.lastSliceAt <= block.timestamp);

        if (!callVault(KEEPER, fillCall(anySlice(), f))) return;
        State memory later = vault.state();
        uint256 cap = uint256(defaultPolicy().lossBpsPerDay) * before.epochNavUsdE8 / 10_000;
        uint256 leaked = cap * (block.timestamp - before.lastSliceAt) / DAY_S;
        uint256 left = before.lossUsdE8 > leaked ? before.lossUsdE8 - leaked : 0;
        assert(later.lossUsdE8 <= cap);
        assert(later.lossUsdE8 >= left + lost);
    }

    function witness_fill_canLose() public {
        anyStateOfThisValue();
        assert(!callVault(KEEPER, fillCall(anySlice(), fairFill(WETH, USDC, 1e18, 9_900))));
    }

    /// @dev One step, for all numbers as wide as the vault keeps them: what is poured in is in it, or has leaked. So over
    ///      any number of fills the losses sum up to no more than the last level, at most the budget, and what leaked.
    function check_P1_bucket_forgetsNothing(uint96 level, uint96 cap, uint40 elapsedS, uint96 loss) public pure {
        uint256 leaked = uint256(cap) * elapsedS / DAY_S;
        assert(RebalanceMath.lossLevel(level, cap, elapsedS, loss) + leaked >= uint256(level) + loss);
    }
}
