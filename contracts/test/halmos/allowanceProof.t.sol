// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, Venue} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Proof} from "./Proof.sol";

/// @notice The vault never lets anybody else take its coins: no call to it, by anybody, with anything, leaves an allowance.
contract AllowanceProof is Proof {
    function assertNoAllowanceFor(address spender) private view {
        assert(usdc.allowance(address(vault), spender) == 0);
        assert(wbtc.allowance(address(vault), spender) == 0);
        assert(weth.allowance(address(vault), spender) == 0);
    }

    /// @dev Whoever calls what does not trade, from any state.
    function check_P2_nothingElse_approves(address sender, address spender, uint8 which) public {
        bytes memory data = anyOtherCall(which);
        anyState();
        callVault(sender, data);
        assertNoAllowanceFor(spender);
    }

    /// @dev By each kind of venue, from any state, at any time.
    function check_P2_fill_approvesNobody(uint8 venue, address spender) public {
        driftAndBegin();
        uint256 out = fairOut(WETH, USDC, 1e18);
        Fill memory f = paidFill(WETH, USDC, 1e18, out);
        if (venue != 0) {
            f.target = address(pool);
            f.data = "";
            if (venue == 1) {
                f.venue = Venue.UniswapV2;
                pool.setReserves(1e15, 1e24);
                pool.tell(calls(minting(usdc, out)));
            } else {
                f.venue = Venue.UniswapV3;
                bytes memory ask = abi.encodeCall(vault.uniswapV3SwapCallback, (0, 1e18, ""));
                pool.tell(calls(Call(address(vault), ask), minting(usdc, out)));
            }
        }
        anyStateOfThisValue();
        callVault(KEEPER, fillCall(anySlice(), f));
        assertNoAllowanceFor(spender);
    }

    /// @dev Must be refuted: fills do reach the tokens.
    function witness_fill_movesTokens() public {
        driftAndBegin();
        uint256 had = weth.balanceOf(address(vault));
        callVault(KEEPER, fillCall(anySlice(), fairFill(WETH, USDC, 1e18, 10_000)));
        assert(weth.balanceOf(address(vault)) == had);
    }

    /// @dev No allowance for the length of a call either: the code does not contain the names of what would give one.
    ///      A plain test, run by forge.
    function test_P2_theCode_knowsNoApproval() public view {
        assertTrue(!contains(factory.implementation().code, 0x095ea7b3), "approve");
        assertTrue(!contains(factory.implementation().code, 0x39509351), "increaseAllowance");
        assertTrue(!contains(factory.implementation().code, 0x87517c45), "approve of Permit2");
        assertTrue(contains(factory.implementation().code, 0xa9059cbb), "transfer is there to be found");
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
