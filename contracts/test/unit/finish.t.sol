// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {IVault, Policy} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

contract FinishTest is Fixture {
    function finishAs(address who) private {
        vm.prank(who);
        vault.finish();
    }

    function expectFinishRevert(address who, bytes memory why) private {
        vm.expectRevert(why);
        finishAs(who);
    }

    function test_finish_keeperAndOwnerAtAnyTime() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        vm.warp(T0 + 5);
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 1);
        finishAs(KEEPER);
        assertEq(vault.state().epochEnd, T0 + 5, "end");
        begin();
        finishAs(OWNER);
        assertTrue(!isOpen(), "closed");
    }

    function test_P4_finish_keeperNeedsNoPrice() public {
        driftAndBegin();
        vm.warp(T0 + 3_000);
        usdcFeed.setUpdatedAt(1);
        finishAs(KEEPER);
    }

    function test_finish_refusesWithoutAnEpoch() public {
        expectFinishRevert(KEEPER, abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
        driftAndBegin();
        vm.warp(T0 + 3_600);
        expectFinishRevert(KEEPER, abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
    }

    function test_P21_finish_strangersOnlyWhenNothingIsLeft() public {
        driftAndBegin();
        expectFinishRevert(STRANGER, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1));
        expectFinishRevert(STRANGER, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        doFill(paidFill(WETH, WBTC, 5e18, 0.075e8 - 1));
        finishAs(STRANGER); // every asset is closer to its target than the smallest trade
        assertTrue(!isOpen(), "closed");
    }

    /// In the middle of a multi-slice rebalance everything may be inside its band already; a stranger who could close
    /// the epoch then would stop it half-way.
    function test_P21_finish_strangersNotInsideTheBandAlone() public {
        Policy memory p = defaultPolicy();
        p.scheduleS = 1 days;
        setPolicy(p);
        wethFeed.set(3_200e18);
        vm.warp(T0 + 1 days);
        begin();
        expectFinishRevert(STRANGER, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
    }

    function test_P21_finish_strangersWithinTheDestination() public {
        Policy memory p = defaultPolicy();
        p.destinationBps = 10_000; // back to the edge of the band only
        setPolicy(p);
        driftAndBegin();
        expectFinishRevert(STRANGER, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        // 45,000 - 35 % of 115,000 = 4,750 to the edge; fair prices, so USDC passes its edge as well
        doFill(fairFill(WETH, USDC, uint256(4_750e18) / 4_500 + 1, 10_000));
        finishAs(STRANGER);
    }

    /// Prices turned around half-way: what lacks now was sold in this epoch, and nothing may be done any more.
    function test_P21_finish_strangersWhenOnlyTheWayBackIsLeft() public {
        driftAndBegin();
        doFill(fairFill(WETH, USDC, uint256(6_000e18) / 4_500 + 1e12, 10_001)); // USDC is at its target
        expectFinishRevert(STRANGER, abi.encodeWithSelector(IVault.NotKeeper.selector, STRANGER));
        wbtcFeed.set(80_000e8);
        wethFeed.set(2_500e18);
        expectFillRevert(
            fairFill(WBTC, WETH, 0.01e8, 10_000), abi.encodeWithSelector(IVault.SoldBefore.selector, WETH)
        );
        finishAs(STRANGER);
        assertTrue(!isOpen(), "closed");
    }

    function test_P4_finish_strangersNeedGoodPrices() public {
        driftAndBegin();
        doFill(paidFill(WETH, USDC, 5e18, 6_000e6 - 1));
        doFill(paidFill(WETH, WBTC, 5e18, 0.075e8 - 1));
        wethFeed.set(0);
        vm.expectPartialRevert(IOracleHub.BadPrice.selector);
        finishAs(STRANGER);
    }
}
