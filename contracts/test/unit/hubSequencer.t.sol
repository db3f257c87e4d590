// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {FeedConfig, IOracleHub, Price, PriceStatus} from "../../src/interfaces/IOracleHub.sol";
import {Feed} from "../mocks/Feeds.sol";
import {HubFixture} from "../utils/HubFixture.sol";

/// On a rollup: no prices while its sequencer is down, nor for an hour after.
contract HubSequencerTest is HubFixture {
    uint256 private constant GRACE = 3_600;
    Feed private uptime;

    function setUp() public override {
        super.setUp();
        uptime = new Feed(0, 0); // up, as of now
        hub = IOracleHub(deploy("OracleHub", abi.encode(uptime, GRACE)));
    }

    function assertUp(uint256 since) private {
        (bool up, uint40 upSince) = hub.sequencer();
        assertTrue(up, "up");
        assertEq(upSince, since, "upSince");
        assertTold(wbtcFeed, PriceStatus.Ok, 60_000e8, T0);
        assertSince(since);
    }

    function assertDown() private {
        (bool up, uint40 upSince) = hub.sequencer();
        assertTrue(!up, "down");
        assertEq(upSince, block.timestamp, "upSince");
        assertTold(wbtcFeed, PriceStatus.SequencerDown, 0, 0);
        assertTold(withQuote(configOf(wbtcFeed), usdcFeed), PriceStatus.SequencerDown, 0, 0);
        (uint256[] memory none,) = hub.pricesOf("");
        assertEq(none.length, 0, "nothing asked");
        (, upSince) = hub.peekOf(hub.packedOf(register(wbtcFeed)));
        assertEq(upSince, block.timestamp, "upSince of peekOf");
    }

    function assertSince(uint256 since) private {
        bytes memory packed = hub.packedOf(register(wbtcFeed));
        (, uint40 upSince) = hub.pricesOf(packed);
        assertEq(upSince, since, "upSince of pricesOf");
        (, upSince) = hub.peekOf(packed);
        assertEq(upSince, since, "upSince of peekOf");
    }

    function test_sequencer_isKnown() public {
        assertEq(hub.sequencerFeed(), address(uptime), "feed");
        assertEq(hub.graceS(), GRACE, "grace");
    }

    function test_P6_sequencer_graceEndsAfterItsLastSecond() public {
        uptime.setUpdatedAt(T0 + 7); // only startedAt counts
        assertDown();
        vm.warp(T0 + GRACE);
        assertDown();
        vm.warp(T0 + GRACE + 1);
        assertUp(T0 + GRACE);
        vm.warp(T0 + 12 hours);
        assertUp(T0 + GRACE);
    }

    function test_P6_sequencer_down() public {
        vm.warp(T0 + 12 hours);
        assertUp(T0 + GRACE);
        uptime.set(1);
        assertDown();
        vm.warp(T0 + 24 hours);
        assertDown();
        uptime.set(0);
        assertDown();
        vm.warp(T0 + 24 hours + GRACE + 1);
        assertUp(T0 + 24 hours + GRACE);
    }

    function test_P6_sequencer_whatTellsNothingIsDown() public {
        vm.warp(T0 + 12 hours);
        uptime.setStartedAt(0);
        assertDown();
        uptime.setStartedAt(1);
        (bool up, uint40 since) = hub.sequencer();
        assertTrue(up, "long up");
        assertEq(since, 1 + GRACE, "since");
        uptime.setStartedAt(block.timestamp + 1);
        assertDown();
        uptime.setStartedAt(type(uint256).max);
        assertDown();
        uptime.setStartedAt(T0);
        assertUp(T0 + GRACE);
        uptime.set(2);
        uptime.setStartedAt(T0);
        assertDown();
        uptime.set(-1);
        uptime.setStartedAt(T0);
        assertDown();
    }

    function test_P6_sequencer_hostileFeed() public {
        vm.warp(T0 + 12 hours);
        FeedConfig memory c = configOf(wbtcFeed);
        hub.register(c);
        hub.register(withQuote(c, usdcFeed));
        for (uint256 m = 1; m <= uint256(type(Feed.Mode).max); ++m) {
            uptime.setMode(Feed.Mode(m));
            assertDown();
        }
        vm.etch(address(uptime), "");
        assertDown();
    }

    /// What is no config is refused, sequencer or not.
    function test_P6_sequencer_malformedConfigsStayMalformed() public {
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.MalformedConfigs.selector, 0));
        hub.peekOf(hex"ff");
        vm.expectRevert(abi.encodeWithSelector(IOracleHub.UnknownFeed.selector, bytes32(uint256(1))));
        hub.peek(ids(bytes32(uint256(1))));
    }

    function test_P6_sequencer_noGrace() public {
        hub = IOracleHub(deploy("OracleHub", abi.encode(uptime, 0)));
        assertDown(); // in the very second
        vm.warp(T0 + 1);
        assertUp(T0);
    }

    function test_sequencer_noneOnThisChain() public {
        hub = IOracleHub(deploy("OracleHub", abi.encode(address(0), 0)));
        assertEq(hub.sequencerFeed(), address(0), "feed");
        assertEq(hub.graceS(), 0, "grace");
        assertUp(0);
    }

    function refused(bytes memory arguments, string memory field) private {
        bytes memory code = abi.encodePacked(vm.getCode("OracleHub.sol:OracleHub"), arguments);
        address made;
        bytes memory why;
        assembly {
            made := create(0, add(code, 32), mload(code))
            why := mload(0x40)
            mstore(why, returndatasize())
            returndatacopy(add(why, 32), 0, returndatasize())
            mstore(0x40, add(add(why, 64), returndatasize()))
        }
        assertEq(made, address(0), "made");
        bytes memory expected = abi.encodeWithSelector(IOracleHub.BadFeedConfig.selector, field);
        assertEq(keccak256(why), keccak256(expected), field);
    }

    function test_P6_constructor_refusesWhatCannotBe() public {
        refused(abi.encode(address(0), 1), "graceS");
        refused(abi.encode(uptime, 1 days + 1), "graceS");
        deploy("OracleHub", abi.encode(uptime, 1 days));
        refused(abi.encode(address(0x77), GRACE), "sequencerFeed");
        refused(abi.encode(address(filler), GRACE), "sequencerFeed");
    }
}
