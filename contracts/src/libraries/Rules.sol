// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {FeedConfig} from "../interfaces/IOracleHub.sol";
import {Asset} from "../interfaces/IVault.sol";

/// @notice What the owner laid down, policy and assets, as one packed blob in code: a fill reads all of it with one
///         extcodecopy, and a change replaces it whole.
/// @dev Blob: policy word 32 | records. Record: token 20 | decimals 1 | targetBps 2 | bandBps 2 | feed config 41.
///      Feed config, as OracleHub.pricesOf takes it: feed 20 | heartbeat 4 | decimals 1 | min price 8 | max price 8.
library Rules {
    uint256 internal constant HEAD = 32;
    uint256 internal constant RECORD = 66;
    uint256 internal constant CONFIG = 41;

    /* ------------------------------------------------ storing ------------------------------------------------ */

    function store(bytes memory blob) internal {
        SSTORE2.write(blob);
    }

    /// @notice The blob that the vault stored as its `version`th.
    /// @dev A vault creates nothing else, so its own nonce counts the blobs and tells where each lies; the address needs
    ///      no storage slot. A creation that fails reverts everything, the nonce included.
    function load(uint256 version) internal view returns (bytes memory blob) {
        if (version == 0) return blob;
        return SSTORE2.read(LibRLP.computeAddress(address(this), version));
    }

    function policyWord(bytes memory blob) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(blob, 0x20))
        }
    }

    function setPolicyWord(bytes memory blob, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(blob, 0x20), word)
        }
    }

    /* ------------------------------------------------ reading ------------------------------------------------ */

    function count(bytes memory blob) internal pure returns (uint256) {
        if (blob.length == 0) return 0;
        return (blob.length - HEAD) / RECORD;
    }

    /// @dev The caller has checked i < count(blob). `feedId` stays empty: it is a hash that only the rulebook's views need.
    function get(bytes memory blob, uint256 i) internal pure returns (Asset memory a) {
        uint256 head;
        assembly ("memory-safe") {
            head := mload(add(add(blob, 0x40), mul(i, RECORD)))
        }
        a.token = address(uint160(head >> 96));
        a.decimals = uint8(head >> 88);
        a.targetBps = uint16(head >> 72);
        a.bandBps = uint16(head >> 56);
    }

    function all(bytes memory blob) internal pure returns (Asset[] memory assets) {
        assets = new Asset[](count(blob));
        for (uint256 i; i < assets.length; ++i) {
            assets[i] = get(blob, i);
        }
    }

    /// @notice The feed configs of the assets whose bit is set in `mask`, in order.
    function feeds(bytes memory blob, uint256 mask) internal pure returns (bytes memory configs) {
        uint256 n = count(blob);
        assembly ("memory-safe") {
            configs := mload(0x40)
            let to := add(configs, 0x20)
            let from := add(add(blob, 0x40), sub(RECORD, CONFIG))
            for { let i := 0 } lt(i, n) { i := add(i, 1) } {
                if and(shr(i, mask), 1) {
                    mstore(to, mload(from))
                    mstore(add(to, 9), mload(add(from, 9)))
                    to := add(to, CONFIG)
                }
                from := add(from, RECORD)
            }
            mstore(configs, sub(sub(to, configs), 0x20))
            mstore(0x40, and(add(to, 0x3f), not(0x1f)))
        }
    }

    /// @return config of the feed of asset i
    function feedOf(bytes memory blob, uint256 i) internal pure returns (FeedConfig memory config) {
        uint256 a;
        uint256 b;
        assembly ("memory-safe") {
            let from := add(add(add(blob, 0x40), mul(i, RECORD)), sub(RECORD, CONFIG))
            a := mload(from)
            b := mload(add(from, 9))
        }
        config.feed = address(uint160(a >> 96));
        config.heartbeat = uint32(a >> 64);
        config.decimals = uint8(a >> 56);
        config.minPriceUsdE8 = uint64(b >> 64);
        config.maxPriceUsdE8 = uint64(b);
    }

    function contains(bytes memory blob, address token) internal pure returns (bool) {
        uint256 n = count(blob);
        for (uint256 i; i < n; ++i) {
            if (get(blob, i).token == token) return true;
        }
        return false;
    }
}
