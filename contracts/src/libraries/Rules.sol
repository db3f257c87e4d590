// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Asset, Policy} from "../interfaces/IVault.sol";
import {Words} from "./Words.sol";

/// @notice What the owner laid down, policy, keepers and assets, as one packed blob in code: a fill reads all of it with
///         one extcodecopy, and a change replaces it whole. The first blob lies in the vault's own code, which is warm.
/// @dev Blob: policy words 64 | flags 1 | keeper count 1 | asset count 1 | keepers 20 each | heads | feed configs | stops.
///      Head: token 20 | decimals 1 | targetBps 2 | bandBps 2 | flags 1 | offset of the feed config in the blob 2.
///      Feed config: as OracleHub.pricesOf takes it. Stop, for each asset if any has one: stop price 8 | take price 8.
library Rules {
    // What lies in the code of a vault, a clone: see Solady's LibClone, and VaultFactory.
    uint256 internal constant OWNER_AT = 0x2d; // 20 bytes, and a salt of 16 bytes behind them
    uint256 internal constant RULES_AT = 0x51; // to the end

    uint256 internal constant FIXED = 67;
    uint256 internal constant KEEPER = 20;
    uint256 internal constant HEAD = 28;
    uint256 internal constant STOP = 16;

    uint256 internal constant HAS_STOPS = 1; // flag of the blob
    uint256 internal constant SAFE = 1; //      flag of a head

    /* ------------------------------------------------- making ------------------------------------------------ */

    /// @param feeds_ feed config of each asset, as OracleHub.packedOf tells it
    /// @dev 32 assets with 8 keepers and the longest configs make 6,227 bytes: no offset outgrows its two bytes, and no blob
    ///      the 24,575 that fit into code.
    function pack(Policy memory p, address[] memory keepers_, Asset[] memory assets, bytes[] memory feeds_)
        internal
        pure
        returns (bytes memory blob)
    {
        bytes memory heads;
        bytes memory configs;
        bytes memory stops;
        bool hasStops;
        uint256 feedsAt = FIXED + keepers_.length * KEEPER + assets.length * HEAD;
        for (uint256 i; i < assets.length; ++i) {
            Asset memory a = assets[i];
            uint256 at = feedsAt + configs.length;
            heads = abi.encodePacked(
                heads, a.token, a.decimals, a.targetBps, a.bandBps, uint8(a.safe ? SAFE : 0), uint16(at)
            );
            configs = bytes.concat(configs, feeds_[i]);
            if (a.stopPriceUsdE8 != 0 || a.takePriceUsdE8 != 0) hasStops = true;
        }
        if (hasStops) {
            for (uint256 i; i < assets.length; ++i) {
                stops = abi.encodePacked(stops, assets[i].stopPriceUsdE8, assets[i].takePriceUsdE8);
            }
        }
        (uint256 first, uint256 second) = Words.pack(p);
        blob = abi.encodePacked(
            first, second, uint8(hasStops ? HAS_STOPS : 0), uint8(keepers_.length), uint8(assets.length)
        );
        for (uint256 i; i < keepers_.length; ++i) {
            blob = abi.encodePacked(blob, keepers_[i]);
        }
        blob = bytes.concat(blob, heads, configs, stops);
    }

    /* ------------------------------------------------ storing ------------------------------------------------ */

    function store(bytes memory blob) internal {
        SSTORE2.write(blob);
    }

    /// @notice The blob that the vault was made with, or the `version`th that it stored since.
    /// @dev A vault creates nothing else, so its own nonce, which begins at 1, counts the blobs and tells where each lies;
    ///      the address needs no storage slot. A creation that fails reverts everything, the nonce included.
    function load(uint256 version) internal view returns (bytes memory blob) {
        if (version != 0) return SSTORE2.read(LibRLP.computeAddress(address(this), version));
        assembly ("memory-safe") {
            blob := mload(0x40)
            let size := sub(extcodesize(address()), RULES_AT)
            mstore(blob, size)
            extcodecopy(address(), add(blob, 0x20), RULES_AT, size)
            mstore(0x40, and(add(add(blob, size), 0x3f), not(0x1f)))
        }
    }

    /* ------------------------------------------------ reading ------------------------------------------------ */

    function policy(bytes memory blob) internal pure returns (Policy memory) {
        return Words.unpackPolicy(_word(blob, 0), _word(blob, 32));
    }

    /// @return first policy word
    /// @return second policy word
    function policyWords(bytes memory blob) internal pure returns (uint256 first, uint256 second) {
        return (_word(blob, 0), _word(blob, 32));
    }

    /// @return {s} confirmS of the policy, without unpacking the rest
    function confirmS(bytes memory blob) internal pure returns (uint256) {
        return Words.confirmS(_word(blob, 32));
    }

    /// @return stopLossBps and takeProfitBps of the policy, in one number
    function portfolioStop(bytes memory blob) internal pure returns (uint256) {
        return Words.portfolioStop(_word(blob, 32));
    }

    function flags(bytes memory blob) internal pure returns (uint256) {
        return _word(blob, 64) >> 248;
    }

    function keeperCount(bytes memory blob) internal pure returns (uint256) {
        return _word(blob, 65) >> 248;
    }

    /// @return n number of assets
    function count(bytes memory blob) internal pure returns (uint256 n) {
        return _word(blob, 66) >> 248;
    }

    /// @dev The caller has checked i < keeperCount(blob).
    function keeperAt(bytes memory blob, uint256 i) internal pure returns (address) {
        unchecked {
            return address(uint160(_word(blob, FIXED + i * KEEPER) >> 96)); // i < 8
        }
    }

    function isKeeper(bytes memory blob, address account) internal pure returns (bool) {
        uint256 n = keeperCount(blob);
        for (uint256 i; i < n; ++i) {
            if (keeperAt(blob, i) == account) return true;
        }
        return false;
    }

    function keepers(bytes memory blob) internal pure returns (address[] memory accounts) {
        accounts = new address[](keeperCount(blob));
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = keeperAt(blob, i);
        }
    }

    /// @dev The caller has checked i < count(blob). What a fill does not need, stops and feed id, stays empty.
    function get(bytes memory blob, uint256 i) internal pure returns (Asset memory a) {
        uint256 head = headAt(blob, i);
        a.token = tokenOf(head);
        a.decimals = decimalsOf(head);
        a.targetBps = targetOf(head);
        a.bandBps = bandOf(head);
        a.safe = head >> 48 & SAFE == SAFE;
    }

    function all(bytes memory blob) internal pure returns (Asset[] memory assets) {
        assets = new Asset[](count(blob));
        for (uint256 i; i < assets.length; ++i) {
            assets[i] = get(blob, i);
        }
    }

    /// @return assets with their stops
    function allWithStops(bytes memory blob) internal pure returns (Asset[] memory assets) {
        assets = all(blob);
        for (uint256 i; i < assets.length; ++i) {
            (assets[i].stopPriceUsdE8, assets[i].takePriceUsdE8) = stopOf(blob, i);
        }
    }

    /// @return stopPriceUsdE8 {USD E8} 0 = none
    /// @return takePriceUsdE8 {USD E8} 0 = none
    function stopOf(bytes memory blob, uint256 i)
        internal
        pure
        returns (uint64 stopPriceUsdE8, uint64 takePriceUsdE8)
    {
        if (flags(blob) & HAS_STOPS == 0) return (0, 0);
        uint256 word = _word(blob, blob.length - (count(blob) - i) * STOP);
        return (uint64(word >> 192), uint64(word >> 128));
    }

    function contains(bytes memory blob, address token) internal pure returns (bool) {
        uint256 n = count(blob);
        for (uint256 i; i < n; ++i) {
            if (tokenOf(headAt(blob, i)) == token) return true;
        }
        return false;
    }

    /// @return at where in memory the heads begin, for `headIn`
    function heads(bytes memory blob) internal pure returns (uint256 at) {
        uint256 from = FIXED;
        uint256 size = KEEPER;
        assembly ("memory-safe") {
            from := add(add(blob, 0x20), from)
            at := add(from, mul(size, byte(0, mload(sub(from, 2))))) // behind the keepers
        }
    }

    /// @param heads_ see `heads`
    /// @return head token, decimals and so on from the highest bits down
    function headIn(uint256 heads_, uint256 i) internal pure returns (uint256 head) {
        uint256 size = HEAD;
        assembly ("memory-safe") {
            head := mload(add(heads_, mul(i, size)))
        }
    }

    function headAt(bytes memory blob, uint256 i) internal pure returns (uint256 head) {
        return headIn(heads(blob), i);
    }

    function tokenOf(uint256 head) internal pure returns (address) {
        return address(uint160(head >> 96));
    }

    function decimalsOf(uint256 head) internal pure returns (uint8) {
        return uint8(head >> 88);
    }

    function targetOf(uint256 head) internal pure returns (uint16) {
        return uint16(head >> 72);
    }

    function bandOf(uint256 head) internal pure returns (uint16) {
        return uint16(head >> 56);
    }

    /// @notice The feed configs of the assets whose bit is set in `mask`, in order.
    function feeds(bytes memory blob, uint256 mask) internal pure returns (bytes memory configs) {
        uint256 n = count(blob);
        uint256 length;
        assembly ("memory-safe") {
            configs := mload(0x40)
        }
        for (uint256 i; i < n; ++i) {
            if (mask >> i & 1 == 0) continue;
            (uint256 from, uint256 size) = feedAt(blob, i, n);
            assembly ("memory-safe") {
                mcopy(add(add(configs, 0x20), length), add(add(blob, 0x20), from), size)
            }
            length += size;
        }
        assembly ("memory-safe") {
            mstore(configs, length)
            mstore(0x40, and(add(add(configs, length), 0x3f), not(0x1f)))
        }
    }

    /// @notice The packed feed config of an asset, as far as Aggregator.plainPriceOrZero wants it.
    /// @return head its first 32 bytes
    /// @return tail the 32 bytes that begin 10 bytes further on
    function feedWords(bytes memory blob, uint256 assetHead) internal pure returns (uint256 head, uint256 tail) {
        uint256 from = uint16(assetHead >> 32);
        unchecked {
            return (_word(blob, from), _word(blob, from + 10));
        }
    }

    /// @param n count(blob)
    /// @return from offset of the feed config of asset i
    /// @return size {bytes}
    function feedAt(bytes memory blob, uint256 i, uint256 n) internal pure returns (uint256 from, uint256 size) {
        from = uint16(headAt(blob, i) >> 32);
        uint256 end;
        if (i + 1 < n) end = uint16(headAt(blob, i + 1) >> 32);
        else end = blob.length - (flags(blob) & HAS_STOPS == 0 ? 0 : n * STOP);
        size = end - from;
    }

    /// @dev Unchecked: reads up to 31 bytes past the end of the blob, which are shifted away by every caller.
    function _word(bytes memory blob, uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(blob, 0x20), at))
        }
    }
}
