// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {FeedConfig, IOracleHub} from "./interfaces/IOracleHub.sol";
import {Asset, IVault, Policy, Target} from "./interfaces/IVault.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";

/// @title Rulebook
/// @notice What an owner may ask of a vault. The ceilings live here, in code, and no policy can go beyond them.
/// @dev Stateless and ownerless; vaults know it as an immutable. Apart from them only so that they stay small.
contract Rulebook {
    uint256 private constant MIN_ASSETS = 2;
    uint256 private constant MAX_ASSETS = 32;
    uint256 private constant MIN_BAND_BPS = 50;
    uint256 private constant MAX_BAND_BPS = 2_000;

    /// @dev With at most 18 decimals, 10**decimals fits 60 bits and no product of the fill rules can overflow.
    uint256 private constant MAX_DECIMALS = 18;

    uint256 private constant MAX_WAIT_S = 365 days;

    /// @notice Reverts with BadPolicy, naming the first member that is out of its range.
    /// @return word as Words reads it
    function wordOf(Policy calldata p) external pure returns (uint256 word) {
        _range("destinationBps", p.destinationBps, 0, 10_000);
        _range("innerBandBps", p.innerBandBps, 0, MAX_BAND_BPS);
        _range("scheduleS", p.scheduleS, 0, MAX_WAIT_S);
        // An epoch may begin no sooner than the next slice could: else slices would be taken as epochs.
        _range("cooldownS", p.cooldownS, p.sliceCooldownS, MAX_WAIT_S);
        _range("maxSlipBps", p.maxSlipBps, 1, 500); // P:[1] P:[3]
        _range("lossBpsPerDay", p.lossBpsPerDay, 1, 300); // P:[1]
        _range("maxSliceBps", p.maxSliceBps, 1, 10_000);
        _range("minTradeUsdE2", p.minTradeUsdE2, 1, type(uint32).max); // P:[20] no dust fills
        _range("ttlS", p.ttlS, 60, 86_400); // P:[21]
        return Words.pack(p);
    }

    function _range(string memory field, uint256 value, uint256 min, uint256 max) private pure {
        require(value >= min && value <= max, IVault.BadPolicy(field, value, min, max));
    }

    /// @notice Checks targets, asks their tokens for decimals and the hub for their feeds, and packs it all.
    /// @return records as Rules reads them
    function recordsOf(Target[] calldata targets, IOracleHub hub) external view returns (bytes memory records) {
        uint256 n = targets.length;
        require(n >= MIN_ASSETS && n <= MAX_ASSETS, IVault.BadTarget("count", address(0), n));
        uint256 sum;
        address previous;
        for (uint256 i; i < n; ++i) {
            Target calldata t = targets[i];
            require(t.token > previous, IVault.BadTarget("order", t.token, i)); // P:[11] no duplicates
            require(
                t.bandBps >= MIN_BAND_BPS && t.bandBps <= MAX_BAND_BPS, IVault.BadTarget("bandBps", t.token, t.bandBps)
            );
            (bool ok, uint8 decimals) = SafeERC20.tryGetDecimals(IERC20(t.token));
            require(ok, IVault.BadTarget("token", t.token, 0)); // P:[16]
            require(decimals <= MAX_DECIMALS, IVault.BadTarget("decimals", t.token, decimals)); // P:[16]
            FeedConfig memory feed = hub.configOf(t.feedId); // reverts with UnknownFeed(id)
            records = abi.encodePacked(records, t.token, decimals, t.targetBps, t.bandBps);
            records = abi.encodePacked(
                records, feed.feed, feed.heartbeat, feed.decimals, feed.minPriceUsdE8, feed.maxPriceUsdE8
            );
            previous = t.token;
            sum += t.targetBps;
        }
        require(sum == 10_000, IVault.TargetsDoNotSumTo10000(sum));
    }

    /* ----------------------------------------- reading back for views ----------------------------------------- */

    function policyOf(bytes calldata rules) external pure returns (Policy memory) {
        return Words.unpackPolicy(Rules.policyWord(rules));
    }

    function assetsOf(bytes memory rules) external pure returns (Asset[] memory assets) {
        assets = Rules.all(rules);
        for (uint256 i; i < assets.length; ++i) {
            assets[i].feedId = keccak256(abi.encode(Rules.feedOf(rules, i)));
        }
    }
}
