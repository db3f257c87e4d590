// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Venue} from "../../src/interfaces/IVault.sol";
import {LyingBalancer, LyingManager} from "../mocks/LyingVenues.sol";
import {Call} from "../mocks/Strangers.sol";
import {ApprovingVault} from "./Broken.sol";
import {Proof} from "./Proof.sol";

/// @notice The vault never lets anybody else take its coins: no call to it, by anybody, with anything, leaves an allowance.
contract AllowanceProof is Proof {
    LyingManager private manager;
    LyingBalancer private balancer;

    function venues() internal override returns (address, address) {
        manager = new LyingManager();
        balancer = new LyingBalancer();
        return (address(manager), address(balancer));
    }

    function assertNoAllowanceFor(address spender) private view {
        assert(usdc.allowance(address(vault), spender) == 0);
        assert(wbtc.allowance(address(vault), spender) == 0);
        assert(weth.allowance(address(vault), spender) == 0);
    }

    // Whoever calls what does not trade, from any state.

    function check_P2_nothingElse_approves_movingCoins(address sender, address spender, uint8 which) public {
        _nothingElse(sender, spender, aCallThatMovesCoins(which));
    }

    function check_P2_nothingElse_approves_changingRules(address sender, address spender, uint8 which) public {
        _nothingElse(sender, spender, aCallThatChangesRules(which));
    }

    function check_P2_nothingElse_approves_changingPowers(address sender, address spender, uint8 which) public {
        _nothingElse(sender, spender, aCallThatChangesPowers(which));
    }

    function check_P2_nothingElse_approves_judging(address sender, address spender, uint8 which) public {
        // From any state but for the value of the epoch: what is computed from it would be more than a solver can do.
        bytes memory data = aCallThatJudges(which);
        anyStateOfThisValue();
        _callAndLook(sender, spender, data);
    }

    /// @dev Must be refuted: the same, of a vault that approves.
    function witness_nothingElse_noticesAnApproval(address sender, address spender) public {
        vm.etch(address(vault), address(new ApprovingVault(factory.implementation(), usdc, STRANGER)).code);
        _nothingElse(sender, spender, abi.encodeCall(IVault.pause, ()));
    }

    function _nothingElse(address sender, address spender, bytes memory data) private {
        anyState();
        _callAndLook(sender, spender, data);
    }

    function _callAndLook(address sender, address spender, bytes memory data) private {
        callVaultWithEther(sender, data);
        assertNoAllowanceFor(spender);
    }

    /// @dev By each kind of venue, from any state.
    function check_P2_fill_approvesNobody(uint8 venue, address spender) public {
        driftAndBegin();
        uint256 out = fairOut(WETH, USDC, 1e18);
        Fill memory f = paidFill(WETH, USDC, 1e18, out);
        if (venue != 0) f = fillOn(venue, out);
        anyStateOfThisValue();
        callVault(KEEPER, fillCall(anySlice(), f));
        assertNoAllowanceFor(spender);
    }

    /// @return f that sells an ether at a fair price to something that behaves
    function fillOn(uint8 venue, uint256 out) private returns (Fill memory f) {
        f = Fill(WETH, USDC, Venue.UniswapV3, address(pool), 1e18, 0, "");
        if (venue == 1) {
            f.venue = Venue.UniswapV2;
            pool.setReserves(1e15, 1e24);
            pool.tell(calls(minting(usdc, out)));
        } else if (venue == 2) {
            f.venue = Venue.UniswapV4;
            (f.target, f.data) = (address(0), abi.encodePacked(uint24(500), int24(10)));
            usdc.mint(address(manager), out);
            manager.say(int128(uint128(out)), -1e18);
        } else if (venue == 3) {
            f.venue = Venue.BalancerV3;
            usdc.mint(address(balancer), out);
            balancer.say(out, out);
        } else {
            bytes memory ask = abi.encodeCall(vault.uniswapV3SwapCallback, (0, 1e18, ""));
            pool.tell(calls(Call(address(vault), ask), minting(usdc, out)));
        }
    }

    // Must be refuted, each: fills do reach the tokens, on every venue.

    function witness_fill_movesTokens_byAFiller() public {
        driftAndBegin();
        assertNothingMoves(fairFill(WETH, USDC, 1e18, 10_000));
    }

    function witness_fill_movesTokens_onUniswapV2() public {
        assertNothingMovesOn(1);
    }

    function witness_fill_movesTokens_onUniswapV4() public {
        assertNothingMovesOn(2);
    }

    function witness_fill_movesTokens_onBalancerV3() public {
        assertNothingMovesOn(3);
    }

    function witness_fill_movesTokens_onUniswapV3() public {
        assertNothingMovesOn(4);
    }

    function assertNothingMovesOn(uint8 venue) private {
        driftAndBegin();
        assertNothingMoves(fillOn(venue, fairOut(WETH, USDC, 1e18)));
    }

    function assertNothingMoves(Fill memory f) private {
        uint256 had = weth.balanceOf(address(vault));
        callVault(KEEPER, fillCall(slice(), f));
        assert(weth.balanceOf(address(vault)) == had);
    }

    /// @dev No allowance for the length of a call either: the code does not contain the names of what would give one.
    ///      A plain test, run by forge.
    function test_P2_theCode_knowsNoApproval() public view {
        knowsNoApproval(factory.implementation().code);
        knowsNoApproval(vault.extension().code);
    }

    function knowsNoApproval(bytes memory code) private pure {
        assertTrue(!contains(code, 0x095ea7b3), "approve");
        assertTrue(!contains(code, 0x39509351), "increaseAllowance");
        assertTrue(!contains(code, 0x87517c45), "approve of Permit2");
        assertTrue(contains(code, 0xa9059cbb), "transfer is there to be found");
    }

    function contains(bytes memory code, bytes4 selector) private pure returns (bool found) {
        for (uint256 i; i + 4 <= code.length; ++i) {
            bytes32 word;
            assembly {
                word := mload(add(add(code, 32), i))
            }
            if (bytes4(word) == selector) return true;
        }
    }
}
