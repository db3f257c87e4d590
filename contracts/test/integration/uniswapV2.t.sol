// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair} from "../../src/interfaces/External.sol";
import {Fill, IVault, Target, Venue} from "../../src/interfaces/IVault.sol";
import {FeeToken, Token} from "../mocks/Tokens.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// Fills on Uniswap's own V2 pair.
contract UniswapV2Test is RealUniswap {
    function v2Fill(uint8 sell, uint8 buy, uint256 amountIn, IUniswapV2Pair pair) private pure returns (Fill memory) {
        return Fill(sell, buy, Venue.UniswapV2, address(pair), uint128(amountIn), 0, "");
    }

    function quote(IUniswapV2Pair pair, bool zeroForOne, uint256 amountIn) private view returns (uint256) {
        (uint256 reserveIn, uint256 reserveOut,) = pair.getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        return amountIn * 997 * reserveOut / (reserveIn * 1000 + amountIn * 997);
    }

    function test_P2_v2_sellsTheHigherToken() public {
        drift();
        IUniswapV2Pair pair = makePair(WETH, USDC, 5_000_000e8);
        begin();
        uint256 out = quote(pair, false, 1e18);
        Fill memory f = v2Fill(WETH, USDC, 1e18, pair);
        f.minOut = uint128(out); // to the wei
        doFill(f);
        assertEq(held(USDC), 40_000e6 + out, "bought");
        assertEq(held(WETH), 9e18, "sold");
        assertNoAllowance(address(pair));
    }

    function test_P2_v2_sellsTheLowerToken() public {
        wethFeed.set(2_000e18); // WETH is 3.3 points under, USDC over
        usdc.mint(address(vault), 10_000e6);
        IUniswapV2Pair pair = makePair(WETH, USDC, 5_000_000e8);
        begin();
        uint256 out = quote(pair, true, 1_000e6);
        doFill(v2Fill(USDC, WETH, 1_000e6, pair));
        assertEq(held(WETH), 10e18 + out, "bought");
        assertEq(held(USDC), 49_000e6, "sold");
    }

    function test_P3_v2_refusesAManipulatedPair() public {
        drift();
        IUniswapV2Pair pair = makePair(WETH, USDC, 5_000_000e8);
        begin();
        // Somebody dumped WETH into the pair: its price is 2 % below the oracle's.
        weth.mint(address(pair), 12e18);
        pair.swap(quote(pair, false, 12e18), 0, address(this), "");
        Fill memory f = v2Fill(WETH, USDC, 1e18, pair);
        uint256 out = quote(pair, false, 1e18);
        expectFillRevert(f, abi.encodeWithSelector(IVault.SlippageAboveCap.selector, out, 4_455e6));
    }

    function test_P2_v2_refusesAThinPair() public {
        drift();
        IUniswapV2Pair pair = makePair(WETH, USDC, 50_000e8);
        begin();
        uint256 out = quote(pair, false, 1e18);
        expectFillRevert(
            v2Fill(WETH, USDC, 1e18, pair), abi.encodeWithSelector(IVault.SlippageAboveCap.selector, out, 4_455e6)
        );
    }

    /// A pair of other tokens keeps nothing: the transaction reverts.
    function test_P2_v2_refusesAPairOfOtherTokens() public {
        drift();
        IUniswapV2Pair pair = makePair(WETH, WBTC, 5_000_000e8);
        begin();
        Fill memory f = v2Fill(WETH, USDC, 1e18, pair);
        uint256 before = held(WETH);
        expectFillRevertAny(f);
        assertEq(held(WETH), before, "untouched");
    }

    function test_P16_v2_aFeeOnTransferTokenCannotBeSold() public {
        FeeToken odd = new FeeToken();
        Target[] memory t = new Target[](2);
        (uint256 i, uint256 j) = address(odd) < address(usdc) ? (0, 1) : (1, 0);
        t[i] = target(Token(address(odd)), 5_000, 500, register(usdcFeed));
        t[j] = target(usdc, 5_000, 500, register(usdcFeed));
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), t, "odd"));
        odd.mint(address(vault), 70_000e18);
        usdc.mint(address(vault), 30_000e6);
        IUniswapV2Pair pair = IUniswapV2Pair(v2Factory.createPair(address(odd), address(usdc)));
        odd.mint(address(pair), 5_000_000e18);
        usdc.mint(address(pair), 5_000_000e6);
        (bool ok,) = address(pair).call(abi.encodeWithSignature("mint(address)", address(this)));
        assertTrue(ok, "liquidity");
        begin();
        expectFillRevert(v2Fill(uint8(i), uint8(j), 1_000e18, pair), abi.encodeWithSignature("Error(string)", "UniswapV2: K"));
    }
}
