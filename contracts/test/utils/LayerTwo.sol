// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "../../src/interfaces/IOracleHub.sol";
import {Feed} from "../mocks/Feeds.sol";
import {Fixture} from "./Fixture.sol";

/// @notice The fixture on a chain with a sequencer.
abstract contract LayerTwo is Fixture {
    uint256 internal constant GRACE_S = 300;

    Feed internal uptime; // 0 = up

    function venues() internal virtual override returns (address, address) {
        uptime = new Feed(0, 0);
        uptime.setStartedAt(T0 - 30 days);
        hub = IOracleHub(deploy("OracleHub", abi.encode(uptime, GRACE_S)));
        rulebook = deploy("Rulebook", abi.encode(hub));
        return (address(0), address(0));
    }
}
