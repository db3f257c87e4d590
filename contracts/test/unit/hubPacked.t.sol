// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price} from "../../src/interfaces/IOracleHub.sol";
import {Feed, PuppetOracle, Wrapper} from "../mocks/Feeds.sol";
import {HubFixture} from "../utils/HubFixture.sol";

/// Packed configs: for which token they may be used, and which ids they have.
contract HubPackedTest is HubFixture {
    PuppetOracle private pair;

    function setUp() public override {
        super.setUp();
        pair = new PuppetOracle(address(usdc), address(weth), 26);
        pair.set(300, 0, 0);
    }

    function assertSame(bytes memory a, bytes memory b) private pure {
        assertEq(keccak256(a), keccak256(b), "packed");
    }

    function assertFor(FeedConfig memory c, address token) private {
        bytes32 id = hub.register(c);
        assertSame(hub.packedFor(id, token), hub.packedOf(id));
    }

    function assertNotFor(FeedConfig memory c, address token, string memory field) private {
        bytes32 id = hub.register(c);
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.BadFeedConfig.selector, field));
        hub.packedFor(id, token);
    }

    function twap(bool baseIsToken0) private view returns (FeedConfig memory) {
        Feed priced = baseIsToken0 ? usdcFeed : wethFeed;
        Feed quote = baseIsToken0 ? wethFeed : usdcFeed;
        return withPool(configOf(priced), address(pair), baseIsToken0, 300, quote, 100);
    }

    /* ----------------------------------------------- packedFor ---------------------------------------------- */

    /// A feed does not tell what it prices: that is the owner's to know.
    function test_packedFor_feedsAreForAnyToken() public {
        address[2] memory tokens = [address(usdc), address(0x77)];
        for (uint256 i; i < 2; ++i) {
            assertFor(configOf(wbtcFeed), tokens[i]);
            assertFor(withQuote(configOf(wbtcFeed), usdcFeed), tokens[i]);
            assertFor(withSecond(configOf(wbtcFeed), wbtcSecond, 100), tokens[i]);
        }
    }

    function test_P5_packedFor_aWrappersRateIsForItsShares() public {
        Wrapper wrapper = new Wrapper(address(weth), 18, 1e18);
        FeedConfig memory c = withWrapper(configOf(wethFeed), wrapper);
        assertFor(c, address(wrapper));
        assertNotFor(c, address(weth), "wrapper");
        assertNotFor(c, address(0), "wrapper");
        c = withSecond(c, wethSecond, 100);
        assertFor(c, address(wrapper));
        assertNotFor(c, address(weth), "wrapper");
    }

    /// With a wrapper the pool prices the asset, not the token.
    function test_P5_packedFor_aPoolBesideAWrapperPricesItsAsset() public {
        Wrapper wrapper = new Wrapper(address(weth), 18, 1e18);
        FeedConfig memory c = withWrapper(twap(false), wrapper);
        assertFor(c, address(wrapper));
        assertNotFor(c, address(weth), "wrapper");
    }

    function test_P5_packedFor_aPoolIsForTheTokenThatItPrices() public {
        assertFor(twap(false), address(weth));
        assertNotFor(twap(false), address(usdc), "second.source");
        assertNotFor(twap(false), address(wbtc), "second.source");
        assertFor(twap(true), address(usdc));
        assertNotFor(twap(true), address(weth), "second.source");
    }

    function test_packedFor_refusesUnknownIds() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.packedFor(bytes32(uint256(1)), address(usdc));
    }

    /* ------------------------------------------------- idsOf ------------------------------------------------ */

    function test_idsOf_tellsOneForEachConfig() public {
        bytes32[4] memory wanted;
        wanted[0] = hub.register(withSecond(configOf(wbtcFeed), wbtcSecond, 100));
        wanted[1] = register(wbtcFeed);
        wanted[2] = hub.register(twap(false));
        wanted[3] = register(usdcFeed);
        bytes memory packed;
        for (uint256 n; n <= 4; ++n) {
            bytes32[] memory got = hub.idsOf(packed);
            assertEq(got.length, n, "count");
            for (uint256 i; i < n; ++i) {
                assertEq(got[i], wanted[i], "id");
            }
            if (n < 4) packed = bytes.concat(packed, hub.packedOf(wanted[n]));
        }
    }

    /// A vault of 32 assets with the longest configs asks in one call: memory may not grow beyond what is told.
    function test_idsOf_andPeekOf_areAffordableForTheLargestVault() public view {
        bytes memory one = longest();
        bytes memory all;
        for (uint256 i; i < 32; ++i) {
            all = bytes.concat(all, one);
        }
        assertEq(hub.idsOf{gas: 3_000_000}(all).length, 32, "ids");
        (Price[] memory quotes,) = hub.peekOf{gas: 10_000_000}(all);
        assertEq(quotes.length, 32, "quotes");
    }

    /// @dev All options, of feeds that are not there.
    function longest() private pure returns (bytes memory packed) {
        packed = new bytes(143);
        packed[0] = 0x0b;
    }
}
