// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {LyingBalancer, LyingManager} from "../mocks/LyingVenues.sol";
import {Call} from "../mocks/Strangers.sol";
import {IFullVault} from "../utils/Interfaces.sol";
import {Venues} from "../utils/Venues.sol";

/// Suppose that Uniswap's manager itself is against us. 1 WETH should bring 4,500 USDC, and 4,455 are enough.
contract LyingManagerTest is Venues {
    LyingManager private manager;

    function setUp() public override {
        super.setUp();
        manager = new LyingManager();
        installVenues(address(manager), address(0));
        usdc.mint(address(manager), 1_000_000e6);
        wbtc.mint(address(manager), 100e8);
        driftAndBegin();
        manager.say(4_500e6, -1e18);
    }

    function theFill() private pure returns (Fill memory) {
        return Fill(WETH, USDC, Venue.UniswapV4, address(0), 1e18, 0, abi.encodePacked(uint24(500), int24(10)));
    }

    function assertUntouched() private view {
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertEq(vault.state().sequence, 0, "not consumed");
        assertNoAllowance(address(manager));
    }

    function expectNothingHappens(bytes memory why) private {
        expectFillRevert(theFill(), why);
        assertUntouched();
    }

    function callBackWith(bytes memory one) private {
        bytes[] memory list = new bytes[](1);
        list[0] = one;
        manager.callBackWith(list);
    }

    /* ------------------------------------------------- amounts ----------------------------------------------- */

    function test_P2_manager_honest() public {
        doFill(theFill());
        assertEq(held(WETH), 9e18, "sold");
        assertEq(held(USDC), 44_500e6, "bought");
    }

    function test_P2_manager_paysLessThanItClaims() public {
        manager.payOnly(9_999);
        expectNothingHappens(abi.encodeWithSelector(IVault.TransferFailed.selector, address(usdc)));
    }

    function test_P2_manager_paysNothing() public {
        manager.payOnly(0);
        expectNothingHappens(abi.encodeWithSelector(IVault.TransferFailed.selector, address(usdc)));
    }

    function test_P2_manager_claimsMoreInputThanWasOffered() public {
        manager.say(4_500e6, -1e18 - 1);
        expectNothingHappens(abi.encodeWithSelector(IVault.SpentTooMuch.selector, 1e18 + 1, 1e18));
    }

    function test_P2_manager_claimsOutputOwedByUs() public {
        manager.say(-1, -1e18);
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, USDC));
    }

    function test_P2_manager_claimsInputOwedToUs() public {
        manager.say(4_500e6, 1);
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, USDC));
    }

    function test_P2_manager_claimsTheExtremes() public {
        manager.say(type(int128).min, type(int128).min);
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, WETH, USDC));
        manager.say(type(int128).max, type(int128).min);
        expectNothingHappens(abi.encodeWithSelector(IVault.SpentTooMuch.selector, 1 << 127, 1e18));
        manager.say(type(int128).max, -1e18);
        expectNothingHappens(abi.encodeWithSelector(IVault.Overshoot.selector, USDC));
    }

    function test_P2_manager_givesTooLittle() public {
        manager.say(4_455e6 - 1, -1e18);
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_455e6 - 1, 4_455e6));
    }

    /* ------------------------------------------------ callbacks ---------------------------------------------- */

    /// Else the keeper would be told that a slice ran, and the vault would go on waiting for it.
    function test_P15_manager_neverCallsBack() public {
        manager.beSilent();
        expectNothingHappens(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(0)));
    }

    function test_P15_manager_callsBackTwice() public {
        bytes[] memory list = new bytes[](2);
        list[0] = abi.encodeCall(IVault.fill, (slice(), many(theFill())));
        list[1] = list[0];
        manager.callBackWith(list);
        expectNothingHappens(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(manager)));
    }

    function test_P15_manager_callsBackOutsideOfAnUnlock() public {
        doFill(theFill());
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(theFill())));
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(manager)));
        vm.prank(address(manager));
        vault.unlockCallback(data);
    }

    /* -------------------------------------------- another slice than ours ------------------------------------ */

    /// The manager may put another slice in the place of the keeper's: then it can do what a keeper can, and no more.
    function test_P2_manager_altersTheSlice() public {
        Slice memory s = slice();
        callBackWith(abi.encodeCall(IVault.fill, (s, many(fairFill(WETH, USDC, 0.5e18, 9_899)))));
        expectNothingHappens(
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, uint256(2_250e6) * 9_899 / 10_000, 2_227.5e6)
        );
        callBackWith(abi.encodeCall(IVault.fill, (s, many(fairFill(USDC, WETH, 100e6, 10_000)))));
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, USDC, WETH));
        callBackWith(abi.encodeCall(IVault.beginAndFill, (s, many(theFill()))));
        expectNothingHappens(abi.encodeWithSelector(IVault.EpochIsOpen.selector, 1));
        callBackWith(abi.encodeCall(IVault.fill, (s, new Fill[](0))));
        expectNothingHappens(abi.encodeWithSelector(IVault.NothingToTrade.selector, 0, 0));
        s.sequence = 7;
        callBackWith(abi.encodeCall(IVault.fill, (s, many(theFill()))));
        expectNothingHappens(abi.encodeWithSelector(IVault.WrongSlice.selector, 1, 0));
        s = slice();
        callBackWith(abi.encodeCall(IVault.fill, (s, many(fairFill(WETH, USDC, 0.5e18, 9_900)))));
        doFill(theFill());
        assertEq(held(WETH), 9.5e18, "the manager's slice, by the vault's rules");
        assertEq(vault.state().lossUsdE8, 22.5e8, "and on its budget");
    }

    /// Calldata that is no slice at all.
    function test_P15_manager_altersTheCalldata() public {
        callBackWith("");
        Slice memory s = slice();
        Fill memory f = theFill();
        vm.expectRevert(abi.encodeWithSelector(IVault.DeadlinePassed.selector, 0));
        fillAs(KEEPER, s, f);
        callBackWith(abi.encodePacked(IVault.fill.selector, abi.encode(s))); // where the fills would be there is nothing
        vm.expectRevert();
        fillAs(KEEPER, s, f);
        callBackWith(abi.encodePacked(IVault.fill.selector, abi.encode(s, type(uint256).max)));
        vm.expectRevert();
        fillAs(KEEPER, s, f);
        callBackWith(abi.encodePacked(IVault.fill.selector, abi.encode(s, uint256(160), type(uint256).max)));
        vm.expectRevert();
        fillAs(KEEPER, s, f);
        assertUntouched();
    }

    function testFuzz_P15_manager_garbage(bytes memory garbage) public {
        callBackWith(garbage);
        Slice memory s = slice();
        Fill memory f = theFill();
        vm.expectRevert();
        fillAs(KEEPER, s, f);
        assertUntouched();
    }

    /// A slice that starts as the keeper's and goes on as noise.
    function testFuzz_P2_manager_noiseInTheSlice(uint16 at, uint256 noise) public {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(theFill())));
        uint256 offset = bound(at, 36, data.length);
        assembly {
            mstore(add(data, offset), noise)
        }
        callBackWith(data);
        Slice memory s = slice();
        Fill memory f = theFill();
        uint256 worth = nav();
        vm.prank(KEEPER);
        try vault.fill(s, many(f)) {
            assertLe(worth, nav() + 60e8, "one percent of the deficit");
            assertEq(vault.state().sequence, 1, "consumed");
        } catch {
            assertUntouched();
        }
    }

    /* ----------------------------------------------- re-entrance --------------------------------------------- */

    function test_P13_manager_reentersWhileItIsPaid() public {
        manager.onSettle(Call(address(vault), abi.encodeCall(IVault.finish, ())));
        expectNothingHappens(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
    }

    function test_P15_manager_callsBackWhileItIsPaid() public {
        bytes memory data = abi.encodeCall(IVault.fill, (slice(), many(theFill())));
        manager.onSettle(Call(address(vault), abi.encodeCall(IFullVault.unlockCallback, (data))));
        expectNothingHappens(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(manager)));
    }

    function test_P4_manager_cannotHinderTheExit() public {
        vm.etch(address(manager), hex"fe");
        vm.prank(OWNER);
        vault.withdraw(address(weth), type(uint256).max);
        assertEq(weth.balanceOf(OWNER), 10e18, "out");
    }
}

