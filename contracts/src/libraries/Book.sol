// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../interfaces/IVault.sol";
import {Aggregator} from "./feeds/Aggregator.sol";
import {Rules} from "./Rules.sol";

/// @notice Balance {base units} and price {USD E8} of each asset, as far as they were asked for: two words an asset.
/// @dev Indices are not checked here: who uses a book has compared them with the number of assets.
library Book {
    using Rules for bytes;

    /// @dev As `new uint256[](2 * assets)`, which costs three times as much.
    function make(uint256 assets) internal pure returns (uint256[] memory book) {
        assembly ("memory-safe") {
            book := mload(0x40)
            let size := shl(6, assets) // at most 32 assets
            mstore(book, shl(1, assets))
            calldatacopy(add(book, 0x20), calldatasize(), size) // zeros
            mstore(0x40, add(add(book, 0x20), size))
        }
    }

    function balance(uint256[] memory book, uint256 i) internal pure returns (uint256 amount) {
        assembly ("memory-safe") {
            amount := mload(add(add(book, 0x20), shl(6, i)))
        }
    }

    function price(uint256[] memory book, uint256 i) internal pure returns (uint256 usdE8) {
        assembly ("memory-safe") {
            usdE8 := mload(add(add(book, 0x40), shl(6, i)))
        }
    }

    function setBalance(uint256[] memory book, uint256 i, uint256 amount) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(book, 0x20), shl(6, i)), amount)
        }
    }

    function setPrice(uint256[] memory book, uint256 i, uint256 usdE8) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(book, 0x40), shl(6, i)), usdE8)
        }
    }

    /// @notice Reads plain feeds without the hub between: the same code and the same checks, one cold call less. For chains
    ///         without a sequencer only.
    /// @param asked bit i: asset i
    /// @return done false when one of the feeds is not plain or has no price: then the hub has to be asked
    function priceDirectly(uint256[] memory book, bytes memory rules, uint256 asked, uint256 assets)
        internal
        view
        returns (bool done)
    {
        unchecked {
            uint256 heads = rules.heads();
            for (uint256 i; i < assets; ++i) {
                if (asked >> i & 1 == 0) continue;
                (uint256 head, uint256 tail) = rules.feedWords(Rules.headIn(heads, i));
                if (head >> 248 != 0) return false;
                uint256 usdE8 = Aggregator.plainPriceOrZero(head, tail); // P:[4] P:[5]
                if (usdE8 == 0) return false;
                setPrice(book, i, usdE8);
            }
        }
        return true;
    }

    /// @return amount {base units} of `token` that `account` has; reverts when it does not say, or says 2**128 or more
    function balanceOf(address token, address account) internal view returns (uint256 amount) {
        bool ok;
        assembly ("memory-safe") {
            mstore(0x00, 0x70a08231) // balanceOf(address)
            mstore(0x20, account)
            ok := staticcall(gas(), token, 0x1c, 0x24, 0x00, 0x20)
            amount := mload(0x00)
            ok := and(ok, and(gt(returndatasize(), 0x1f), iszero(shr(128, amount))))
        }
        require(ok, IVault.BadBalance(token)); // P:[16]
    }
}
