// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, Policy, Slice, State} from "../../src/interfaces/IVault.sol";
import {RateFiller} from "../mocks/Strangers.sol";
import {RandomMarket} from "../utils/RandomMarket.sol";

/// @notice Everybody at once: owner, keeper, donor, oracle, clock. Keeps its own books beside the vault's.
contract Handler is RandomMarket {
    uint256[3] public inflow; //   {base units} minted into the vault by us, bought ones included
    uint256[3] public outflow; //  {base units} that left the vault
    uint256 public lost; //        {USD E8} by keeper calls, each at its own prices
    uint256 public allowed; //     {USD E8} what the budgets so far allow to be lost
    uint256 public filled;
    uint256 public begun;
    uint32 public lastEpoch;
    bool public orderBroken; //    epoch or sequence went backwards
    bool public wrongRecipient; //  coins left to somebody who is neither owner nor filler

    constructor() {
        setUp();
        for (uint8 i; i < 3; ++i) {
            inflow[i] = held(i);
        }
        setPolicyTo(100, 100, 0);
    }

    /* ------------------------------------------------- keeper ------------------------------------------------ */

    modifier asKeeper() {
        uint256 before = nav();
        uint256[3] memory had = [held(0), held(1), held(2)];
        uint256[3] memory filler = fillerHas();
        State memory s = vault.state();
        _;
        State memory t = vault.state();
        if (t.epoch < s.epoch || (t.epoch == s.epoch && t.sequence < s.sequence)) orderBroken = true;
        uint256 later = nav();
        if (later < before) lost += before - later;
        for (uint8 i; i < 3; ++i) {
            uint256 has = held(i);
            if (has > had[i]) inflow[i] += has - had[i];
            else outflow[i] += had[i] - has;
            uint256 got = tokenOf(i).balanceOf(address(rateFiller)) - filler[i];
            if (had[i] > has && got != had[i] - has) wrongRecipient = true;
        }
    }

    function fillerHas() private view returns (uint256[3] memory) {
        return [
            usdc.balanceOf(address(rateFiller)), wbtc.balanceOf(address(rateFiller)), weth.balanceOf(address(rateFiller))
        ];
    }

    function begin_() external asKeeper {
        _begin();
    }

    /// @dev Prices moved and the keeper is there at once.
    function moveAndBegin_(uint256 btc, uint256 eth) external {
        move_(btc, eth);
        this.begin_();
    }

    function _begin() private {
        vm.prank(KEEPER);
        try vault.begin() {
            ++begun;
            // At worst the bucket is empty now, and the budget of this epoch can be lost once more than it leaks.
            State memory s = vault.state();
            uint256 cap = uint256(vault.policy().lossBpsPerDay) * s.epochNavUsdE8 / 10_000;
            allowed += cap;
        } catch {}
    }

    function finish_() external asKeeper {
        vm.prank(KEEPER);
        try vault.finish() {} catch {}
    }

    function fill_(uint8 sell, uint8 buy, uint256 usdE8, uint256 outBps, uint256 back, bool last) external asKeeper {
        _fill(sell % 3, buy % 3, usdE8, outBps, back, last);
    }

    /// @dev Somebody who knows what he is doing, and takes as much as he may.
    function greedyFill_(uint256 usdE8, uint256 less) external asKeeper {
        uint256 outBps = 10_000 - vault.policy().maxSlipBps + bound(less, 0, 20);
        for (uint256 i; i < 1 + usdE8 % 5; ++i) {
            (uint8 sell, uint8 buy) = extremes();
            _fill(sell, buy, usdE8, outBps, 1, false);
        }
    }

    function fairFill_(uint256 usdE8, uint256 outBps, bool last) external asKeeper {
        (uint8 sell, uint8 buy) = extremes();
        _fill(sell, buy, usdE8, bound(outBps, 9_980, 10_010), 1, last && usdE8 % 4 == 0);
    }

    function extremes() private view returns (uint8 most, uint8 least) {
        int256[3] memory over;
        for (uint8 i; i < 3; ++i) {
            over[i] = int256(valueOf(i, held(i))) - int256(targetOf(i));
            if (over[i] > over[most]) most = i;
            if (over[i] < over[least]) least = i;
        }
    }

    function _fill(uint8 sell, uint8 buy, uint256 usdE8, uint256 outBps, uint256 back, bool last) private {
        uint256 amount = bound(usdE8, 1e8, 20_000e8) * 10 ** tokenOf(sell).decimals() / priceOf(sell);
        Fill memory f = rateFill(sell, buy, amount, bound(outBps, 9_800, 10_200), back % 4 == 0 ? back % amount : 0);
        Slice memory s = slice();
        s.last = last;
        vm.prank(KEEPER);
        try vault.fill(s, f) {
            ++filled;
        } catch {}
    }

    function stranger_(uint8 what) external asKeeper {
        Slice memory s = slice();
        Fill memory f = rateFill(2, 0, 1e17, 10_000, 0);
        vm.startPrank(STRANGER);
        if (what % 3 == 0) try vault.begin() {} catch {}
        if (what % 3 == 1) try vault.fill(s, f) {} catch {}
        if (what % 3 == 2) try vault.finish() {} catch {}
        vm.stopPrank();
    }

    /* ------------------------------------------------- others ------------------------------------------------ */

    function donate_(uint8 which, uint256 amount) external {
        which %= 3;
        amount = bound(amount, 1, 10 ** tokenOf(which).decimals());
        tokenOf(which).mint(address(vault), amount);
        inflow[which] += amount;
    }

    function withdraw_(uint8 which, uint256 amount) external {
        if (amount % 3 != 0) return;
        which %= 3;
        amount = bound(amount, 0, held(which) / 4);
        uint256 before = tokenOf(which).balanceOf(OWNER);
        vm.prank(OWNER);
        vault.withdraw(address(tokenOf(which)), amount);
        outflow[which] += amount;
        if (tokenOf(which).balanceOf(OWNER) != before + amount) wrongRecipient = true;
    }

    function pause_(uint8 on) external {
        vm.prank(OWNER);
        if (on % 8 == 0) vault.pause();
        else vault.resume();
    }

    function policy_(uint16 slip, uint16 loss, uint16 destination) external {
        if (slip % 3 != 0) return;
        setPolicyTo(uint16(bound(slip, 1, 200)), uint16(bound(loss, 1, 300)), uint16(bound(destination, 0, 10_000)));
    }

    function setPolicyTo(uint16 slip, uint16 loss, uint16 destination) private {
        Policy memory p = defaultPolicy();
        p.maxSlipBps = slip;
        p.lossBpsPerDay = loss;
        p.destinationBps = destination;
        setPolicy(p);
    }

    function move_(uint256 btc, uint256 eth) public {
        usdcFeed.set(1e8);
        wbtcFeed.set(int256(bound(btc, 40_000e8, 90_000e8)));
        wethFeed.set(int256(bound(eth, 2_000e18, 4_500e18)));
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 2 hours));
        usdcFeed.set(usdcFeed.answer());
        wbtcFeed.set(wbtcFeed.answer());
        wethFeed.set(wethFeed.answer());
    }

    /* ------------------------------------------------ readings ----------------------------------------------- */

    function balance(uint8 i) external view returns (uint256) {
        return held(i);
    }

    function allowances() external view returns (uint256 sum) {
        address[6] memory all = [address(rateFiller), address(filler), KEEPER, STRANGER, address(hub), address(factory)];
        for (uint8 i; i < 3; ++i) {
            for (uint256 j; j < 6; ++j) {
                sum += tokenOf(i).allowance(address(vault), all[j]);
            }
        }
    }

    function currentState() external view returns (State memory) {
        return vault.state();
    }

    function timeSinceStart() external view returns (uint256) {
        return block.timestamp - T0;
    }
}

