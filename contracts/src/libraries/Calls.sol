// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A call whose answer nobody reads. The compiler would look whether there is code, and copy and check the answer.
/// @dev Only for venues, which are untrusted: what a call has brought about is seen by balances.
library Calls {
    /// @notice Hands on what it reverts with.
    function send(address to, bytes memory data) internal {
        assembly ("memory-safe") {
            if iszero(call(gas(), to, 0, add(data, 0x20), mload(data), 0, 0)) {
                let m := mload(0x40)
                returndatacopy(m, 0, returndatasize())
                revert(m, returndatasize())
            }
        }
    }
}
