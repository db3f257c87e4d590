// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOracleHub, Price, PriceStatus} from "./interfaces/IOracleHub.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {Asset, Due, IVault, Policy, State, Stop, Target} from "./interfaces/IVault.sol";
import {Book} from "./libraries/Book.sol";
import {FeedConfigs} from "./libraries/FeedConfigs.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";

/// @title Rulebook
/// @notice What an owner may ask of a vault. The ceilings live here, in code, and no rules can go beyond them.
/// @dev Stateless and ownerless; vaults know it as an immutable and load their rules from their own code only, so what is
///      judged here was checked here. Apart from the vault only so that both stay small.
contract Rulebook is IRulebook {
    using Book for uint256[];
    using Rules for bytes;
    using SafeCast for uint256;

    /// @dev Rules, unpacked.
    struct Content {
        Policy policy;
        address[] keepers;
        Asset[] assets; //  with their stops
        bytes[] feeds; //   by asset, as OracleHub.packedOf tells them
    }

    uint256 private constant MAX_KEEPERS = 8;
    uint256 private constant MIN_ASSETS = 2;
    uint256 private constant MAX_ASSETS = 32;
    uint256 private constant MIN_BAND_BPS = 50;
    uint256 private constant MAX_BAND_BPS = 2_000;

    /// @dev With at most 18 decimals, 10**decimals fits 60 bits and no product of the fill rules can overflow.
    uint256 private constant MAX_DECIMALS = 18;

    uint256 private constant MAX_WAIT_S = 365 days;
    uint256 private constant MAX_CONFIRM_S = 7 days;
    uint256 private constant MIN_S = 60; // of everything that may not be shorter than a few blocks

    IOracleHub public immutable hub;

    bool private immutable _direct; // plain feeds are read without the hub between

    constructor(IOracleHub hub_) {
        hub = hub_;
        _direct = hub_.sequencerFeed() == address(0);
    }

    /* ------------------------------------------------- making ------------------------------------------------ */

    /// @inheritdoc IRulebook
    function make(Policy calldata policy, address[] calldata keepers, Target[] calldata targets)
        external
        view
        returns (bytes memory)
    {
        Content memory c;
        c.policy = _copy(policy);
        c.keepers = keepers;
        if (targets.length != 0) _readTargets(c, targets);
        return _checked(c);
    }

    /// @inheritdoc IRulebook
    function withPolicy(Policy calldata policy, bytes calldata rules) external pure returns (bytes memory) {
        Content memory c = _unpack(rules);
        c.policy = _copy(policy);
        return _checked(c);
    }

    /// @inheritdoc IRulebook
    function withTargets(bytes calldata rules, Target[] calldata targets) external view returns (bytes memory) {
        Content memory c = _unpack(rules);
        _readTargets(c, targets);
        return _checked(c);
    }

    /// @inheritdoc IRulebook
    function withKeeper(bytes calldata rules, address keeper, bool allowed) external pure returns (bytes memory) {
        bytes memory blob = rules;
        if (blob.isKeeper(keeper) == allowed) return blob;
        Content memory c = _unpack(blob);
        address[] memory before = c.keepers;
        c.keepers = new address[](allowed ? before.length + 1 : before.length - 1);
        uint256 n;
        for (uint256 i; i < before.length; ++i) {
            if (before[i] != keeper) c.keepers[n++] = before[i];
        }
        if (allowed) c.keepers[n] = keeper;
        return _checked(c);
    }

    /// @dev Apart, and the policy is the first argument wherever there is one, so that this long code is there once.
    function _copy(Policy calldata policy) private pure returns (Policy memory) {
        return policy;
    }

    /// @dev What can only be asked of others: the token's decimals and the hub's configs.
    function _readTargets(Content memory c, Target[] calldata targets) private view {
        uint256 n = targets.length;
        _demand(n >= MIN_ASSETS && n <= MAX_ASSETS, "count", address(0), n);
        c.assets = new Asset[](n);
        c.feeds = new bytes[](n);
        for (uint256 i; i < n; ++i) {
            Target calldata t = targets[i];
            (bool ok, uint8 decimals) = SafeERC20.tryGetDecimals(IERC20(t.token));
            _demand(ok, "token", t.token, 0); // P:[16]
            _demand(decimals <= MAX_DECIMALS, "decimals", t.token, decimals); // P:[16]
            Asset memory a = c.assets[i];
            a.token = t.token;
            a.decimals = decimals;
            a.targetBps = t.targetBps;
            a.bandBps = t.bandBps;
            a.safe = t.safe;
            a.stopPriceUsdE8 = t.stopPriceUsdE8;
            a.takePriceUsdE8 = t.takePriceUsdE8;
            c.feeds[i] = hub.packedFor(t.feedId, t.token); // reverts with UnknownFeed(id) or BadFeedConfig(field)
        }
    }

    function _unpack(bytes memory rules) private pure returns (Content memory c) {
        uint256 n = rules.count();
        c.policy = rules.policy();
        c.keepers = rules.keepers();
        c.assets = rules.allWithStops();
        c.feeds = new bytes[](n);
        for (uint256 i; i < n; ++i) {
            c.feeds[i] = rules.feeds(1 << i);
        }
    }

    /* ----------------------------------------------- the ceilings --------------------------------------------- */

    function _checked(Content memory c) private pure returns (bytes memory) {
        bool stops = _checkAssets(c);
        _checkPolicy(c.policy, stops);
        require(c.keepers.length <= MAX_KEEPERS, IVault.TooManyKeepers(MAX_KEEPERS));
        for (uint256 i; i < c.keepers.length; ++i) {
            require(c.keepers[i] != address(0), IVault.NotKeeper(address(0)));
        }
        return Rules.pack(c.policy, c.keepers, c.assets, c.feeds);
    }

    /// @param stops is there any stop, of the portfolio or of an asset?
    function _checkPolicy(Policy memory p, bool stops) private pure {
        _range("destinationBps", p.destinationBps, 0, 10_000);
        _range("innerBandBps", p.innerBandBps, 0, MAX_BAND_BPS);
        _range("scheduleS", p.scheduleS, 0, MAX_WAIT_S);
        // An epoch may begin no sooner than the next slice could: else slices would be taken as epochs.
        _range("cooldownS", p.cooldownS, p.sliceCooldownS, MAX_WAIT_S);
        _range("maxSlipBps", p.maxSlipBps, 1, 500); // P:[1] P:[3]
        _range("lossBpsPerDay", p.lossBpsPerDay, 1, 300); // P:[1]
        _range("maxSliceBps", p.maxSliceBps, 1, 10_000);
        _range("minTradeUsdE2", p.minTradeUsdE2, 1, type(uint32).max); // P:[20] no dust fills
        _range("ttlS", p.ttlS, MIN_S, 86_400); // P:[21]
        // Whoever may trade without being asked to has to bid against time, from above the oracle price downwards. P:[3]
        _range("premiumBps", p.premiumBps, p.open ? 1 : 0, p.relaxS == 0 ? 0 : 500);
        _range("relaxS", p.relaxS, p.open ? MIN_S : 0, p.ttlS);
        if (p.snapshotS != 0) _range("snapshotS", p.snapshotS, MIN_S, p.ttlS);
        _range("stopLossBps", p.stopLossBps, 0, 9_000);
        _range("takeProfitBps", p.takeProfitBps, 0, 60_000);
        _range("confirmS", p.confirmS, stops ? MIN_S : 0, MAX_CONFIRM_S); // P:[7]
        _range("tipBps", p.tipBps, 0, 20); // P:[20]
        (uint256 least, uint256 most) = p.tipBps == 0 ? (0, 0) : (1, uint256(type(uint32).max));
        _range("maxTipUsdE2", p.maxTipUsdE2, least, most);
        _range("tipPerDayUsdE2", p.tipPerDayUsdE2, least, most);
    }

    // Names of fields are words of at most 31 letters: less code than strings. And no require here: it would make the
    // strings before it looks at the condition.

    function _range(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert IVault.BadPolicy(_text(field), value, min, max);
    }

    function _demand(bool met, bytes32 field, address token, uint256 value) private pure {
        if (!met) revert IVault.BadTarget(_text(field), token, value);
    }

    function _text(bytes32 word) private pure returns (string memory text) {
        uint256 length;
        while (word[length] != 0) ++length;
        text = new string(length);
        assembly ("memory-safe") {
            mstore(add(text, 0x20), word)
        }
    }

    function _checkAssets(Content memory c) private pure returns (bool stops) {
        bool whole = c.policy.stopLossBps != 0 || c.policy.takeProfitBps != 0;
        stops = whole;
        bool safe;
        uint256 sum;
        address previous;
        for (uint256 i; i < c.assets.length; ++i) {
            Asset memory a = c.assets[i];
            _demand(a.token > previous, "order", a.token, i); // P:[11] no duplicates
            _demand(a.bandBps >= MIN_BAND_BPS && a.bandBps <= MAX_BAND_BPS, "bandBps", a.token, a.bandBps);
            bool own = a.stopPriceUsdE8 != 0 || a.takePriceUsdE8 != 0;
            if (own) {
                stops = true;
                _checkStopPrices(a, c.feeds[i]);
            }
            if (a.safe) safe = true;
            // The portfolio is worth what all prices say, those of the safe assets too. P:[7]
            if (whole || own) _demand(_hasSecond(c.feeds[i]), "secondSource", a.token, 0);
            previous = a.token;
            sum += a.targetBps;
        }
        _demand(safe || !stops, "safe", address(0), 0); // P:[7] there is something to sell into
        require(sum == RebalanceMath.BPS || c.assets.length == 0, IVault.TargetsDoNotSumTo10000(sum));
    }

    /// @dev A price at or beyond the bounds of the feed is none, so a stop there could never be reached, or always would.
    function _checkStopPrices(Asset memory a, bytes memory feed) private pure {
        (uint256 minPrice, uint256 maxPrice) = FeedConfigs.bounds(feed);
        uint256 stop = a.stopPriceUsdE8;
        uint256 take = a.takePriceUsdE8;
        _demand(stop == 0 || (!a.safe && stop > minPrice && stop < maxPrice), "stopPriceUsdE8", a.token, stop);
        _demand(take == 0 || (!a.safe && take > stop && take > minPrice && take < maxPrice), "takePriceUsdE8", a.token, take);
    }

    function _hasSecond(bytes memory feed) private pure returns (bool) {
        return uint8(feed[0]) & (FeedConfigs.SECOND_FEED | FeedConfigs.SECOND_TWAP) != 0;
    }

    /* ------------------------------------------------ reading ------------------------------------------------ */

    /// @inheritdoc IRulebook
    function policyOf(bytes calldata rules) external pure returns (Policy memory) {
        Policy memory p = Rules.policy(rules);
        assembly ("memory-safe") {
            return(p, 0x2a0) // 21 members in 21 words: in memory as in an answer
        }
    }

    /// @inheritdoc IRulebook
    function assetsOf(bytes calldata rules) external view returns (Asset[] memory assets) {
        bytes memory blob = rules;
        assets = blob.allWithStops();
        bytes32[] memory ids = hub.idsOf(blob.feeds(type(uint256).max));
        for (uint256 i; i < assets.length; ++i) {
            assets[i].feedId = ids[i];
        }
    }

    /// @inheritdoc IRulebook
    function keepersOf(bytes calldata rules) external pure returns (address[] memory) {
        return Rules.keepers(rules);
    }

    /* ------------------------------------------------ judging ------------------------------------------------ */

    /// @inheritdoc IRulebook
    function appraise(bytes calldata rules, uint256 hot, uint256 cold)
        external
        view
        returns (Due kind, bytes32 reason, uint40 retryAt, uint256 navUsdE8, uint256[] memory book)
    {
        bytes memory blob = rules;
        (uint256 first,) = blob.policyWords();
        bool decided;
        (decided, kind, reason, retryAt) = RebalanceMath.dueBeforePrices(first, hot, blob.count(), block.timestamp);
        if (decided) return (kind, reason, retryAt, 0, book);

        PriceStatus status;
        (book, status) = _read(blob);
        if (status != PriceStatus.Ok) return (Due.None, RebalanceMath.priceReason(status), 0, 0, book);
        uint256[] memory sides;
        (sides, navUsdE8) = _sides(blob, book, hot);
        (kind, reason, retryAt) =
            RebalanceMath.dueFromValues(first, hot, cold, sides, navUsdE8, block.timestamp);
    }

    /// @inheritdoc IRulebook
    function isFillable(bytes calldata rules, uint256 hot, uint256 cold) external view returns (bool) {
        bytes memory blob = rules;
        (uint256 first, uint256 second) = blob.policyWords();
        (uint256[] memory sides, uint256 nav) = _sides(blob, _mustRead(blob), hot);
        if (!Words.isNavTooOld(second, cold, block.timestamp)) nav = Words.epochNavUsdE8(cold);
        for (uint256 i; i < sides.length; ++i) {
            // What was sold cannot be bought any more: it lacks nothing. P:[11] P:[21]
            if (Words.sold(hot) >> i & 1 == 1) sides[i] = RebalanceMath.withoutDeficit(sides[i], nav);
        }
        return RebalanceMath.fillable(RebalanceMath.look(first, Words.stopped(hot), sides, nav));
    }

    /// @inheritdoc IRulebook
    function judgeStop(bytes calldata rules, uint256 hot, uint256 cold, uint256 stop)
        external
        view
        returns (bytes32 act, uint32 reached, uint256 newHot, uint256 newStop, uint256 navUsdE8)
    {
        bytes memory blob = rules;
        Policy memory p = blob.policy();
        State memory s = Words.unpackState(hot, cold);
        Stop memory ref = Words.unpackStop(stop);
        bool whole = p.stopLossBps != 0 || p.takeProfitBps != 0;
        if (!whole && blob.flags() & Rules.HAS_STOPS == 0 && ref.armed == 0) return (0, 0, hot, stop, 0);

        Asset[] memory assets = blob.allWithStops();
        uint256[] memory book = _mustRead(blob);
        (, navUsdE8) = _sides(blob, book, hot);
        bool moved = whole && navUsdE8 != 0 && RebalanceMath.raiseReference(s, ref, navUsdE8.toUint72());
        reached = RebalanceMath.stopsReached(p, s, ref, assets, _prices(book), navUsdE8);
        uint32 fired;
        (act, fired) = RebalanceMath.stepStop(ref, reached, p.confirmS, block.timestamp); // P:[7]
        if (act == 0 && moved) act = "REFERENCE";
        newHot = Words.latched(hot, fired, s.referenceLive);
        newStop = Words.packStop(ref);
    }

    /// @notice Balances of the caller, and prices. P:[8] live
    /// @return book see Book
    /// @return status of the first asset whose price is not good
    function _read(bytes memory rules) private view returns (uint256[] memory book, PriceStatus status) {
        uint256 n = rules.count();
        uint256 heads = rules.heads();
        book = Book.make(n);
        for (uint256 i; i < n; ++i) {
            book.setBalance(i, Book.balanceOf(Rules.tokenOf(Rules.headIn(heads, i)), msg.sender));
        }
        if (_direct && book.priceDirectly(rules, type(uint256).max, n)) return (book, PriceStatus.Ok);
        (Price[] memory quotes,) = hub.peekOf(rules.feeds(type(uint256).max)); // P:[4] P:[5] P:[6]
        for (uint256 i; i < n; ++i) {
            if (quotes[i].status != PriceStatus.Ok) return (book, quotes[i].status);
            book.setPrice(i, quotes[i].usdE8);
        }
    }

    /// @dev Reverts with BadPrice, naming the feed, unless every price is good. P:[4] P:[5] P:[6]
    function _mustRead(bytes memory rules) private view returns (uint256[] memory book) {
        PriceStatus status;
        (book, status) = _read(rules);
        if (status == PriceStatus.Ok) return book;
        hub.pricesOf(rules.feeds(type(uint256).max));
        assert(false); // the hub has just said that it would revert
    }

    /// @return sides see RebalanceMath.sideOf, with the targets in force
    function _sides(bytes memory rules, uint256[] memory book, uint256 hot)
        private
        pure
        returns (uint256[] memory sides, uint256 nav)
    {
        uint256 n = rules.count();
        uint256 stopped = Words.stopped(hot);
        Asset[] memory assets;
        if (stopped != 0) {
            assets = rules.all();
            RebalanceMath.inForce(assets, stopped); // P:[7]
        }
        sides = new uint256[](n);
        uint256 heads = rules.heads();
        unchecked {
            for (uint256 i; i < n; ++i) {
                uint256 head = Rules.headIn(heads, i);
                uint256 v = RebalanceMath.valueOf(book.balance(i), book.price(i), 10 ** Rules.decimalsOf(head));
                nav += v; // 192 bits each, 32 of them at most
                sides[i] = stopped == 0
                    ? RebalanceMath.sideOf(v, Rules.targetOf(head), Rules.bandOf(head))
                    : RebalanceMath.sideOf(v, assets[i].targetBps, assets[i].bandBps);
            }
        }
    }

    function _prices(uint256[] memory book) private pure returns (uint256[] memory prices) {
        prices = new uint256[](book.length / 2);
        for (uint256 i; i < prices.length; ++i) {
            prices[i] = book.price(i);
        }
    }
}
