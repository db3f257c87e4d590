// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IUniswapV3Pool} from "./interfaces/External.sol";
import {FeedConfig, IOracleHub, Price, PriceStatus, SecondKind} from "./interfaces/IOracleHub.sol";
import {Aggregator} from "./libraries/feeds/Aggregator.sol";
import {FeedChecks} from "./libraries/feeds/FeedChecks.sol";
import {FeedReader} from "./libraries/feeds/FeedReader.sol";
import {FeedConfigs} from "./libraries/FeedConfigs.sol";

/// @title OracleHub
/// @notice Content-addressed price sources. Nobody's admin: the id of a feed is the hash of everything that is believed
///         about it, so what an owner chose can never be changed under his feet.
/// @dev Has no storage: a registered config is the code of a contract at an address that its id tells.
contract OracleHub is IOracleHub {
    uint256 private constant MAX_GRACE_S = 1 days;

    /// @inheritdoc IOracleHub
    address public immutable sequencerFeed;

    /// @inheritdoc IOracleHub
    uint256 public immutable graceS;

    /// @param sequencerFeed_ Chainlink's L2 uptime feed; zero on chains that have no sequencer
    /// @param graceS_ {s} 0 .. 1 day; 0 if there is no sequencer
    constructor(address sequencerFeed_, uint256 graceS_) {
        if (sequencerFeed_ == address(0)) {
            require(graceS_ == 0, BadFeedConfig("graceS"));
        } else {
            (bool ok,,,) = Aggregator.latestRound(sequencerFeed_);
            require(ok, BadFeedConfig("sequencerFeed"));
            require(graceS_ <= MAX_GRACE_S, BadFeedConfig("graceS"));
        }
        sequencerFeed = sequencerFeed_;
        graceS = graceS_;
    }

    /* ---------------------------------------------- registration ---------------------------------------------- */

    /// @inheritdoc IOracleHub
    function register(FeedConfig calldata config) external returns (bytes32 id) {
        FeedConfig memory c = config;
        id = FeedConfigs.idOf(c);
        if (_pointer(id).code.length != 0) return id;

        bytes memory packed = FeedConfigs.pack(c);
        // What does not survive packing is not used.
        require(FeedConfigs.idOf(FeedConfigs.unpack(packed, 0)) == id, BadFeedConfig("unused"));
        FeedChecks.check(c);
        SSTORE2.writeDeterministic(packed, id);
        emit FeedRegistered(id, c);
    }

    /// @inheritdoc IOracleHub
    function configOf(bytes32 id) external view returns (FeedConfig memory config) {
        return FeedConfigs.unpack(packedOf(id), 0);
    }

    /// @inheritdoc IOracleHub
    function packedOf(bytes32 id) public view returns (bytes memory) {
        address pointer = _pointer(id);
        require(pointer.code.length != 0, UnknownFeed(id));
        return SSTORE2.read(pointer);
    }

    /// @inheritdoc IOracleHub
    function idsOf(bytes calldata packed) external pure returns (bytes32[] memory ids) {
        bytes memory blob = packed;
        ids = new bytes32[](blob.length / FeedConfigs.PLAIN); // no config is shorter
        uint256 n;
        for (uint256 at; at < blob.length; ++n) {
            ids[n] = FeedConfigs.idOf(FeedConfigs.unpack(blob, at));
            at += FeedConfigs.lengthOf(uint8(blob[at]));
        }
        assembly ("memory-safe") {
            mstore(ids, n)
        }
    }

    /// @inheritdoc IOracleHub
    function packedFor(bytes32 id, address token) external view returns (bytes memory packed) {
        packed = packedOf(id);
        if (packed.length == FeedConfigs.PLAIN) return packed; // tells nothing of the token
        FeedConfig memory c = FeedConfigs.unpack(packed, 0);
        if (c.wrapper != address(0)) {
            require(c.wrapper == token, BadFeedConfig("wrapper")); // P:[5]
        } else if (c.second.kind == SecondKind.Twap) {
            IUniswapV3Pool pool = IUniswapV3Pool(c.second.source);
            require((c.second.baseIsToken0 ? pool.token0() : pool.token1()) == token, BadFeedConfig("second.source"));
        }
    }

    /* ------------------------------------------------- prices ------------------------------------------------- */

    /// @inheritdoc IOracleHub
    function prices(bytes32[] calldata ids) external view returns (uint256[] memory usdE8) {
        (bool up,) = sequencer();
        usdE8 = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            (PriceStatus status, uint256 price, uint256 updatedAt) = _priceOf(ids[i], up);
            require(status == PriceStatus.Ok, BadPrice(ids[i], status, _clip(updatedAt)));
            usdE8[i] = price;
        }
    }

    /// @inheritdoc IOracleHub
    function peek(bytes32[] calldata ids) external view returns (Price[] memory quotes) {
        (bool up,) = sequencer();
        quotes = new Price[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            (PriceStatus status, uint256 price, uint256 updatedAt) = _priceOf(ids[i], up);
            quotes[i] = _told(status, price, updatedAt);
        }
    }

    /// @inheritdoc IOracleHub
    /// @dev Every trade comes through here, so the answer is written down as it is to be returned: offset of the list,
    ///      upSince, length, list.
    function pricesOf(bytes calldata packed) external view returns (uint256[] memory, uint40) {
        (bool up, uint40 upSince) = sequencer();
        uint256 answer;
        uint256 end;
        assembly ("memory-safe") {
            answer := mload(0x40)
            end := add(answer, 0x60)
            // No config is shorter than 32 bytes, so this is room enough.
            mstore(0x40, add(end, packed.length))
        }
        for (uint256 at; at < packed.length;) {
            uint256 next;
            uint256 price;
            (uint256 head, uint256 tail) = _wordsAt(packed, at);
            unchecked {
                next = at + FeedConfigs.PLAIN;
            }
            if (up && head >> 248 == 0 && next <= packed.length) price = Aggregator.plainPriceOrZero(head, tail);
            if (price == 0) (price, next) = _mustPriceAt(packed, at, up);
            assembly ("memory-safe") {
                mstore(end, price)
                end := add(end, 0x20)
            }
            at = next;
        }
        assembly ("memory-safe") {
            mstore(answer, 0x40)
            mstore(add(answer, 0x20), upSince)
            mstore(add(answer, 0x40), shr(5, sub(sub(end, answer), 0x60)))
            return(answer, sub(end, answer))
        }
    }

    /// @inheritdoc IOracleHub
    function peekOf(bytes calldata packed) external view returns (Price[] memory quotes, uint40 upSince) {
        bool up;
        (up, upSince) = sequencer();
        quotes = new Price[](packed.length / FeedConfigs.PLAIN);
        uint256 n;
        for (uint256 at; at < packed.length; ++n) {
            PriceStatus status;
            uint256 price;
            uint256 updatedAt;
            (status, price, updatedAt, at) = _priceAt(packed, at, up);
            quotes[n] = _told(status, price, updatedAt);
        }
        assembly ("memory-safe") {
            mstore(quotes, n)
        }
    }

    /* ----------------------------------------------- sequencer ----------------------------------------------- */

    /// @inheritdoc IOracleHub
    function sequencer() public view returns (bool up, uint40 upSince) {
        if (sequencerFeed == address(0)) return (true, 0);
        (bool ok, uint256 answer, uint256 startedAt,) = Aggregator.latestRound(sequencerFeed);
        // 0 is up. A round that has not started, or will only start, tells nothing. P:[6]
        if (ok && answer == 0 && startedAt != 0 && startedAt <= block.timestamp) {
            if (block.timestamp - startedAt > graceS) return (true, uint40(startedAt + graceS)); // before now
        }
        return (false, uint40(block.timestamp));
    }

    /* ------------------------------------------------ internal ------------------------------------------------ */

    function _pointer(bytes32 id) private view returns (address) {
        return SSTORE2.predictDeterministicAddress(id);
    }

    function _priceOf(bytes32 id, bool up) private view returns (PriceStatus status, uint256 usdE8, uint256 updatedAt) {
        FeedConfig memory c = FeedConfigs.unpack(packedOf(id), 0);
        if (!up) return (PriceStatus.SequencerDown, 0, 0); // P:[6]
        return FeedReader.price(c);
    }

    /// @return head the first 32 bytes of the config at `at`
    /// @return tail the last 32 bytes of it, if it is a plain one
    function _wordsAt(bytes calldata packed, uint256 at) private pure returns (uint256 head, uint256 tail) {
        assembly ("memory-safe") {
            head := calldataload(add(packed.offset, at))
            tail := calldataload(add(add(packed.offset, at), 10)) // 42 - 32
        }
    }

    function _mustPriceAt(bytes calldata packed, uint256 at, bool up)
        private
        view
        returns (uint256 usdE8, uint256 next)
    {
        PriceStatus status;
        uint256 updatedAt;
        (status, usdE8, updatedAt, next) = _priceAt(packed, at, up);
        if (status != PriceStatus.Ok) revert BadPrice(_idAt(packed, at), status, _clip(updatedAt)); // P:[4] P:[5]
    }

    /// @dev `next` {bytes} is where the config after this one begins.
    function _priceAt(bytes calldata packed, uint256 at, bool up)
        private
        view
        returns (PriceStatus status, uint256 usdE8, uint256 updatedAt, uint256 next)
    {
        (uint256 head, uint256 tail) = _wordsAt(packed, at);
        uint256 length = FeedConfigs.lengthOf(head >> 248);
        unchecked {
            next = at + length; // both are bounded by the calldata
        }
        require(length != 0 && next <= packed.length, MalformedConfigs(at));
        if (!up) return (PriceStatus.SequencerDown, 0, 0, next); // P:[6]
        if (length == FeedConfigs.PLAIN) {
            (status, usdE8, updatedAt) = Aggregator.plainPrice(head, tail);
        } else {
            (status, usdE8, updatedAt) = FeedReader.price(FeedConfigs.unpack(packed[at:next], 0));
        }
    }

    function _idAt(bytes calldata packed, uint256 at) private pure returns (bytes32) {
        return FeedConfigs.idOf(FeedConfigs.unpack(packed, at));
    }

    function _told(PriceStatus status, uint256 usdE8, uint256 updatedAt) private pure returns (Price memory) {
        return Price(status == PriceStatus.Ok ? uint64(usdE8) : 0, _clip(updatedAt), status); // below maxPriceUsdE8
    }

    function _clip(uint256 updatedAt) private pure returns (uint40) {
        return updatedAt > type(uint40).max ? type(uint40).max : uint40(updatedAt);
    }
}