/// Suppose the same of Balancer's vault.
contract LyingBalancerTest is Venues {
    LyingBalancer private balancer;

    function setUp() public override {
        super.setUp();
        balancer = new LyingBalancer();
        installVenues(address(0), address(balancer));
        usdc.mint(address(balancer), 1_000_000e6);
        wbtc.mint(address(balancer), 100e8);
        driftAndBegin();
        balancer.say(4_500e6, 4_500e6);
    }

    function theFill() private view returns (Fill memory) {
        return Fill(WETH, USDC, Venue.BalancerV3, address(pool), 1e18, 0, "");
    }

    function expectNothingHappens(bytes memory why) private {
        expectFillRevert(theFill(), why);
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertEq(vault.state().sequence, 0, "not consumed");
        assertNoAllowance(address(balancer));
    }

    function callback(address pool_, address tokenOut) private view returns (Call memory) {
        return Call(address(vault), abi.encodeCall(IFullVault.balancerCallback, (pool_, tokenOut)));
    }

    function test_P2_balancer_honest() public {
        doFill(theFill());
        assertEq(held(WETH), 9e18, "sold");
        assertEq(held(USDC), 44_500e6, "bought");
    }

    function test_P2_balancer_paysLessThanItSays() public {
        balancer.say(4_500e6, 4_455e6 - 1);
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_455e6 - 1, 4_455e6));
    }

    function test_P2_balancer_saysWhatItLikes() public {
        balancer.say(type(uint256).max, 4_500e6);
        doFill(theFill());
        assertEq(held(USDC), 44_500e6, "only balances count");
    }

    function test_P15_balancer_neverCallsBack() public {
        balancer.beSilent();
        expectNothingHappens(abi.encodeWithSelector(IVault.DriftDidNotShrink.selector));
    }

    function test_P15_balancer_callsBackTwice() public {
        balancer.onUnlock(calls(callback(address(pool), address(usdc)), callback(address(pool), address(usdc))));
        expectNothingHappens(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(balancer)));
    }

    function test_P15_balancer_callsBackInTheMiddleOfTheSwap() public {
        balancer.onSwap(callback(address(pool), address(usdc)));
        expectNothingHappens(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(balancer)));
    }

    /// Pays in another coin than the one to be bought.
    function test_P2_balancer_altersTheTokens() public {
        balancer.onUnlock(calls(callback(address(pool), address(wbtc))));
        balancer.say(0.075e8, 0.075e8);
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
    }

    /// Asks for its pay in another way: it gets it once, and has to deliver all the same.
    function test_P2_balancer_asksAsAPoolOfUniswapWould() public {
        Call memory ask =
            Call(address(vault), abi.encodeCall(IFullVault.uniswapV3SwapCallback, (0, 1e18, "")));
        balancer.onUnlock(calls(ask));
        expectNothingHappens(abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6));
    }

    /// Paid twice, once for each kind of callback: more than the fill's input left.
    function test_P2_balancer_asksTwiceInTwoWays() public {
        Call memory ask =
            Call(address(vault), abi.encodeCall(IFullVault.uniswapV3SwapCallback, (0, 0.5e18, "")));
        balancer.onUnlock(calls(ask, callback(address(pool), address(usdc))));
        doFill(theFill()); // what the first took is not offered again
        assertEq(held(WETH), 9e18, "sold");
    }

    function test_P13_balancer_reenters() public {
        balancer.onSwap(Call(address(vault), abi.encodeCall(IVault.finish, ())));
        expectNothingHappens(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
    }

    function test_P15_balancer_spoofed() public {
        address[3] memory who = [KEEPER, OWNER, address(balancer)];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, who[i]));
            vm.prank(who[i]);
            vault.balancerCallback(address(pool), address(usdc));
        }
    }

    /// A pool that is being asked as one of Uniswap V3 is nobody that Balancer's callback serves.
    function test_P15_balancer_aPoolOfUniswapCannotUseItsCallback() public {
        pool.tell(calls(callback(address(pool), address(usdc))));
        Fill memory f = Fill(WETH, USDC, Venue.UniswapV3, address(pool), 1e18, 0, "");
        expectFillRevert(f, abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(pool)));
    }

    function test_balancer_isUnavailableWhereThereIsNone() public {
        installVenues(address(0), address(0));
        expectNothingHappens(abi.encodeWithSelector(IVault.VenueUnavailable.selector, Venue.BalancerV3));
    }
}
