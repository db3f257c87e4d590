// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {IPoolManager, PoolKey} from "../../src/interfaces/IUniswapV4.sol";
import {Fill, IVault, Slice, Venue} from "../../src/interfaces/IVault.sol";
import {Call} from "../mocks/Strangers.sol";
import {Fixture} from "../utils/Fixture.sol";
import {RealBalancer} from "../utils/RealBalancer.sol";
import {RealUniswapV4} from "../utils/RealUniswapV4.sol";

interface ISettleFor {
    function settleFor(address recipient) external payable returns (uint256);
}

/// Five kinds of venues in one slice, all of them real, inside one unlock of Uniswap's manager.
contract AllVenuesTest is RealUniswapV4, RealBalancer {
    uint256 private constant DEEP = 50_000_000e8; // {USD E8} on each side

    IUniswapV2Pair private pair;
    IUniswapV3Pool private v3;
    PoolKey private key;
    address private weighted;

    function setUp() public override(RealUniswapV4, RealBalancer) {
        super.setUp();
        installVenues(address(manager), address(balancer));
        drift();
        pair = makePair(WETH, USDC, DEEP);
        v3 = makePool(WETH, USDC, 500, DEEP);
        key = makeV4Pool(WETH, USDC, 500, address(0), DEEP);
        weighted = makeWeightedPool(WETH, WBTC, DEEP);
        begin();
    }

    function v4Fill(uint256 amountIn) private view returns (Fill memory) {
        return Fill(
            WETH, USDC, Venue.UniswapV4, address(0), uint128(amountIn), 0, abi.encodePacked(key.fee, key.tickSpacing)
        );
    }

    function everywhere() private view returns (Fill[] memory fills) {
        fills = new Fill[](6);
        fills[0] = v4Fill(0.2e18);
        fills[1] = Fill(WETH, USDC, Venue.UniswapV2, address(pair), 0.2e18, 0, "");
        fills[2] = Fill(WETH, WBTC, Venue.BalancerV3, weighted, 0.2e18, 0, "");
        fills[3] = v4Fill(0.2e18);
        fills[4] = Fill(WETH, USDC, Venue.UniswapV3, address(v3), 0.2e18, 0, "");
        fills[5] = fairFill(WETH, WBTC, 0.2e18, 10_000);
    }

    function test_P2_allVenues_inOneSlice() public {
        Slice memory s = slice();
        s.last = true;
        fillManyAs(KEEPER, s, everywhere());
        assertEq(held(WETH), 8.8e18, "sold");
        assertLt(3_594e6, held(USDC) - 40_000e6, "USDC");
        assertLt(0.0299e8, held(WBTC) - 0.5e8, "WBTC");
        assertTrue(!isOpen(), "closed");
        address[6] memory others =
            [address(manager), address(balancer), address(pair), address(v3), weighted, address(filler)];
        for (uint256 i; i < 6; ++i) {
            assertNoAllowance(others[i]);
        }
    }

    function test_P2_allVenues_theLastOneFailsAndNothingHappened() public {
        Fill[] memory fills = everywhere();
        fills[5] = fairFill(WETH, WBTC, 0.2e18, 9_899);
        Slice memory s = slice();
        vm.expectPartialRevert(IVault.SlippageAboveCap.selector);
        fillManyAs(KEEPER, s, fills);
        assertEq(held(WETH), 10e18, "WETH");
        assertEq(held(USDC), 40_000e6, "USDC");
        assertEq(held(WBTC), 0.5e8, "WBTC");
        fillManyAs(KEEPER, s, everywhere());
    }

    /// A filler that runs while the manager is unlocked for the vault can do to the vault's account there only what makes
    /// all of it revert.
    function test_P2_allVenues_aFillerMeddlesWithTheManager() public {
        usdc.mint(address(filler), 100e6);
        Call[] memory list = new Call[](4);
        list[0] = Call(address(manager), abi.encodeCall(IPoolManager.sync, (address(usdc))));
        list[1] = Call(address(usdc), abi.encodeCall(IERC20.transfer, (address(manager), 1)));
        list[2] = Call(address(manager), abi.encodeCall(ISettleFor.settleFor, (address(vault))));
        list[3] = minting(usdc, 450e6);
        Fill memory meddling = puppetFill(WETH, USDC, 0.1e18, list);
        Fill[] memory fills = many(v4Fill(0.2e18), meddling);
        Slice memory s = slice();
        vm.expectRevert(abi.encodeWithSignature("CurrencyNotSettled()"));
        fillManyAs(KEEPER, s, fills);
        fills = many(meddling, v4Fill(0.2e18));
        vm.expectRevert(abi.encodeWithSignature("CurrencyNotSettled()"));
        fillManyAs(KEEPER, s, fills);

        list[2] = Call(address(manager), abi.encodeCall(IPoolManager.take, (address(weth), address(filler), 1)));
        fills[0] = puppetFill(WETH, USDC, 0.1e18, list); // takes what it did not pay for
        vm.expectRevert(abi.encodeWithSignature("CurrencyNotSettled()"));
        fillManyAs(KEEPER, s, fills);
        assertEq(held(WETH), 10e18, "untouched");
    }

    function test_P13_allVenues_aFillerReentersDuringTheUnlock() public {
        Slice memory s = slice();
        bytes memory again = abi.encodeCall(IVault.fill, (s, many(v4Fill(0.1e18))));
        Fill[] memory fills = many(v4Fill(0.2e18), puppetFill(WETH, USDC, 0.1e18, calls(Call(address(vault), again))));
        vm.expectRevert(abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        fillManyAs(KEEPER, s, fills);
    }
}
