// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Fill, IVault, Policy, Slice} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";

/// 20 basis points of the value moved, at most 5 dollars for a transaction and 12 for a day.
contract TipsTest is Fixture {
    uint256 private constant MIDNIGHT = 1_700_006_400; // {s} the first after T0, in UTC

    function setUp() public override {
        super.setUp();
        setPolicy(tipping());
        driftAndBegin();
    }

    function tipping() private pure returns (Policy memory p) {
        p = defaultPolicy();
        p.tipBps = 20;
        p.maxTipUsdE2 = 5_00;
        p.tipPerDayUsdE2 = 12_00;
    }

    function usdcTip(uint256 wethIn) private returns (uint256 tip) {
        uint256 before = usdc.balanceOf(KEEPER);
        doFill(fairFill(WETH, USDC, wethIn, 10_000));
        return usdc.balanceOf(KEEPER) - before;
    }

    function assertPaidToday(uint256 usdE8) private view {
        (uint256 paid, uint256 day) = vault.tips();
        assertEq(paid, usdE8, "paid today");
        assertEq(day, block.timestamp / 86_400, "today");
    }

    function test_P20_tip_isAShareOfWhatWasMoved() public {
        vm.expectEmit(address(vault));
        emit IVault.Tipped(KEEPER, address(usdc), 4.5e6, 4.5e8);
        assertEq(usdcTip(0.5e18), 4.5e6, "tip"); // 2,250 dollars
        assertEq(held(USDC), 40_000e6 + 2_250e6 - 4.5e6, "out of what was bought");
        assertPaidToday(4.5e8);
        assertNoAllowance(KEEPER);
    }

    function test_P20_tip_isCappedForEachTransaction() public {
        assertEq(usdcTip(1e18), 5e6, "9 dollars would be the share");
        assertPaidToday(5e8);
    }

    function test_P20_tip_isCappedForEachDay() public {
        assertEq(usdcTip(0.3e18), 2.7e6, "first");
        assertEq(usdcTip(0.5e18), 4.5e6, "second");
        assertEq(usdcTip(0.5e18), 4.5e6, "third");
        assertEq(usdcTip(0.02e18), 0.18e6, "fourth");
        uint256 before = wbtc.balanceOf(KEEPER);
        doFill(fairFill(WETH, WBTC, 0.5e18, 10_000));
        assertEq(wbtc.balanceOf(KEEPER) - before, uint256(0.12e8) * 1e8 / 60_000e8, "the rest of the day: 12 cents");
        assertPaidToday(12e8);
        doFill(fairFill(WETH, WBTC, 0.1e18, 10_000));
        assertEq(wbtc.balanceOf(KEEPER) - before, uint256(0.12e8) * 1e8 / 60_000e8, "nothing more");
        assertPaidToday(12e8);
    }

    function test_P20_tip_aNewDayBeginsAtMidnight() public {
        usdcTip(1e18);
        vm.warp(MIDNIGHT - 1);
        begin();
        assertEq(usdcTip(0.1e18), 0.9e6, "the same day");
        assertPaidToday(5.9e8);
        vm.warp(MIDNIGHT);
        assertEq(usdcTip(0.1e18), 0.9e6, "the next");
        assertPaidToday(0.9e8);
    }

    /// Many small fills earn what one large one earns, and no more: fees are the keeper's own.
    function test_P20_tip_splittingEarnsNothing() public {
        uint256 id = vm.snapshotState();
        uint256 one = usdcTip(0.5e18);
        vm.revertToState(id);
        uint256 sum;
        for (uint256 i; i < 50; ++i) {
            sum += usdcTip(0.01e18);
        }
        assertLe(sum, one, "50 dust fills");
        vm.revertToState(id);
        Fill[] memory fills = new Fill[](50);
        for (uint256 i; i < 50; ++i) {
            fills[i] = fairFill(WETH, USDC, 0.01e18, 10_000);
        }
        uint256 before = usdc.balanceOf(KEEPER);
        fillManyAs(KEEPER, slice(), fills);
        assertLe(usdc.balanceOf(KEEPER) - before, one, "50 dust fills in one transaction");
    }

    function test_P20_tip_gasPriceAndPaddingEarnNothing() public {
        uint256 id = vm.snapshotState();
        uint256 plain = usdcTip(0.5e18);
        vm.revertToState(id);
        vm.txGasPrice(10_000 gwei);
        assertEq(usdcTip(0.5e18), plain, "gas price");
        vm.revertToState(id);
        Fill memory f = fairFill(WETH, USDC, 0.5e18, 10_000);
        f.data = bytes.concat(f.data, new bytes(20_000));
        uint256 before = usdc.balanceOf(KEEPER);
        doFill(f);
        assertEq(usdc.balanceOf(KEEPER) - before, plain, "padding");
    }

    function test_P20_tip_nothingMovedNothingPaid() public {
        expectFillRevert(
            fairFill(WETH, USDC, 0.0002e18, 10_000), abi.encodeWithSelector(IVault.BelowMinTrade.selector, 0.9e8, 1e8)
        );
        vm.startPrank(KEEPER);
        vault.finish();
        vault.begin();
        vault.finish();
        vm.stopPrank();
        (uint256 paid,) = vault.tips();
        assertEq(paid, 0, "beginning and finishing is no service");
        for (uint8 i; i < 3; ++i) {
            assertEq(tokenOf(i).balanceOf(KEEPER), 0, "keeper");
        }
    }

    /// What a filler gave back was not moved: 0.5 of 1 WETH.
    function test_P20_tip_isForWhatReallyMoved() public {
        Call memory back = Call(address(weth), abi.encodeCall(IERC20.transfer, (address(vault), 0.5e18)));
        doFill(puppetFill(WETH, USDC, 1e18, calls(back, minting(usdc, 2_250e6))));
        assertEq(usdc.balanceOf(KEEPER), 4.5e6, "tip");
    }

    /// One tip for all fills of a transaction, in the token bought last, however little of it was bought.
    function test_P20_tip_isPaidOnceInTheTokenBoughtLast() public {
        fillManyAs(
            KEEPER, slice(), many(fairFill(WETH, USDC, 0.5e18, 10_000), fairFill(WETH, WBTC, 0.001e18, 10_000))
        );
        assertEq(usdc.balanceOf(KEEPER), 0, "USDC");
        assertEq(wbtc.balanceOf(KEEPER), uint256(4.509e8) * 1e8 / 60_000e8, "WBTC");
    }

    function test_P20_tip_strangersGetTheSame() public {
        Policy memory p = tipping();
        p.open = true;
        p.premiumBps = 1;
        p.relaxS = 60;
        p.maxSliceBps = 180; // 2,070 dollars: all that a slice may hold
        setPolicy(p);
        begin();
        vm.warp(block.timestamp + 60);
        fillAs(STRANGER, slice(), fairFill(WETH, USDC, 0.46e18, 10_000));
        assertEq(usdc.balanceOf(STRANGER), 4.14e6, "stranger");
    }

    /// The owner who trades himself pays himself.
    function test_P20_tip_theOwnersTipLeavesWithHim() public {
        fillAs(OWNER, slice(), fairFill(WETH, USDC, 0.5e18, 10_000));
        assertEq(usdc.balanceOf(OWNER), 4.5e6, "owner");
    }

    function test_P20_tip_noneByDefault() public {
        setPolicy(defaultPolicy());
        begin();
        assertEq(usdcTip(0.5e18), 0, "tip");
        (uint256 paid,) = vault.tips();
        assertEq(paid, 0, "paid");
    }

    /// Loss and tip have separate purses: what a slice costs at oracle prices is the sum of both, no more.
    function test_P1_tip_comesOnTopOfTheLoss() public {
        uint256 before = nav();
        doFill(fairFill(WETH, USDC, 0.5e18, 9_900));
        assertEq(before - nav(), 22.5e8 + 4.5e8, "NAV");
        assertEq(vault.state().lossUsdE8, 22.5e8, "the tip is no loss");
    }

    /// A token that refuses its keeper costs that keeper the slice, and the vault nothing.
    function test_P16_tip_aBlockedKeeperCannotTrade() public {
        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 0.5e18, 10_000);
        vm.mockCallRevert(address(usdc), abi.encodeWithSignature("transfer(address,uint256)", KEEPER, 4.5e6), "blocked");
        expectFillRevert(KEEPER, s, f, "blocked");
        vm.clearMockedCalls();
        assertEq(vault.state().sequence, 0, "not consumed");
        fillAs(OWNER, s, f);
    }

    function testFuzz_P20_tip_neverBeyondItsCaps(uint256[8] calldata amounts) public {
        uint256 sum;
        for (uint256 i; i < amounts.length; ++i) {
            Fill memory f = fairFill(WETH, i % 2 == 0 ? USDC : WBTC, bound(amounts[i], 1e15, 0.24e18), 10_000);
            uint256 before = kept();
            doFill(f);
            uint256 tip = kept() - before;
            assertLe(tip, 5e8, "transaction");
            assertLe(tip, valueOf(WETH, f.amountIn) * 20 / 10_000, "share");
            sum += tip;
        }
        assertLe(sum, 12e8, "day");
        (uint256 paid,) = vault.tips();
        assertLe(sum, paid, "the vault counts no less than it paid");
    }

    /// @return {USD E8}
    function kept() private view returns (uint256) {
        return valueOf(USDC, usdc.balanceOf(KEEPER)) + valueOf(WBTC, wbtc.balanceOf(KEEPER));
    }
}
