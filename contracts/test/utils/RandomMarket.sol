// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, Policy, Venue} from "../../src/interfaces/IVault.sol";
import {RateFiller} from "../mocks/Strangers.sol";
import {Fixture} from "./Fixture.sol";

/// @notice Random portfolios, prices and policies around the fixture's vault, and a filler that pays what it is told.
abstract contract RandomMarket is Fixture {
    RateFiller internal rateFiller;
    uint256 private _entropy;

    function setUp() public virtual override {
        super.setUp();
        rateFiller = new RateFiller();
    }

    function seed(uint256 value) internal {
        _entropy = value;
    }

    /// @return a number in [min, max]
    function random(uint256 min, uint256 max) internal returns (uint256) {
        _entropy = uint256(keccak256(abi.encode(_entropy)));
        return min + _entropy % (max - min + 1);
    }

    /// @dev Each price by a factor in [1 / 1.6, 1.6], each balance likewise, so that weights land anywhere.
    function randomMarket() internal {
        movePrices(6_250, 16_000);
        for (uint8 i; i < 3; ++i) {
            uint256 has = held(i);
            uint256 wanted = has * random(6_250, 16_000) / 10_000;
            if (wanted > has) tokenOf(i).mint(address(vault), wanted - has);
            else tokenOf(i).burn(address(vault), has - wanted);
        }
    }

    function movePrices(uint256 minBps, uint256 maxBps) internal {
        usdcFeed.set(int256(1e8 * random(9_900, 10_100) / 10_000));
        wbtcFeed.set(int256(60_000e8 * random(minBps, maxBps) / 10_000));
        wethFeed.set(int256(3_000e18 * random(minBps, maxBps) / 10_000));
    }

    function randomPolicy() internal returns (Policy memory p) {
        p = defaultPolicy();
        p.destinationBps = uint16(random(0, 1) * random(0, 10_000));
        p.maxSlipBps = uint16(random(1, 500));
        p.lossBpsPerDay = uint16(random(1, 300));
        p.maxSliceBps = uint16(random(1, 10_000));
        p.minTradeUsdE2 = uint32(random(1, 5_000_00));
        p.ttlS = uint24(random(600, 86_400));
        p.scheduleS = uint32(random(0, 1) * random(1, 3 days));
    }

    /// @return a fill that pays `outBps` of the oracle price for each unit kept
    function rateFill(uint8 sell, uint8 buy, uint256 amountIn, uint256 outBps, uint256 back)
        internal
        view
        returns (Fill memory)
    {
        uint256 num = priceOf(sell) * 10 ** tokenOf(buy).decimals() * outBps;
        uint256 den = priceOf(buy) * 10 ** tokenOf(sell).decimals() * 10_000;
        return
            Fill(sell, buy, Venue.Filler, address(rateFiller), uint128(amountIn), 0, abi.encode(num, den, back));
    }

    /// @return gap {USD E8} of all assets to their targets at the NAV of the epoch
    function totalGap() internal view returns (uint256 gap) {
        for (uint8 i; i < 3; ++i) {
            gap += gapOf(i);
        }
    }

    function gapOf(uint8 i) internal view returns (uint256) {
        uint256 target = targetOf(i);
        uint256 v = valueOf(i, held(i));
        return v > target ? v - target : target - v;
    }

    function targetOf(uint8 i) internal view returns (uint256) {
        return (i == USDC ? uint256(4_000) : 3_000) * vault.state().epochNavUsdE8 / 10_000; // the fixture's targets
    }
}
