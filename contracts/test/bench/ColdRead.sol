// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice Benchmarks only: what one call costs a contract that has not touched its target yet.
contract ColdRead {
    function cost(address target, bytes calldata data) external returns (uint256 gas) {
        bytes memory input = data;
        uint256 before = gasleft();
        (bool ok,) = target.call(input);
        gas = before - gasleft();
        require(ok);
    }
}
