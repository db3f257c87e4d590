// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {PuppetBalancerPool} from "../mocks/BalancerPools.sol";
import {Call} from "../mocks/Strangers.sol";
import {IFullVault} from "../utils/Interfaces.sol";
import {RealBalancer} from "../utils/RealBalancer.sol";

/// Fills on Balancer's own V3 vault.
contract BalancerV3Test is RealBalancer {
    bytes4 private constant LOCKED = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
    uint256 private constant DEEP = 50_000_000e8; // {USD E8} of each token

    function setUp() public override {
        super.setUp();
        drift();
    }

    function balancerFill(uint8 sell, uint8 buy, uint256 amountIn, address at) private pure returns (Fill memory) {
        return Fill(sell, buy, Venue.BalancerV3, at, uint128(amountIn), 0, "");
    }

    /* ------------------------------------------------- it works ---------------------------------------------- */

    function test_P2_balancerV3_sellsTheHigherToken() public {
        address weighted = makeWeightedPool(WETH, USDC, DEEP);
        begin();
        doFill(balancerFill(WETH, USDC, 1e18, weighted));
        assertEq(held(WETH), 9e18, "sold");
        assertLt(4_497e6, held(USDC) - 40_000e6, "bought");
        assertLt(held(USDC) - 40_000e6, 4_498e6, "bought");
        assertNoAllowance(address(balancer));
        assertNoAllowance(weighted);
    }

    function test_P2_balancerV3_sellsTheLowerToken() public {
        wethFeed.set(2_000e18);
        usdc.mint(address(vault), 10_000e6);
        address weighted = makeWeightedPool(WETH, USDC, DEEP);
        begin();
        doFill(balancerFill(USDC, WETH, 1_000e6, weighted));
        assertEq(held(USDC), 49_000e6, "sold");
        assertLt(0.4997e18, held(WETH) - 10e18, "bought");
        assertLt(held(WETH) - 10e18, 0.49976e18, "bought");
    }

    function test_P2_balancerV3_severalPoolsInOneSlice() public {
        address one = makeWeightedPool(WETH, USDC, DEEP);
        address two = makeWeightedPool(WETH, WBTC, DEEP);
        Slice memory s = Slice(1, 0, uint40(block.timestamp), true);
        beginAndFillAs(KEEPER, s, many(balancerFill(WETH, USDC, 0.5e18, one), balancerFill(WETH, WBTC, 0.5e18, two)));
        assertEq(held(WETH), 9e18, "sold");
        assertLt(2_247e6, held(USDC) - 40_000e6, "USDC");
        assertLt(0.0374e8, held(WBTC) - 0.5e8, "WBTC");
        assertTrue(!isOpen(), "closed");
    }

    function test_P2_balancerV3_respectsTheCallersMinOut() public {
        address weighted = makeWeightedPool(WETH, USDC, DEEP);
        begin();
        uint256 id = vm.snapshotState();
        doFill(balancerFill(WETH, USDC, 1e18, weighted));
        uint256 out = held(USDC) - 40_000e6;
        vm.revertToState(id);
        Fill memory f = balancerFill(WETH, USDC, 1e18, weighted);
        f.minOut = uint128(out + 1);
        expectFillRevert(f, abi.encodeWithSelector(IVault.BelowCallersMinOut.selector, out, out + 1));
    }

    /// What somebody left at Balancer's door is not taken for our pay.
    function test_P8_balancerV3_giftsToBalancerDoNotCount() public {
        address weighted = makeWeightedPool(WETH, USDC, DEEP);
        weth.mint(address(balancer), 1e18);
        begin();
        doFill(balancerFill(WETH, USDC, 1e18, weighted));
        assertEq(held(WETH), 9e18, "sold");
    }

    /* ------------------------------------------------- limits ------------------------------------------------ */

    function test_P1_balancerV3_refusesAThinPool() public {
        address weighted = makeWeightedPool(WETH, USDC, 100_000e8);
        begin();
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        fillAs(KEEPER, s, balancerFill(WETH, USDC, 1e18, weighted));
    }

    function test_balancerV3_refusesWhatIsNoPool() public {
        makeWeightedPool(WETH, USDC, DEEP);
        begin();
        expectFillRevert(
            balancerFill(WETH, USDC, 1e18, address(filler)),
            abi.encodeWithSignature("PoolNotInitialized(address)", filler)
        );
    }

    function test_balancerV3_refusesAPoolOfOtherTokens() public {
        address weighted = makeWeightedPool(WETH, WBTC, DEEP);
        begin();
        expectFillRevertAny(balancerFill(WETH, USDC, 1e18, weighted));
        assertEq(held(WETH), 10e18, "untouched");
    }

    /* ------------------------------------------------ spoofing ----------------------------------------------- */

    function test_P15_balancerV3_callbackRefusesEverybody() public {
        address weighted = makeWeightedPool(WETH, USDC, DEEP);
        begin();
        address[4] memory who = [KEEPER, OWNER, address(this), address(balancer)];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, who[i]));
            vm.prank(who[i]);
            vault.balancerCallback(weighted, address(usdc));
        }
    }

    /// Balancer calls back whoever unlocked it, with whatever he asked for: never somebody else.
    function test_P15_balancerV3_notInAForeignUnlock() public {
        makeWeightedPool(WETH, USDC, DEEP);
        begin();
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(this)));
        balancer.unlock(abi.encodeCall(this.spoof, ()));
    }

    function spoof() external {
        vault.balancerCallback(address(0), address(usdc));
    }

    /// Nested in somebody else's unlock, Balancer checks the books only in the end: the vault does it before.
    function test_P2_balancerV3_worksInsideAForeignUnlock() public {
        nested = makeWeightedPool(WETH, USDC, DEEP);
        begin();
        balancer.unlock(abi.encodeCall(this.fillInside, ()));
        assertEq(held(WETH), 9e18, "sold");
        assertLt(4_497e6, held(USDC) - 40_000e6, "bought");
    }

    address private nested;

    function fillInside() external {
        doFill(balancerFill(WETH, USDC, 1e18, nested));
    }

    /* --------------------------------------------- a hostile pool -------------------------------------------- */

    function hostilePool() private returns (PuppetBalancerPool made) {
        made = new PuppetBalancerPool();
        fund(address(made), WETH, USDC, DEEP);
        begin();
    }

    function expectNothingHappens(PuppetBalancerPool at, bytes memory why) private {
        expectFillRevert(balancerFill(WETH, USDC, 1e18, address(at)), why);
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WETH), 10e18, "WETH");
        assertEq(vault.state().sequence, 0, "not consumed");
        assertNoAllowance(address(at));
    }

    function test_P2_balancerV3_aPoolThatGivesLittle() public {
        PuppetBalancerPool at = hostilePool();
        at.tell(4_454e18, new Call[](0));
        expectNothingHappens(at, abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_454e6, 4_455e6));
        at.tell(0, new Call[](0));
        expectFillRevertAny(balancerFill(WETH, USDC, 1e18, address(at))); // too little for Balancer itself
        at.tell(4_455e18, new Call[](0));
        doFill(balancerFill(WETH, USDC, 1e18, address(at)));
        assertEq(held(USDC), 44_455e6, "bought");
    }

    function test_P2_balancerV3_aPoolThatPromisesMoreThanItHas() public {
        PuppetBalancerPool at = hostilePool();
        at.tell(type(uint128).max, new Call[](0));
        expectFillRevertAny(balancerFill(WETH, USDC, 1e18, address(at)));
        assertEq(held(WETH), 10e18, "untouched");
    }

    function test_P13_balancerV3_aPoolThatReenters() public {
        PuppetBalancerPool at = hostilePool();
        Slice memory s = slice();
        bytes[4] memory list = [
            abi.encodeCall(IVault.begin, ()),
            abi.encodeCall(IVault.fill, (s, many(balancerFill(WETH, USDC, 1e18, address(at))))),
            abi.encodeCall(IVault.finish, ()),
            abi.encodeCall(IVault.withdraw, (address(weth), 1))
        ];
        for (uint256 i; i < list.length; ++i) {
            at.tell(4_500e18, calls(Call(address(vault), list[i])));
            expectNothingHappens(at, abi.encodePacked(LOCKED));
        }
    }

    function test_P15_balancerV3_aPoolThatSpoofsCallbacks() public {
        PuppetBalancerPool at = hostilePool();
        bytes[3] memory list = [
            abi.encodeCall(IFullVault.balancerCallback, (address(at), address(usdc))),
            abi.encodeCall(IFullVault.uniswapV3SwapCallback, (0, 1e18, "")),
            abi.encodeCall(IFullVault.unlockCallback, (""))
        ];
        for (uint256 i; i < list.length; ++i) {
            at.tell(4_500e18, calls(Call(address(vault), list[i])));
            expectNothingHappens(at, abi.encodeWithSelector(IVault.UnexpectedCallback.selector, at));
        }
    }
}
