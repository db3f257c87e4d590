// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Policy, Target} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

contract SetPolicyTest is Fixture {
    function expectBad(Policy memory p, string memory field, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(IVault.BadPolicy.selector, field, value, min, max));
        setPolicy(p);
    }

    function setTargets(Target[] memory t) private {
        vm.prank(OWNER);
        vault.setTargets(t);
    }

    function assertSame(Policy memory a, Policy memory b) private pure {
        assertEq(keccak256(abi.encode(a)), keccak256(abi.encode(b)), "policy");
    }

    function test_setPolicy_storesEveryMember() public {
        setTargets(stoppableTargets());
        Policy memory p = Policy({
            destinationBps: 10_000,
            innerBandBps: 2_000,
            scheduleS: 365 days,
            cooldownS: 365 days,
            maxSlipBps: 500,
            lossBpsPerDay: 300,
            maxSliceBps: 10_000,
            sliceCooldownS: 65_535,
            minTradeUsdE2: 1,
            maxGasPriceMwei: 4_294_967_295,
            ttlS: 86_400,
            premiumBps: 500,
            relaxS: 86_400,
            open: true,
            snapshotS: 86_400,
            stopLossBps: 9_000,
            takeProfitBps: 60_000,
            confirmS: 7 days,
            tipBps: 20,
            maxTipUsdE2: 4_294_967_295,
            tipPerDayUsdE2: 4_294_967_295
        });
        vm.expectEmit(address(vault));
        emit IVault.PolicySet(p);
        setPolicy(p);
        assertSame(vault.policy(), p);
        Policy memory least;
        (least.maxSlipBps, least.lossBpsPerDay, least.maxSliceBps, least.ttlS) = (1, 1, 1, 60);
        least.minTradeUsdE2 = 4_294_967_295;
        p = least;
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
        p.premiumBps = uint16(bound(p.premiumBps, 1, 500));
        p.relaxS = uint24(bound(p.relaxS, 60, p.ttlS));
        p.snapshotS = uint24(bound(p.snapshotS, 60, p.ttlS));
        p.stopLossBps = uint16(bound(p.stopLossBps, 0, 9_000));
        p.takeProfitBps = uint16(bound(p.takeProfitBps, 0, 60_000));
        p.confirmS = uint24(bound(p.confirmS, 60, 7 days));
        p.tipBps = uint8(bound(p.tipBps, 1, 20));
        p.maxTipUsdE2 = uint32(bound(p.maxTipUsdE2, 1, type(uint32).max));
        p.tipPerDayUsdE2 = uint32(bound(p.tipPerDayUsdE2, 1, type(uint32).max));
        setTargets(stoppableTargets());
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
        p.snapshotS = 59;
        expectBad(p, "snapshotS", 59, 60, 3_600);
        p.snapshotS = 3_601;
        expectBad(p, "snapshotS", 3_601, 60, 3_600);

        p = defaultPolicy();
        p.ttlS = 59;
        expectBad(p, "ttlS", 59, 60, 86_400);
        p.ttlS = 86_401;
        expectBad(p, "ttlS", 86_401, 60, 86_400);
    }

    /// Anybody's fill must begin above the oracle price and come down slowly.
    function test_P3_setPolicy_openExecutionNeedsARelaxation() public {
        Policy memory p = defaultPolicy();
        p.open = true;
        p.relaxS = 60;
        expectBad(p, "premiumBps", 0, 1, 500);
        p.premiumBps = 501;
        expectBad(p, "premiumBps", 501, 1, 500);
        p.premiumBps = 1;
        p.relaxS = 59;
        expectBad(p, "relaxS", 59, 60, 3_600);
        p.relaxS = 3_601;
        expectBad(p, "relaxS", 3_601, 60, 3_600);
        p.relaxS = 60;
        setPolicy(p);
        p.open = false;
        p.relaxS = 0;
        expectBad(p, "premiumBps", 1, 0, 0); // a premium that nothing takes away would never be paid
        p.relaxS = 3_601;
        expectBad(p, "relaxS", 3_601, 0, 3_600);
    }

    function test_P7_setPolicy_stops() public {
        Policy memory p = defaultPolicy();
        p.confirmS = 7 days + 1;
        expectBad(p, "confirmS", 7 days + 1, 0, 7 days);
        p.confirmS = 60;
        p.stopLossBps = 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.BadTarget.selector, "secondSource", address(usdc), 0));
        setPolicy(p);
        setTargets(stoppableTargets());
        setPolicy(p);
        p.confirmS = 59;
        expectBad(p, "confirmS", 59, 60, 7 days);
        p.confirmS = 60;
        p.stopLossBps = 9_001;
        expectBad(p, "stopLossBps", 9_001, 0, 9_000);
        p.stopLossBps = 0;
        p.takeProfitBps = 60_001;
        expectBad(p, "takeProfitBps", 60_001, 0, 60_000);
    }

    function test_P7_setPolicy_noStopWithoutTargets() public {
        vault = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), new Target[](0), "empty"));
        Policy memory p = defaultPolicy();
        p.confirmS = 60;
        p.takeProfitBps = 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.BadTarget.selector, "safe", address(0), 0));
        setPolicy(p);
    }

    function test_P20_setPolicy_tips() public {
        Policy memory p = defaultPolicy();
        (p.tipBps, p.maxTipUsdE2, p.tipPerDayUsdE2) = (21, 1, 1);
        expectBad(p, "tipBps", 21, 0, 20);
        p.tipBps = 20;
        setPolicy(p);
        p.maxTipUsdE2 = 0;
        expectBad(p, "maxTipUsdE2", 0, 1, type(uint32).max);
        (p.maxTipUsdE2, p.tipPerDayUsdE2) = (1, 0);
        expectBad(p, "tipPerDayUsdE2", 0, 1, type(uint32).max);
        (p.tipBps, p.maxTipUsdE2) = (0, 1);
        expectBad(p, "maxTipUsdE2", 1, 0, 0);
        (p.maxTipUsdE2, p.tipPerDayUsdE2) = (0, 1);
        expectBad(p, "tipPerDayUsdE2", 1, 0, 0);
    }
}
