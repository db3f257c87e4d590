// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Fixture} from "./Fixture.sol";

/// @notice Lets the fixture's vaults know a pool manager and a Balancer vault of the test's choosing.
abstract contract Venues is Fixture {
    /// @dev Both are immutables of the vaults' common code: so that code is made again and put in its own place.
    function installVenues(address manager, address balancer) internal {
        address made = deploy("Vault", abi.encode(weth, vault.rulebook(), manager, balancer, vault.extension()));
        vm.etch(factory.implementation(), made.code);
    }
}
