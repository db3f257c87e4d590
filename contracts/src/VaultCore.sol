// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IBalancerVault} from "./interfaces/External.sol";
import {IPoolManager} from "./interfaces/IUniswapV4.sol";
import {Asset, Due, Fill, IVault, Slice, Venue} from "./interfaces/IVault.sol";
import {Book} from "./libraries/Book.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";
import {BalancerV3} from "./venues/BalancerV3.sol";
import {FillerVenue} from "./venues/FillerVenue.sol";
import {UniswapV2} from "./venues/UniswapV2.sol";
import {UniswapV3} from "./venues/UniswapV3.sol";
import {UniswapV4} from "./venues/UniswapV4.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title VaultCore
/// @notice Epochs and fills: what may be traded, how far, at which loss. Whose coins they are is the heir's business.
/// @dev The caller chooses the route and the moment. Direction, size and price are bounded here, from live balances and
///      oracle prices. The vault never approves anyone and never runs foreign code by delegatecall. Every function that
///      changes anything holds one lock. P:[13]
abstract contract VaultCore is VaultStorage {
    using Book for uint256[];
    using Rules for bytes;
    using SafeERC20 for IERC20;

    /// @dev Everything one transaction works on: read once, written back once.
    struct Run {
        address caller;
        bool trusted; //         the owner or a keeper, not a stranger under open execution
        bytes rules;
        uint256 heads; //        of the assets in the rules: see Rules
        uint256 first; //        word of the policy
        uint256 second; //       word of the policy
        uint256 hot; //          word of the state, as it will be
        uint256 cold; //         word of the state, as it is stored
        uint256 assets; //       how many
        uint256[] book; //       see Book; balances include claims on the pool manager
        uint256 known; //        bit i: the balance of asset i has been read
        Asset[] inForce; //      by asset; empty = nothing is stopped, so the rules say it
        int256[] claims; //      {base units} by asset, on the pool manager; negative = owed to it
        uint256 claimed; //      bit i: asset i has been traded with the pool manager since the last settlement
        uint256 pips; //         {1e-6} what a fill must bring of the oracle value
        uint256 soldUsdE8; //    {USD E8} by the fills so far
        uint256 bought; //       the asset bought last
    }

    /// @dev One side of a fill, as it was before.
    struct Side {
        uint256 index;
        address token;
        uint256 unit; //       {base units / whole}
        uint256 balance; //    {base units}
        uint256 priceUsdE8; // {USD E8}
        uint256 valueUsdE8; // {USD E8} held
        uint256 target; //     {USD E8} wanted
        uint256 targetBps;
        uint256 bandBps;
        uint256 limit; //      {base units} sold: most that the venue may take; bought: least that the caller wants
    }

    IPoolManager private immutable _poolManager;
    IBalancerVault private immutable _balancer;

    bool private immutable _direct; // plain feeds are read without the hub between

    // Addresses, but as whole words: to write a part of one, the compiler reads it first.
    uint256 private transient _expectedPool; // the only caller that a callback serves
    uint256 private transient _payToken;
    uint256 private transient _keeper; //       whose slice the pool manager runs
    uint256 private transient _payCap; //       {base units}

    constructor(IPoolManager poolManager, IBalancerVault balancer) {
        _poolManager = poolManager;
        _balancer = balancer;
        _direct = hub.sequencerFeed() == address(0);
    }

    /* ------------------------------------------------- keeper ------------------------------------------------ */

    /// @notice See IVault.
    function begin() external nonReentrant returns (uint32 epoch) {
        Run memory run = _newRun()[0];
        _enter(run, msg.sender);
        _begin(run);
        _hot = run.hot;
        return uint32(Words.epoch(run.cold));
    }

    /// @notice See IVault.
    function fill(Slice calldata slice, Fill[] calldata fills) external nonReentrant {
        _dispatch(slice, fills, false);
    }

    /// @notice See IVault.
    function beginAndFill(Slice calldata slice, Fill[] calldata fills) external nonReentrant {
        _dispatch(slice, fills, true);
    }

    /// @dev A slice that trades on Uniswap V4 runs as a whole inside one unlock of the pool manager, so that each token is
    ///      settled once. The manager hands our own calldata back.
    function _dispatch(Slice calldata slice, Fill[] calldata fills, bool beginFirst) private {
        (uint256 touched, bool onV4) = _survey(fills);
        if (!onV4) return _slice(msg.sender, slice, fills, touched, beginFirst);
        require(address(_poolManager) != address(0), IVault.VenueUnavailable(Venue.UniswapV4));
        _keeper = uint160(msg.sender);
        UniswapV4.unlock(_poolManager);
        require(_keeper == 0, IVault.UnexpectedCallback(address(0))); // P:[15] it did call back
    }

    /// @return touched bit i: asset i. What is not in the table is left for `_fill` to refuse by name
    /// @return onV4 does any of them trade on Uniswap V4?
    function _survey(Fill[] calldata fills) private pure returns (uint256 touched, bool onV4) {
        unchecked {
            for (uint256 i; i < fills.length; ++i) {
                uint256 sell;
                uint256 buy;
                uint256 venue;
                // Whether there is a fill at all, and whether it is well formed, is looked at when its turn comes.
                assembly ("memory-safe") {
                    let f := add(fills.offset, calldataload(add(fills.offset, shl(5, i))))
                    sell := calldataload(f)
                    buy := calldataload(add(f, 0x20))
                    venue := calldataload(add(f, 0x40))
                }
                touched |= (1 << sell) | (1 << buy);
                if (venue == uint256(Venue.UniswapV4)) onV4 = true;
            }
        }
    }

    /* ------------------------------------------------ callbacks ---------------------------------------------- */

    /// @notice Pays the pool that the vault is swapping with, up to the fill's input in total.
    /// @dev No lock here: this runs inside the lock. P:[15]
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        require(uint160(msg.sender) == _expectedPool, IVault.UnexpectedCallback(msg.sender));
        int256 owed = amount0Delta > 0 ? amount0Delta : amount1Delta;
        if (owed <= 0) return;
        uint256 cap = _payCap;
        require(uint256(owed) <= cap, IVault.SpentTooMuch(uint256(owed), cap)); // P:[2]
        unchecked {
            _payCap = cap - uint256(owed);
        }
        IERC20(address(uint160(_payToken))).safeTransfer(msg.sender, uint256(owed));
    }

    /// @notice Runs the slice for which the vault unlocked Uniswap V4's pool manager. Once, and only while it waits for it.
    /// @param data calldata of fill or beginAndFill, decoded once already
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        address caller = address(uint160(_keeper));
        require(msg.sender == address(_poolManager) && caller != address(0), IVault.UnexpectedCallback(msg.sender)); // P:[15]
        _keeper = 0;
        Slice calldata slice;
        Fill[] calldata fills;
        assembly ("memory-safe") {
            slice := add(data.offset, 4)
            let at := add(slice, calldataload(add(slice, 0x80))) // after the four words of a slice
            fills.length := calldataload(at)
            // Nobody but a manager that lies could say more fills than there are bytes.
            if gt(fills.length, data.length) { revert(0, 0) }
            fills.offset := add(at, 0x20)
        }
        (uint256 touched,) = _survey(fills);
        _slice(caller, slice, fills, touched, bytes4(data) == IVault.beginAndFill.selector);
        return "";
    }

    /// @notice Swaps inside the unlock of Balancer's vault that the vault asked for. Once.
    function balancerCallback(address pool, address tokenOut) external {
        require(
            uint160(msg.sender) == _expectedPool && msg.sender == address(_balancer),
            IVault.UnexpectedCallback(msg.sender)
        ); // P:[15]
        _expectedPool = 0;
        BalancerV3.swap(_balancer, pool, address(uint160(_payToken)), tokenOut, _payCap);
    }

    /* ------------------------------------------------- epochs ------------------------------------------------ */

    // The compiler sets all members of a struct to zero, one by one, wherever it is declared or returned. An element of a
    // list it takes for written, and so it is before anything is read: by `_enter`, and by `_look` and `_size`.

    function _newRun() private pure returns (Run[] memory one) {
        assembly ("memory-safe") {
            one := mload(0x40)
            let run := add(one, 0x40)
            mstore(one, 1)
            mstore(add(one, 0x20), run)
            mstore(0x40, add(run, 0x220)) // 17 members
        }
    }

    /// @dev Everything that is added to, or looked at whether anything was written; the rest is written whole.
    function _clear(Run memory run) private pure {
        Asset[] memory noAssets;
        int256[] memory noClaims;
        (run.inForce, run.claims) = (noAssets, noClaims);
        (run.known, run.claimed, run.soldUsdE8) = (0, 0, 0);
    }

    function _newSides() private pure returns (Side[] memory two) {
        assembly ("memory-safe") {
            two := mload(0x40)
            mstore(two, 2)
            mstore(add(two, 0x20), add(two, 0x60)) // 10 members
            mstore(add(two, 0x40), add(two, 0x1a0))
            mstore(0x40, add(two, 0x2e0))
        }
    }

    /// @dev Who may trade now at all: operators, or anyone if the owner says so, while not paused, at an affordable gas
    ///      price.
    function _enter(Run memory run, address caller) private view {
        uint256 hot = _hot;
        uint256 cold = _cold;
        bytes memory rules = Rules.load(Words.versionOf(cold));
        (run.caller, run.hot, run.cold, run.rules) = (caller, hot, cold, rules);
        (run.first, run.second) = rules.policyWords();
        _clear(run);
        run.trusted = rules.isKeeper(caller) || caller == _ownerOf(hot);
        require(run.trusted || Words.isOpenToAll(run.second), IVault.NotKeeper(caller));
        uint256 until = Words.pausedUntil(hot);
        require(until <= block.timestamp, IVault.Paused(uint40(until))); // P:[18]
        uint256 cap = Words.maxGasPriceWei(run.first);
        require(cap == 0 || tx.gasprice <= cap, IVault.GasPriceAboveCap(tx.gasprice, cap)); // P:[20]
        (run.assets, run.heads) = (rules.count(), rules.heads());
        if (Words.stopped(hot) != 0) {
            run.inForce = rules.all();
            RebalanceMath.inForce(run.inForce, Words.stopped(hot)); // P:[7]
        }
    }

    /// @dev Opens an epoch in `run`; prices and balances of every asset are known from then on. The caller writes the hot
    ///      word back.
    function _begin(Run memory run) private {
        uint256 epoch = Words.epoch(run.cold);
        require(block.timestamp >= Words.epochEnd(run.hot), IVault.EpochIsOpen(uint32(epoch)));
        (Due kind, bytes32 reason, uint40 retryAt, uint256 nav, uint256[] memory book) =
            rulebook.appraise(run.rules, run.hot, run.cold);
        require(kind != Due.None, IVault.NotDue(reason, retryAt));

        run.book = book;
        run.known = type(uint256).max;
        run.pips = RebalanceMath.requiredPips(run.first, run.second, 0);
        run.hot = Words.withEpochOpened(run.hot, block.timestamp + Words.ttlS(run.first)); // P:[21]
        run.cold = Words.withNextEpoch(run.cold, block.timestamp);
        _snapshot(run, nav);
        emit IVault.EpochOpened(uint32(epoch + 1), kind, nav);
    }

    /// @dev The NAV that sizes are measured against from now on.
    function _snapshot(Run memory run, uint256 nav) private {
        run.cold = Words.withSnapshot(run.cold, nav, block.timestamp);
        _cold = run.cold;
        // A bucket that was filled when the vault was larger counts as full, or it would take months to leak. P:[21]
        uint256 cap = RebalanceMath.lossCapUsdE8(Words.lossBpsPerDay(run.first), nav);
        if (Words.lossUsdE8(run.hot) > cap) run.hot = Words.withLoss(run.hot, cap);
    }

    /* ------------------------------------------------- slices ------------------------------------------------ */

    // Unchecked from here on where it pays: see RebalanceMath for why no sum or product needs more than 256 bits.

    function _slice(address caller, Slice calldata slice, Fill[] calldata fills, uint256 touched, bool beginFirst)
        private
    {
        unchecked {
            Run memory run = _newRun()[0];
            _enter(run, caller);
            if (beginFirst) _begin(run);
            _openSlice(run, slice);
            require(fills.length != 0, IVault.NothingToTrade(0, 0));
            if (!beginFirst) _price(run, touched);
            Side[] memory sides = _newSides();
            (Side memory sell, Side memory buy) = (sides[0], sides[1]);
            for (uint256 i; i < fills.length; ++i) {
                _fill(run, fills[i], sell, buy);
            }
            if (run.claimed != 0) _settleClaims(run);
            _closeSlice(run, slice.last);
        }
    }

    function _openSlice(Run memory run, Slice calldata slice) private view {
        uint256 hot = run.hot;
        uint40 deadline = slice.deadline;
        require(block.timestamp <= deadline, IVault.DeadlinePassed(deadline)); // P:[25]
        require(block.timestamp < Words.epochEnd(hot), IVault.NoOpenEpoch());
        uint256 epoch = Words.epoch(run.cold);
        uint256 sequence = Words.sequence(hot);
        require(
            slice.epoch == epoch && slice.sequence == sequence, IVault.WrongSlice(uint32(epoch), uint32(sequence))
        ); // P:[25]
        // Across epochs too: a stop waits for no cooldown between them, but its slices keep their distance.
        unchecked {
            uint256 next = Words.lastSliceAt(hot) + Words.sliceCooldownS(run.first); // 33 bits
            require(block.timestamp >= next, IVault.SliceCooldown(uint40(next)));
        }
    }

    /// @dev Prices of all assets of a slice, before its first fill: those it touches, or all of them when the NAV has grown
    ///      too old.
    function _price(Run memory run, uint256 asked) private {
        unchecked {
            bool tooOld = Words.isNavTooOld(run.second, run.cold, block.timestamp);
            if (tooOld) asked = type(uint256).max;
            run.book = Book.make(run.assets);
            uint256 upSince;
            if (!_direct || !run.book.priceDirectly(run.rules, asked, run.assets)) upSince = _priceByHub(run, asked);
            uint256 elapsedS;
            if (Words.relaxS(run.second) != 0) {
                // The clock of the relaxation begins again after a pause, and when a sequencer comes back. P:[6]
                uint256 since = RebalanceMath.max(Words.epochStart(run.cold), Words.pausedUntil(run.hot));
                elapsedS = block.timestamp - RebalanceMath.max(since, upSince);
            }
            run.pips = RebalanceMath.requiredPips(run.first, run.second, elapsedS);
            if (!tooOld) return;

            uint256 nav;
            Side memory side = _newSides()[0];
            for (uint256 i; i < run.assets; ++i) {
                _look(run, i, side);
                nav += side.valueUsdE8;
            }
            _snapshot(run, nav); // P:[21]
            emit IVault.SnapshotTaken(uint32(Words.epoch(run.cold)), nav);
        }
    }

    /// @return upSince {s} since when a sequencer is up
    function _priceByHub(Run memory run, uint256 asked) private view returns (uint256 upSince) {
        uint256[] memory quotes;
        (quotes, upSince) = hub.pricesOf(run.rules.feeds(asked)); // P:[4] P:[5] P:[6]
        uint256 next;
        for (uint256 i; i < run.assets; ++i) {
            if (asked >> i & 1 == 1) run.book.setPrice(i, quotes[next++]);
        }
    }

    function _closeSlice(Run memory run, bool last) private {
        uint256 hot = Words.withSlice(run.hot, block.timestamp); // P:[25] consumed
        if (last && run.trusted) { // P:[21] a stranger would end what others have begun
            hot = Words.withEpochClosed(hot, block.timestamp);
            emit IVault.EpochClosed(uint32(Words.epoch(run.cold)), uint32(Words.sequence(hot)));
        }
        _hot = hot;
        if (Words.tipBps(run.second) != 0) _tip(run);
    }

    /// @dev For what was moved, in the token bought last, never beyond the policy's caps. P:[20]
    function _tip(Run memory run) private {
        uint256 today = block.timestamp / RebalanceMath.DAY_S;
        uint256 word = _tipWord;
        uint256 paid = word >> 96 == today ? uint96(word) : 0;
        uint256 tipUsdE8 = RebalanceMath.tipUsdE8(run.second, run.soldUsdE8, paid);
        Side memory side = _newSides()[0];
        _look(run, run.bought, side);
        uint256 amount = tipUsdE8 * side.unit / side.priceUsdE8;
        if (amount == 0) return;
        _tipWord = today << 96 | (paid + tipUsdE8);
        emit IVault.Tipped(run.caller, side.token, amount, tipUsdE8);
        IERC20(side.token).safeTransfer(run.caller, amount);
    }

    /* ------------------------------------------------- fills ------------------------------------------------- */

    /// @dev `sell` and `buy` are paper to write on, the same for every fill.
    function _fill(Run memory run, Fill calldata f, Side memory sell, Side memory buy) private {
        (uint8 i, uint8 j) = (f.sell, f.buy);
        if (i >= run.assets || j >= run.assets || i == j) revert IVault.NothingToTrade(i, j);
        require(Words.sold(run.hot) >> j & 1 == 0, IVault.SoldBefore(j)); // P:[11] no way back in an epoch
        _look(run, i, sell);
        _look(run, j, buy);
        _size(run, f, sell, buy);
        if (f.venue == Venue.UniswapV4) _routeV4(run, f, sell, buy);
        else _route(run, f, sell, buy);
        _check(run, f, sell, buy);
    }

    /// @notice Writes into `side` what the vault holds and wants of asset i.
    function _look(Run memory run, uint256 i, Side memory side) private view {
        unchecked {
            uint256 head = Rules.headIn(run.heads, i);
            address token = Rules.tokenOf(head);
            uint256 balance;
            if (run.known >> i & 1 == 0) {
                balance = _balance(token); // P:[8] P:[10] live
                run.book.setBalance(i, balance);
                run.known |= 1 << i;
            } else {
                balance = run.book.balance(i);
            }
            uint256 unit = 10 ** Rules.decimalsOf(head);
            uint256 price = run.book.price(i);
            (uint256 targetBps, uint256 bandBps) = (Rules.targetOf(head), Rules.bandOf(head));
            if (run.inForce.length != 0) {
                (targetBps, bandBps) = (run.inForce[i].targetBps, run.inForce[i].bandBps); // P:[7]
            }
            (side.index, side.token, side.unit) = (i, token, unit);
            (side.balance, side.priceUsdE8) = (balance, price);
            side.valueUsdE8 = RebalanceMath.valueOf(balance, price, unit);
            side.target = RebalanceMath.targetValue(targetBps, Words.epochNavUsdE8(run.cold));
            (side.targetBps, side.bandBps) = (targetBps, bandBps);
        }
    }

    /// @dev Clamps the request to what the policy allows. P:[10]: it never reverts because less is left than asked for.
    function _size(Run memory run, Fill calldata f, Side memory sell, Side memory buy) private pure {
        unchecked {
            uint256 wanted = _wanted(run, sell, buy);
            uint256 sold = run.soldUsdE8;
            uint256 sliceCap =
                RebalanceMath.sliceCapUsdE8(Words.maxSliceBps(run.first), Words.epochNavUsdE8(run.cold));
            require(sold < sliceCap, IVault.SliceAboveCap(sold, sliceCap));
            if (wanted == 0) revert IVault.NothingToTrade(f.sell, f.buy); // P:[11] P:[12]
            wanted = RebalanceMath.min(wanted, sliceCap - sold);
            uint256 requested = f.amountIn;
            uint256 most = RebalanceMath.amountOf(wanted, sell.unit, sell.priceUsdE8, sell.balance);
            uint256 amountIn = RebalanceMath.min(requested, most);
            // A stranger who could take less would use up slices with crumbs. P:[21]
            require(run.trusted || amountIn == most, IVault.TooLittle(amountIn, most));
            _checkMinTrade(run, RebalanceMath.valueOf(amountIn, sell.priceUsdE8, sell.unit));
            sell.limit = amountIn;
            buy.limit = RebalanceMath.scaledMinOut(f.minOut, amountIn, requested);
        }
    }

    function _checkMinTrade(Run memory run, uint256 valueUsdE8) private pure {
        uint256 minTrade = Words.minTradeUsdE8(run.first); // 1 or more
        require(valueUsdE8 >= minTrade, IVault.BelowMinTrade(valueUsdE8, minTrade)); // P:[20]
    }

    function _wanted(Run memory run, Side memory sell, Side memory buy) private pure returns (uint256) {
        uint256 nav = Words.epochNavUsdE8(run.cold);
        uint256 destinationBps = Words.destinationBps(run.first);
        return RebalanceMath.wantedUsdE8(
            sell.valueUsdE8,
            sell.target,
            RebalanceMath.upperValue(sell.targetBps, sell.bandBps, destinationBps, nav),
            buy.valueUsdE8,
            buy.target,
            RebalanceMath.lowerValue(buy.targetBps, buy.bandBps, destinationBps, nav)
        );
    }

    /// @dev The only place that hands coins to strangers. More venues are more branches here and more libraries beside.
    function _route(Run memory run, Fill calldata f, Side memory sell, Side memory buy) private {
        if (run.claimed != 0) {
            _settleClaims(run);
            (sell.balance, buy.balance) = (run.book.balance(sell.index), run.book.balance(buy.index));
        }
        bool zeroForOne = sell.index < buy.index; // the table is ascending by token
        Venue venue = f.venue;
        address target = f.target;
        address token = sell.token;
        uint256 amountIn = sell.limit;
        if (venue == Venue.UniswapV3) {
            _expect(target, token, amountIn);
            UniswapV3.swap(target, zeroForOne, amountIn);
            _expectedPool = 0; // P:[15]
        } else if (venue == Venue.UniswapV2) {
            UniswapV2.swap(target, token, zeroForOne, amountIn);
        } else if (venue == Venue.BalancerV3) {
            require(address(_balancer) != address(0), IVault.VenueUnavailable(Venue.BalancerV3));
            _expect(address(_balancer), token, amountIn);
            BalancerV3.unlock(_balancer, abi.encodeCall(this.balancerCallback, (target, buy.token)));
            _expectedPool = 0; // P:[15]
        } else {
            uint256 needed = RebalanceMath.max(buy.limit, _requiredOut(run, sell, buy, amountIn));
            FillerVenue.swap(target, token, amountIn, buy.token, needed, f.data);
        }
        run.book.setBalance(sell.index, _balance(token));
        run.book.setBalance(buy.index, _balance(buy.token));
    }

    function _expect(address caller, address token, uint256 amountIn) private {
        _expectedPool = uint160(caller);
        _payToken = uint160(token);
        _payCap = amountIn;
    }

    /// @dev Nothing is paid yet: the fill is judged by what the pool manager claims, and the claims of the whole slice by
    ///      the balances, in `_settleClaims`.
    function _routeV4(Run memory run, Fill calldata f, Side memory sell, Side memory buy) private {
        unchecked {
            if (run.claims.length == 0) run.claims = new int256[](run.assets);
            (int256 deltaIn, int256 deltaOut) =
                UniswapV4.swap(_poolManager, sell.token, buy.token, f.target, f.data, sell.limit);
            (uint256 i, uint256 j) = (sell.index, buy.index);
            if (deltaIn > 0 || deltaOut < 0) revert IVault.NothingToTrade(uint8(i), uint8(j)); // P:[2]
            uint256 spent = uint256(-deltaIn);
            require(spent <= sell.limit, IVault.SpentTooMuch(spent, sell.limit)); // P:[2]
            int256[] memory claims = run.claims;
            claims[i] += deltaIn;
            claims[j] += deltaOut;
            run.claimed |= (1 << i) | (1 << j);
            run.book.setBalance(i, sell.balance - spent);
            run.book.setBalance(j, buy.balance + uint256(deltaOut));
        }
    }

    /// @dev Pays and takes what the pool manager and the vault owe each other, and looks whether the balances are then what
    ///      the fills were judged by. P:[2]
    function _settleClaims(Run memory run) private {
        uint256 claimed = run.claimed;
        run.claimed = 0;
        for (uint256 i; claimed >> i != 0; ++i) {
            if (claimed >> i & 1 == 0) continue;
            address token = Rules.tokenOf(Rules.headIn(run.heads, i));
            UniswapV4.settle(_poolManager, token, run.claims[i]);
            run.claims[i] = 0;
            uint256 balance = _balance(token);
            require(balance >= run.book.balance(i), IVault.TransferFailed(token));
            run.book.setBalance(i, balance);
        }
    }

    /// @dev Whatever happened out there, only balances count.
    function _check(Run memory run, Fill calldata f, Side memory sell, Side memory buy) private {
        unchecked {
            (uint256 amountIn, uint256 minOut) = (sell.limit, buy.limit);
            uint256 spent = RebalanceMath.floorSub(sell.balance, run.book.balance(sell.index));
            uint256 out = RebalanceMath.floorSub(run.book.balance(buy.index), buy.balance);
            require(spent <= amountIn, IVault.SpentTooMuch(spent, amountIn)); // P:[2]
            require(spent == amountIn || run.trusted, IVault.TooLittle(spent, amountIn)); // P:[21]
            require(out >= minOut, IVault.BelowCallersMinOut(out, minOut));
            uint256 required = _requiredOut(run, sell, buy, spent);
            require(out >= required, IVault.SlippageAboveCap(out, required)); // P:[1] P:[2] P:[3]

            uint256 spentUsdE8 = RebalanceMath.valueOf(spent, sell.priceUsdE8, sell.unit);
            _checkConvergence(run, sell, buy, spentUsdE8);
            if (spent != amountIn) _checkMinTrade(run, spentUsdE8); // what came back was not traded
            uint256 loss =
                RebalanceMath.floorSub(spentUsdE8, RebalanceMath.valueOf(out, buy.priceUsdE8, buy.unit));
            uint256 hot = _withLoss(run, loss);
            run.hot = Words.withSold(hot, sell.index);
            run.soldUsdE8 += spentUsdE8;
            run.bought = buy.index;
            emit IVault.Filled(
                uint32(Words.epoch(run.cold)),
                uint32(Words.sequence(hot)),
                run.caller,
                uint8(sell.index),
                uint8(buy.index),
                f.venue,
                f.target,
                spent,
                out,
                loss
            );
        }
    }

    /// @dev The bought asset may pass its target by no more than a fill may win against the oracle, and the two drifts
    ///      together must have become smaller.
    function _checkConvergence(Run memory run, Side memory sell, Side memory buy, uint256 spentUsdE8) private pure {
        unchecked {
            uint256 vSellAfter = RebalanceMath.valueOf(run.book.balance(sell.index), sell.priceUsdE8, sell.unit);
            uint256 vBuyAfter = RebalanceMath.valueOf(run.book.balance(buy.index), buy.priceUsdE8, buy.unit);
            (uint256 sellTarget, uint256 buyTarget) = (sell.target, buy.target);
            if (vBuyAfter > buyTarget) {
                uint256 most = RebalanceMath.max(Words.maxSlipBps(run.first), Words.premiumBps(run.second));
                uint256 tolerance = RebalanceMath.overshootUsdE8(most, spentUsdE8, buy.priceUsdE8, buy.unit);
                require(vBuyAfter - buyTarget <= tolerance, IVault.Overshoot(uint8(buy.index))); // P:[12]
            }
            // Before, there was a surplus and a deficit, or nothing would have been wanted.
            require(
                RebalanceMath.absDiff(vSellAfter, sellTarget) + RebalanceMath.absDiff(vBuyAfter, buyTarget)
                    < sell.valueUsdE8 - sellTarget + buyTarget - buy.valueUsdE8,
                IVault.DriftDidNotShrink()
            ); // P:[11]
        }
    }

    function _requiredOut(Run memory run, Side memory sell, Side memory buy, uint256 spent)
        private
        pure
        returns (uint256)
    {
        return
            RebalanceMath.requiredOut(spent, sell.priceUsdE8, sell.unit, buy.priceUsdE8, buy.unit, run.pips);
    }

    /// @return the hot word with the loss in its bucket
    function _withLoss(Run memory run, uint256 lossUsdE8) private view returns (uint256) {
        unchecked {
            uint256 hot = run.hot;
            uint256 cap =
                RebalanceMath.lossCapUsdE8(Words.lossBpsPerDay(run.first), Words.epochNavUsdE8(run.cold));
            // After the first fill of a slice nothing has leaked yet since the last one.
            uint256 elapsedS = run.soldUsdE8 == 0 ? block.timestamp - Words.lastSliceAt(hot) : 0;
            uint256 level = RebalanceMath.lossLevel(Words.lossUsdE8(hot), cap, elapsedS, lossUsdE8);
            require(level <= cap, IVault.LossBudgetExceeded(level, cap)); // P:[1]
            return Words.withLoss(hot, level); // cap <= NAV
        }
    }
}
