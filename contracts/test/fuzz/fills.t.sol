// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Policy, Slice, State} from "../../src/interfaces/IVault.sol";
import {RandomMarket} from "../utils/RandomMarket.sol";

contract FillsFuzz is RandomMarket {
    function openSomewhere(uint256 entropy) private returns (Policy memory p) {
        seed(entropy);
        p = randomPolicy();
        setPolicy(p);
        randomMarket();
        vm.warp(block.timestamp + 3 days); // whatever the schedule is, it is due
        usdcFeed.setUpdatedAt(block.timestamp);
        wbtcFeed.setUpdatedAt(block.timestamp);
        wethFeed.setUpdatedAt(block.timestamp);
        vm.prank(KEEPER);
        try vault.begin() {}
        catch {
            vm.assume(false);
        }
    }

    function surplusAndDeficit() private returns (uint8 sell, uint8 buy) {
        sell = uint8(random(0, 2));
        buy = uint8(random(0, 2));
        for (uint256 tries; tries < 9; ++tries) {
            bool ok = valueOf(sell, held(sell)) > targetOf(sell) && valueOf(buy, held(buy)) < targetOf(buy);
            if (ok) return (sell, buy);
            sell = uint8(random(0, 2));
            buy = uint8(random(0, 2));
        }
    }

    struct Before {
        uint256[3] held;
        uint256 gap;
        uint256 gapPair;
        bytes32 state;
    }

    function take(uint8 sell, uint8 buy) private view returns (Before memory b) {
        for (uint8 i; i < 3; ++i) {
            b.held[i] = held(i);
        }
        b.gap = totalGap();
        b.gapPair = gapOf(sell) + gapOf(buy);
        b.state = keccak256(abi.encode(vault.state()));
    }

    /// Any filler, any price, any part given back: the fill is good for the vault or it did not happen.
    function testFuzz_P2_aFillIsGoodOrDidNotHappen(uint256 entropy) public {
        Policy memory p = openSomewhere(entropy);
        for (uint256 i; i < 4; ++i) {
            (uint8 sell, uint8 buy) = surplusAndDeficit();
            uint256 asked = 10 ** tokenOf(sell).decimals() * random(1, 1e9) / 1e5;
            Fill memory f = rateFill(sell, buy, asked, random(9_400, 10_600), random(0, 2) == 0 ? random(0, asked) : 0);
            checkOne(p, f);
        }
    }

    function checkOne(Policy memory p, Fill memory f) private {
        Before memory b = take(f.sell, f.buy);
        Slice memory s = slice();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            checkGood(p, f, b);
        } catch {
            for (uint8 i; i < 3; ++i) {
                assertEq(held(i), b.held[i], "nothing happened");
            }
            assertEq(keccak256(abi.encode(vault.state())), b.state, "nothing happened");
        }
        assertNoAllowance(f.target);
    }

    function checkGood(Policy memory p, Fill memory f, Before memory b) private view {
        uint256 spent = b.held[f.sell] - held(f.sell);
        uint256 out = held(f.buy) - b.held[f.buy];
        assertLe(spent, f.amountIn, "P2: never more than asked for");
        // P1, cross-multiplied, so that no rounding hides in the check
        assertLe(
            spent * priceOf(f.sell) * (10_000 - p.maxSlipBps) * 10 ** tokenOf(f.buy).decimals(),
            out * priceOf(f.buy) * 10 ** tokenOf(f.sell).decimals() * 10_000,
            "P1: price"
        );
        uint8 third = 3 - f.sell - f.buy;
        assertEq(held(third), b.held[third], "P2: the third asset is untouched");
        assertLt(gapOf(f.sell) + gapOf(f.buy), b.gapPair, "P11: closer");
        assertLt(totalGap(), b.gap, "P11: closer in sum");
        assertLe(targetOf(f.sell), valueOf(f.sell, held(f.sell)) + 1, "P12: never sold below its target");
        assertLe(
            valueOf(f.buy, held(f.buy)),
            targetOf(f.buy) + valueOf(f.sell, spent) * p.maxSlipBps / 10_000,
            "P12: never bought above its target by more than a fill may win"
        );
        State memory st = vault.state();
        assertLe(valueOf(f.sell, spent), uint256(p.maxSliceBps) * st.epochNavUsdE8 / 10_000, "slice cap");
        assertLe(st.lossUsdE8, uint256(p.lossBpsPerDay) * st.epochNavUsdE8 / 10_000, "P1: budget");
    }

    /// A gift of any coin, of any size, at any moment, breaks no fill: it can only leave less to do.
    function testFuzz_P8_donationsBreakNothing(uint256 entropy, uint256 gift) public {
        Policy memory p = openSomewhere(entropy);
        (uint8 sell, uint8 buy) = surplusAndDeficit();
        uint8 given = uint8(random(0, 2));
        tokenOf(given).mint(address(vault), bound(gift, 1, 10 ** tokenOf(given).decimals() * 1e6));
        Fill memory f = rateFill(sell, buy, 10 ** tokenOf(sell).decimals() * random(1, 1e9) / 1e5, 10_000, 0);
        Before memory b = take(sell, buy);
        Slice memory s = slice();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            checkGood(p, f, b);
        } catch (bytes memory why) {
            bytes4 selector = bytes4(why);
            assertTrue(
                selector == IVault.NothingToTrade.selector || selector == IVault.BelowMinTrade.selector,
                "nothing left to do is the only excuse"
            );
        }
    }

    /// The owner may take out anything between a plan and its execution: the plan is void, and nothing goes wrong. (That
    /// the fill goes on with what is left would be the rule where others hold shares too.)
    function testFuzz_P10_withdrawalsNeverHurt(uint256 entropy, uint256 amount) public {
        openSomewhere(entropy);
        uint8 which = uint8(random(0, 2));
        amount = bound(amount, 0, held(which));
        Slice memory s = slice();
        Fill memory f = rateFill(2, 0, 1e18, 10_000, 0);
        uint256 had = held(which);
        vm.prank(OWNER);
        vault.withdraw(address(tokenOf(which)), amount);
        assertEq(tokenOf(which).balanceOf(OWNER), amount, "to the owner");
        assertEq(held(which), had - amount, "exactly");
        vm.expectRevert(abi.encodeWithSelector(IVault.NoOpenEpoch.selector));
        vm.prank(KEEPER);
        vault.fill(s, many(f));
    }

    /// A slice that ran once never runs again, whatever happened in between.
    function testFuzz_P25_noSliceRunsTwice(uint256 entropy) public {
        seed(entropy);
        drift();
        begin();
        Slice memory s = slice();
        s.deadline = type(uint40).max;
        s.last = random(0, 1) == 1;
        Fill memory f = rateFill(WETH, USDC, random(1e15, 1e17), 10_000, 0);
        fillAs(KEEPER, s, f);
        for (uint256 i; i < 6; ++i) {
            uint256 what = random(0, 4);
            vm.startPrank(KEEPER);
            if (what == 0) try vault.begin() {} catch {}
            if (what == 1) try vault.finish() {} catch {}
            if (what == 2) vm.warp(block.timestamp + random(1, 4_000));
            vm.stopPrank();
            if (what == 3) drift();
            if (what == 4) setPolicy(defaultPolicy());
            vm.prank(KEEPER);
            (bool ok, bytes memory why) = address(vault).call(abi.encodeCall(IVault.fill, (s, many(f))));
            assertTrue(!ok, "ran twice");
            bytes4 selector = bytes4(why);
            assertTrue(
                selector == IVault.WrongSlice.selector || selector == IVault.NoOpenEpoch.selector, "for the right reason"
            );
        }
    }
}
