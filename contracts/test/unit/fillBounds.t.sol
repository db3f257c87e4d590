// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BalancerSwap} from "../../src/interfaces/External.sol";
import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {LyingBalancer, LyingManager} from "../mocks/LyingVenues.sol";
import {Call} from "../mocks/Strangers.sol";
import {IFullVault} from "../utils/Interfaces.sol";
import {Venues} from "../utils/Venues.sol";

/// Where the bounds of a fill are, to the unit: the last that passes and the first that does not.
contract FillBoundsTest is Venues {
    LyingManager private manager;
    LyingBalancer private balancer;

    function setUp() public override {
        super.setUp();
        manager = new LyingManager();
        balancer = new LyingBalancer();
        installVenues(address(manager), address(balancer));
        driftAndBegin();
    }

    /// 6,000 dollars of USDC are missing. 5,985 dollars of WETH may win 1 % of themselves beyond that.
    function test_P12_fill_overshootsByExactlyWhatItMayWin() public {
        uint256 id = vm.snapshotState();
        doFill(paidFill(WETH, USDC, 1.33e18, 6_059.85e6 + 1));
        assertEq(held(USDC), 46_059.85e6 + 1, "target, 1 % of what was sold, and one unit");
        vm.revertToState(id);
        expectFillRevert(
            paidFill(WETH, USDC, 1.33e18, 6_059.85e6 + 2), abi.encodeWithSelector(IVault.Overshoot.selector, USDC)
        );
    }

    /// There are three assets: 3 is the first index that is none.
    function test_fill_refusesTheFirstUnknownIndex() public {
        expectFillRevert(
            puppetFill(WETH, 3, 1e18, new Call[](0)), abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, 3)
        );
        expectFillRevert(
            puppetFill(3, USDC, 1e18, new Call[](0)), abi.encodeWithSelector(IVault.NothingToTrade.selector, 3, USDC)
        );
    }

    /// One dollar is the least.
    function test_P20_fill_takesExactlyTheLeastTrade() public {
        wethFeed.set(5_000e18); // 0.0002 WETH are one dollar
        doFill(fairFill(WETH, USDC, 0.0002e18, 10_000));
        assertEq(held(WETH), 9.9998e18, "sold");
        expectFillRevert(
            fairFill(WETH, USDC, 0.0002e18 - 1e10, 10_000),
            abi.encodeWithSelector(IVault.BelowMinTrade.selector, 0.99995e8, 1e8)
        );
    }

    /// Nothing out is a bad price, not a wrong direction.
    function test_P2_manager_bringsNothing() public {
        manager.say(0, -1e18);
        expectFillRevert(
            Fill(WETH, USDC, Venue.UniswapV4, address(0), 1e18, 0, abi.encodePacked(uint24(500), int24(10))),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
    }

    /// What was settled between two fills is done with: nobody looks at that token again, but for those that trade it.
    function test_manager_isSettledOnce() public {
        manager.say(4_500e6, -1e18);
        usdc.mint(address(manager), 4_500e6);
        Fill[] memory fills = new Fill[](3);
        fills[0] = Fill(WETH, USDC, Venue.UniswapV4, address(0), 1e18, 0, abi.encodePacked(uint24(500), int24(10)));
        fills[1] = fairFill(WETH, WBTC, 0.1e18, 10_000);
        fills[2] = fairFill(WETH, WBTC, 0.1e18, 10_000);
        Slice memory s = slice();
        vm.expectCall(address(usdc), abi.encodeWithSignature("balanceOf(address)", vault), 2);
        fillManyAs(KEEPER, s, fills);
        assertEq(held(WETH), 8.8e18, "sold");
    }

    /// It asked for half of its pay, in the way of Uniswap's pools. The other half is not owed to it in a later fill.
    function test_P15_balancer_isForgottenAfterItsFill() public {
        Call memory first = askFor(0.5e18);
        balancer.onUnlock(calls(first, minting(usdc, 2_250e6)));
        balancer.onSwap(askFor(0.1e18));
        BalancerSwap memory anything;
        Fill memory one = Fill(WETH, USDC, Venue.BalancerV3, address(pool), 1e18, 0, "");
        Fill memory two = puppetFill(
            WETH, WBTC, 0.1e18, calls(Call(address(balancer), abi.encodeCall(LyingBalancer.swap, (anything))))
        );
        Slice memory s = slice();
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(balancer)));
        vm.prank(KEEPER);
        vault.fill(s, many(one, two));
        fillManyAs(KEEPER, s, many(one));
        assertEq(held(WETH), 9.5e18, "half of it was sold");
    }

    function askFor(int256 amount) private view returns (Call memory) {
        return Call(address(vault), abi.encodeCall(IFullVault.uniswapV3SwapCallback, (0, amount, "")));
    }
}
