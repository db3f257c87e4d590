// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Asks a stranger: whatever he does, it costs no more than `gasLimit`, no more of his answer is copied than was
///         asked for, and nothing reverts.
/// @dev A caller who brings too little gas for `gasLimit` makes the stranger fail, as 63/64 of what is left may be less.
///      That looks like a source out of reach, and a missing price can only ever hold a trade back: no source, the second
///      ones included, is ever passed over because it did not answer.
library BoundedCall {
    /// @return ok false when the call failed, or there is no code, or the answer is shorter than `words` words
    /// @return answer its first words
    function read(address target, uint256 gasLimit, bytes memory data, uint256 words)
        internal
        view
        returns (bool ok, uint256[] memory answer)
    {
        answer = new uint256[](words);
        assembly ("memory-safe") {
            let size := shl(5, words)
            ok := staticcall(gasLimit, target, add(data, 0x20), mload(data), add(answer, 0x20), size)
            ok := and(ok, iszero(lt(returndatasize(), size)))
        }
    }
}
