// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Asset} from "../interfaces/IVault.sol";

/// @notice The assets of a vault as one packed blob in code: a fill reads it with one extcodecopy instead of SLOADs.
/// @dev Record: token 20 | decimals 1 | targetBps 2 | bandBps 2 | feedId 32 = 57 bytes.
library AssetTable {
    uint256 internal constant RECORD = 57;

    function pack(Asset[] memory assets) internal pure returns (bytes memory blob) {
        blob = new bytes(assets.length * RECORD);
        for (uint256 i; i < assets.length; ++i) {
            Asset memory a = assets[i];
            uint256 head = uint256(uint160(a.token)) << 96 | uint256(a.decimals) << 88 | uint256(a.targetBps) << 72
                | uint256(a.bandBps) << 56;
            bytes32 feedId = a.feedId;
            assembly ("memory-safe") {
                let at := add(add(blob, 0x20), mul(i, RECORD))
                mstore(at, head)
                mstore(add(at, 25), feedId)
            }
        }
    }

    function store(bytes memory blob) internal returns (address pointer) {
        return SSTORE2.write(blob);
    }

    /// @param pointer zero = no assets
    function load(address pointer) internal view returns (bytes memory blob) {
        if (pointer != address(0)) blob = SSTORE2.read(pointer);
    }

    function count(bytes memory blob) internal pure returns (uint256) {
        return blob.length / RECORD;
    }

    /// @dev The caller has checked i < count(blob).
    function get(bytes memory blob, uint256 i) internal pure returns (Asset memory a) {
        uint256 head;
        bytes32 feedId;
        assembly ("memory-safe") {
            let from := add(add(blob, 0x20), mul(i, RECORD))
            head := mload(from)
            feedId := mload(add(from, 25))
        }
        a.token = address(uint160(head >> 96));
        a.decimals = uint8(head >> 88);
        a.targetBps = uint16(head >> 72);
        a.bandBps = uint16(head >> 56);
        a.feedId = feedId;
    }

    function all(bytes memory blob) internal pure returns (Asset[] memory assets) {
        assets = new Asset[](count(blob));
        for (uint256 i; i < assets.length; ++i) {
            assets[i] = get(blob, i);
        }
    }

    function contains(bytes memory blob, address token) internal pure returns (bool) {
        uint256 n = count(blob);
        for (uint256 i; i < n; ++i) {
            if (get(blob, i).token == token) return true;
        }
        return false;
    }
}
