// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Policy} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

contract SetPolicyTest is Fixture {
    function expectBad(Policy memory p, string memory field, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(IVault.BadPolicy.selector, field, value, min, max));
        setPolicy(p);
    }

    function assertSame(Policy memory a, Policy memory b) private pure {
        assertEq(keccak256(abi.encode(a)), keccak256(abi.encode(b)), "policy");
    }

    function test_setPolicy_storesEveryMember() public {
        Policy memory p = Policy(10_000, 2_000, 365 days, 365 days, 500, 300, 10_000, 65_535, 1, 4_294_967_295, 86_400);
        vm.expectEmit(address(vault));
        emit IVault.PolicySet(p);
        setPolicy(p);
        assertSame(vault.policy(), p);
        p = Policy(0, 0, 0, 0, 1, 1, 1, 0, 4_294_967_295, 0, 60);
        setPolicy(p);
        assertSame(vault.policy(), p);
    }

    /// Distinct values in every member would be mixed up by a wrong offset.
    function testFuzz_setPolicy_roundTrip(Policy memory p) public {
        p.destinationBps = uint16(bound(p.destinationBps, 0, 10_000));
        p.innerBandBps = uint16(bound(p.innerBandBps, 0, 2_000));
        p.scheduleS = uint32(bound(p.scheduleS, 0, 365 days));
        p.cooldownS = uint32(bound(p.cooldownS, p.sliceCooldownS, 365 days));
        p.maxSlipBps = uint16(bound(p.maxSlipBps, 1, 500));
        p.lossBpsPerDay = uint16(bound(p.lossBpsPerDay, 1, 300));
        p.maxSliceBps = uint16(bound(p.maxSliceBps, 1, 10_000));
        p.minTradeUsdE2 = uint32(bound(p.minTradeUsdE2, 1, type(uint32).max));
        p.ttlS = uint24(bound(p.ttlS, 60, 86_400));
        setPolicy(p);
        assertSame(vault.policy(), p);
    }

    function test_setPolicy_refusesEverybodyElse() public {
        Policy memory p = defaultPolicy();
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        vm.prank(KEEPER);
        vault.setPolicy(p);
    }

    function test_P10_setPolicy_closesAnOpenEpoch() public {
        driftAndBegin();
        vm.expectEmit(address(vault));
        emit IVault.EpochClosed(1, 0);
        setPolicy(defaultPolicy());
        assertTrue(!isOpen(), "closed");
    }

    /// Or a keeper would take slices as epochs, one after the other in one transaction.
    function test_P20_setPolicy_anEpochIsNoFasterThanASlice() public {
        Policy memory p = defaultPolicy();
        p.sliceCooldownS = 600;
        p.cooldownS = 599;
        expectBad(p, "cooldownS", 599, 600, 365 days);
        p.cooldownS = 600;
        setPolicy(p);
        assertSame(vault.policy(), p);
    }

    function test_P1_setPolicy_ceilings() public {
        Policy memory p = defaultPolicy();
        p.maxSlipBps = 501;
        expectBad(p, "maxSlipBps", 501, 1, 500);
        p.maxSlipBps = 0;
        expectBad(p, "maxSlipBps", 0, 1, 500);

        p = defaultPolicy();
        p.lossBpsPerDay = 301;
        expectBad(p, "lossBpsPerDay", 301, 1, 300);
        p.lossBpsPerDay = 0;
        expectBad(p, "lossBpsPerDay", 0, 1, 300);
    }

    function test_setPolicy_ranges() public {
        Policy memory p = defaultPolicy();
        p.destinationBps = 10_001;
        expectBad(p, "destinationBps", 10_001, 0, 10_000);

        p = defaultPolicy();
        p.innerBandBps = 2_001;
        expectBad(p, "innerBandBps", 2_001, 0, 2_000);

        p = defaultPolicy();
        p.scheduleS = 365 days + 1;
        expectBad(p, "scheduleS", 365 days + 1, 0, 365 days);

        p = defaultPolicy();
        p.cooldownS = 365 days + 1;
        expectBad(p, "cooldownS", 365 days + 1, 0, 365 days);

        p = defaultPolicy();
        p.maxSliceBps = 0;
        expectBad(p, "maxSliceBps", 0, 1, 10_000);
        p.maxSliceBps = 10_001;
        expectBad(p, "maxSliceBps", 10_001, 1, 10_000);

        p = defaultPolicy();
        p.minTradeUsdE2 = 0;
        expectBad(p, "minTradeUsdE2", 0, 1, type(uint32).max);

        p = defaultPolicy();
        p.ttlS = 59;
        expectBad(p, "ttlS", 59, 60, 86_400);
        p.ttlS = 86_401;
        expectBad(p, "ttlS", 86_401, 60, 86_400);
    }
}
