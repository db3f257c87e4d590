// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Call, PuppetOwner} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";
import {IFullVault} from "../utils/Interfaces.sol";

/// What a filler, a pool or a pair may try between getting the coins and giving the others.
contract StrangersTest is Fixture {
    bytes private constant LOCKED = abi.encodeWithSignature("ReentrancyGuardReentrantCall()");

    function setUp() public virtual override {
        super.setUp();
        driftAndBegin();
        pool.setReserves(1e24, 1e24);
    }

    function poolFill(Venue venue, uint8 sell, uint8 buy, uint256 amountIn) private view returns (Fill memory) {
        return Fill(sell, buy, venue, address(pool), uint128(amountIn), 0, "");
    }

    function callback(int256 amount0, int256 amount1) private view returns (Call memory) {
        return Call(address(vault), abi.encodeCall(IFullVault.uniswapV3SwapCallback, (amount0, amount1, "")));
    }

    function assertUntouched() private view {
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        assertEq(held(WETH), 10e18, "WETH");
        assertNoAllowance(address(pool));
        assertNoAllowance(address(filler));
    }

    /* ----------------------------------------- takes and gives nothing --------------------------------------- */

    function test_P2_filler_givesNothing() public {
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, new Call[](0)),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
        assertUntouched();
    }

    function test_P2_pair_givesNothing() public {
        expectFillRevert(
            poolFill(Venue.UniswapV2, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
        assertUntouched();
    }

    function test_P2_pool_givesNothing() public {
        pool.tell(calls(callback(-1, 1e18)));
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
        assertUntouched();
    }

    function test_P2_pool_doesNothing() public {
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
        assertUntouched();
    }

    function test_P2_filler_underDelivers() public {
        expectFillRevert(
            paidFill(WETH, USDC, 1e18, 4_454e6),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 4_454e6, 4_455e6)
        );
    }

    /// Part of the input comes back: only what was really taken must be paid for.
    function test_P2_filler_returnsPartOfTheInput() public {
        Call memory back =
            Call(address(weth), abi.encodeCall(IERC20.transfer, (address(vault), 0.4e18)));
        doFill(puppetFill(WETH, USDC, 1e18, calls(back, minting(usdc, 2_673e6)))); // 0.6 * 4,500 * 0.99
        assertEq(held(WETH), 9.4e18, "net");
        assertEq(vault.state().lossUsdE8, 27e8, "loss of the part");
    }

    /// Coins of another kind do not count.
    function test_P2_filler_paysInAnotherCoin() public {
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(minting(wbtc, 1e8))),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
    }

    function test_P2_filler_hasNoCode() public {
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        f.target = address(0x1234);
        expectFillRevert(f, "");
        f.venue = Venue.UniswapV2;
        expectFillRevert(f, "");
        f.venue = Venue.UniswapV3; // nobody there asks for pay, so nothing is lost
        expectFillRevert(f, abi.encodeWithSelector(IVault.DriftDidNotShrink.selector));
        assertUntouched();
    }

    function test_P2_filler_isTheVaultOrAToken() public {
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        f.target = address(vault);
        expectFillRevert(f, "");
        f.target = address(usdc);
        expectFillRevert(f, "");
        assertUntouched();
    }

    function test_P2_pair_burnsTheBoughtCoins() public {
        pool.tell(
            calls(
                Call(address(usdc), abi.encodeWithSignature("burn(address,uint256)", vault, 1_000e6)),
                Call(address(weth), abi.encodeWithSignature("mint(address,uint256)", vault, 1e18))
            )
        );
        expectFillRevert(
            poolFill(Venue.UniswapV2, WETH, USDC, 1e18), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
    }

    /// A token that takes more than was sent is caught by the balance, whatever else happened.
    function test_P2_token_takesMoreThanWasSold() public {
        pool.tell(
            calls(
                Call(address(weth), abi.encodeWithSignature("burn(address,uint256)", vault, 1)), minting(usdc, 5_000e6)
            )
        );
        expectFillRevert(
            poolFill(Venue.UniswapV2, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SpentTooMuch.selector, 1e18 + 1, 1e18)
        );
    }

    /* ------------------------------------------------ callbacks ---------------------------------------------- */

    function test_P15_callback_refusesEverybodyOutsideASwap() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(this)));
        vault.uniswapV3SwapCallback(1, 1, "");
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, KEEPER));
        vm.prank(KEEPER);
        vault.uniswapV3SwapCallback(1, 1, "");
    }

    function test_P15_callback_refusesOthersDuringASwap() public {
        bytes memory sneak = abi.encodeWithSignature(
            "onFill(address,uint256,address,uint256,bytes)",
            address(0),
            0,
            address(0),
            0,
            abi.encode(calls(callback(0, 1e18)))
        );
        pool.tell(calls(Call(address(filler), sneak)));
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(filler))
        );
    }

    function test_P15_callback_refusesPairsAndFillers() public {
        pool.tell(calls(callback(0, 1)));
        expectFillRevert(
            poolFill(Venue.UniswapV2, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(pool))
        );
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(callback(0, 1))),
            abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(filler))
        );
    }

    function test_P15_callback_refusesThePoolOfAnEarlierFill() public {
        pool.tell(calls(callback(0, 1e18), minting(usdc, 4_500e6)));
        Fill memory honest = poolFill(Venue.UniswapV3, WETH, USDC, 1e18);
        bytes memory again = abi.encodeWithSignature("swap(uint256,uint256,address,bytes)", 0, 0, address(0), "");
        Fill memory late = puppetFill(WETH, WBTC, 0.1e18, calls(Call(address(pool), again)));
        Slice memory s = slice();
        vm.expectRevert(abi.encodeWithSelector(IVault.UnexpectedCallback.selector, address(pool)));
        vm.prank(KEEPER);
        vault.fill(s, many(honest, late));
        fillManyAs(KEEPER, s, many(honest)); // alone it is fine
    }

    function test_P2_callback_paysNoMoreThanTheInput() public {
        pool.tell(calls(callback(0, 1e18 + 1), minting(usdc, 4_500e6)));
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SpentTooMuch.selector, 1e18 + 1, 1e18)
        );
        pool.tell(calls(callback(0, 0.6e18), callback(0, 0.6e18))); // nor in pieces
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SpentTooMuch.selector, 0.6e18, 0.4e18)
        );
    }

    function test_callback_paysInPiecesUpToTheInput() public {
        pool.tell(calls(callback(-1, 0.6e18), callback(0.4e18, -1)));
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18),
            abi.encodeWithSelector(IVault.SlippageAboveCap.selector, 0, 4_455e6)
        );
    }

    function test_callback_paysNothingWhenNothingIsOwed() public {
        pool.tell(calls(callback(0, 0), callback(-1e18, -1e18)));
        expectFillRevert(
            poolFill(Venue.UniswapV3, WETH, USDC, 1e18), abi.encodeWithSelector(IVault.DriftDidNotShrink.selector)
        );
    }

    /* ----------------------------------------------- re-entrance --------------------------------------------- */

    /// Every function that changes anything, called by a filler that is the owner and a keeper at the same time.
    function test_P13_everyFunctionIsLockedDuringAFill() public {
        PuppetOwner boss = new PuppetOwner();
        vault = IFullVault(factory.create(address(boss), KEEPER, defaultPolicy(), defaultTargets(), "boss"));
        usdc.mint(address(vault), 40_000e6);
        wbtc.mint(address(vault), 0.5e8);
        weth.mint(address(vault), 10e18);
        begin();

        Slice memory s = slice();
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        bytes[] memory list = attempts(s, f);
        for (uint256 i; i < list.length; ++i) {
            Call memory act = Call(address(vault), list[i]);
            Call memory order = Call(address(boss), abi.encodeCall(PuppetOwner.run, (calls(act))));
            expectFillRevert(KEEPER, s, puppetFill(WETH, USDC, 1e18, calls(order)), LOCKED);
        }
        fillAs(KEEPER, s, f); // the lock is gone after a revert
    }

    /// @dev Everything in IVault that changes anything, the callbacks apart, and plain ether.
    function attempts(Slice memory s, Fill memory f) private returns (bytes[] memory list) {
        list = new bytes[](22);
        list[0] = abi.encodeCall(IVault.begin, ());
        list[1] = abi.encodeCall(IVault.fill, (s, many(f)));
        list[2] = abi.encodeCall(IVault.beginAndFill, (s, many(f)));
        list[3] = abi.encodeCall(IVault.finish, ());
        list[4] = abi.encodeCall(IVault.deposit, (address(usdc), 1));
        list[5] = abi.encodeCall(IVault.depositWithPermit, (address(usdc), 1, T0, ""));
        list[6] = abi.encodeCall(IVault.depositEth, ());
        list[7] = abi.encodeCall(IVault.withdraw, (address(usdc), 1));
        list[8] = abi.encodeCall(IVault.withdrawAll, (new address[](0)));
        list[9] = abi.encodeCall(IVault.withdrawNft, (address(usdc), 1));
        list[10] = abi.encodeCall(IVault.setPolicy, (defaultPolicy()));
        list[11] = abi.encodeCall(IVault.setTargets, (defaultTargets()));
        list[12] = abi.encodeCall(IVault.setKeeper, (STRANGER, true));
        list[13] = abi.encodeCall(IVault.setGuardian, (STRANGER));
        list[14] = abi.encodeCall(IVault.pause, ());
        list[15] = abi.encodeCall(IVault.resume, ());
        list[16] = abi.encodeCall(IVault.resetStop, ());
        list[17] = abi.encodeCall(IVault.transferOwnership, (STRANGER));
        list[18] = abi.encodeCall(IVault.acceptOwnership, ());
        list[19] = abi.encodeCall(IVault.guardianPause, (60));
        list[20] = abi.encodeCall(IVault.checkStop, ());
        list[21] = ""; // plain ether
    }

    /// Whoever asks in the middle of a fill what is due gets no answer rather than a wrong one.
    function test_P14_viewsRefuseToAnswerDuringAFill() public {
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(Call(address(vault), abi.encodeCall(IVault.due, ())))), LOCKED
        );
        expectFillRevert(
            puppetFill(WETH, USDC, 1e18, calls(Call(address(vault), abi.encodeCall(IVault.stopDue, ())))), LOCKED
        );
    }

    function test_P13_lockIsReleasedAfterwards() public {
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        doFill(fairFill(WETH, USDC, 0.1e18, 10_000));
        vm.prank(OWNER);
        vault.withdraw(address(weth), 1e18);
    }

    /// A filler cannot hand the coins of one vault to another that shares the code.
    function test_P13_twoVaultsDoNotMix() public {
        IFullVault other = IFullVault(factory.create(OWNER, KEEPER, defaultPolicy(), defaultTargets(), "other"));
        Fill memory f = fairFill(WETH, USDC, 1e18, 10_000);
        f.target = address(other);
        expectFillRevert(f, "");
    }
}
