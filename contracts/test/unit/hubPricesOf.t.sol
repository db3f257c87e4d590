// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Feed} from "../mocks/Feeds.sol";
import {HubFixture} from "../utils/HubFixture.sol";

/// The answer of `pricesOf`, which is written by hand: its bytes, and what it costs to get it.
contract HubPricesOfTest is HubFixture {
    /// @return packed `n` plain configs and, from the second on, every other one with a second source
    function configs(uint256 n) private returns (bytes memory packed) {
        bytes memory plain = hub.packedOf(register(wbtcFeed));
        bytes memory checked = hub.packedOf(register(usdcFeed, usdcSecond));
        for (uint256 i; i < n; ++i) {
            packed = bytes.concat(packed, i % 2 == 0 ? plain : checked);
        }
    }

    /// Not a byte more or less than the ABI wants, whatever lay in memory before.
    function test_pricesOf_answersExactlyTheList() public {
        for (uint256 n; n < 8; ++n) {
            uint256[] memory wanted = new uint256[](n);
            for (uint256 i; i < n; ++i) {
                wanted[i] = i % 2 == 0 ? 60_000e8 : 1e8;
            }
            (bool ok, bytes memory answer) = address(hub).staticcall(abi.encodeCall(IOracleHub.pricesOf, (configs(n))));
            assertTrue(ok, "prices");
            assertEq(answer.length, 96 + 32 * n, "length");
            assertEq(keccak256(answer), keccak256(abi.encode(wanted, uint40(0))), "bytes");
        }
    }

    /// A time beyond what 40 bits hold is told as the last one that they do, not as a time long past.
    function test_P4_pricesOf_tellsTimesBeyond40BitsAsTheLast() public {
        Feed feed = new Feed(8, 1e8);
        feed.setUpdatedAt(1 << 40);
        assertTold(feed, PriceStatus.Stale, 0, type(uint40).max);
        feed.setUpdatedAt((1 << 40) - 1);
        assertTold(feed, PriceStatus.Stale, 0, type(uint40).max);
    }

    /// The feeds of the largest vault, by whatever compiler: memory does not grow beyond what is told.
    function test_pricesOf_isAffordableForTheLargestVault() public {
        bytes memory plain = hub.packedOf(register(wbtcFeed));
        bytes memory all;
        for (uint256 i; i < 32; ++i) {
            all = bytes.concat(all, plain);
        }
        uint256 before = gasleft();
        (uint256[] memory usdE8,) = hub.pricesOf(all);
        assertLt(before - gasleft(), 300_000, "gas");
        assertEq(usdE8.length, 32, "count");
    }
}