contract VaultInvariants is RandomMarket {
    Handler private handler;

    function setUp() public override {
        handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        bytes4[] memory s = new bytes4[](13);
        s[0] = Handler.begin_.selector;
        s[1] = Handler.moveAndBegin_.selector;
        s[2] = Handler.fill_.selector;
        s[3] = Handler.greedyFill_.selector;
        s[4] = Handler.fairFill_.selector;
        s[5] = Handler.finish_.selector;
        s[6] = Handler.stranger_.selector;
        s[7] = Handler.donate_.selector;
        s[8] = Handler.withdraw_.selector;
        s[9] = Handler.pause_.selector;
        s[10] = Handler.policy_.selector;
        s[11] = Handler.move_.selector;
        s[12] = Handler.wait_.selector;
        list[0] = FuzzSelector(address(handler), s);
    }

    /// forge-config: default.invariant.runs = 40
    /// forge-config: default.invariant.depth = 120
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_P2_everybodysBooksAgree() public view {
        for (uint8 i; i < 3; ++i) {
            assertEq(handler.balance(i), handler.inflow(i) - handler.outflow(i), "P2: conservation");
        }
        assertTrue(!handler.wrongRecipient(), "P18: coins go to the owner or through a fill");
        assertEq(handler.allowances(), 0, "P2: no allowance");
        assertTrue(!handler.orderBroken(), "P25: epochs and slices only go forward");
        State memory s = handler.currentState();
        assertEq(s.lossAt, s.lastSliceAt, "one time for both, as they are stored");
        if (s.epoch != 0) assertLe(s.epochEnd, uint256(s.epochStart) + 86_400, "P21: an epoch ends within a day");
        assertLe(handler.lost(), handler.allowed() + handler.allowed() * handler.timeSinceStart() / 86_400 + dust(), "P1");
    }

    /// @dev {USD E8} a base unit of WBTC is worth up to 0.0009 dollars; one may be lost to rounding in each fill.
    function dust() private view returns (uint256) {
        return handler.filled() * 1e5;
    }
}
