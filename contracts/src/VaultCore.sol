// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBalancerVault, IPoolManager} from "./interfaces/External.sol";
import {Asset, Due, Fill, IVault, Policy, Slice, State, Venue} from "./interfaces/IVault.sol";
import {RebalanceMath, Side} from "./libraries/RebalanceMath.sol";
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
    using Rules for bytes;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Everything one transaction works on: read once, written back once.
    struct Run {
        address caller;
        bool trusted; //         the owner or a keeper, not a stranger under open execution
        Policy policy;
        State state;
        uint256 version; //      of the rules
        bytes rules;
        Asset[] inForce; //      by asset; empty = nothing is stopped, so the rules say it
        uint256[] prices; //     {USD E8} by asset; 0 = not asked for
        uint256[] balances; //   {base units} by asset, claims on the pool manager included
        uint256 known; //        bit i: balances[i] has been read
        int256[] claims; //      {base units} by asset, on the pool manager; negative = owed to it
        uint256 claimed; //      bit i: asset i has been traded with the pool manager since the last settlement
        uint256 elapsedS; //     {s} of the relaxation
        uint256 soldUsdE8; //    {USD E8} by the fills so far
        uint256 bought; //       the asset bought last
    }

    /// @dev One fill on its way.
    struct Leg {
        Side sell; //         as held before
        Side buy;
        address tokenIn;
        address tokenOut;
        uint256 vSell; //     {USD E8} held of `sell` before
        uint256 vBuy; //      {USD E8} held of `buy` before
        uint256 amountIn; //  {base units of sell} that the venue may take
        uint256 minOut; //    {base units of buy} by the caller
    }

    IPoolManager private immutable _poolManager;
    IBalancerVault private immutable _balancer;

    address private transient _expectedPool; // the only caller that a callback serves
    address private transient _payToken;
    address private transient _keeper; //      whose slice the pool manager runs
    uint256 private transient _payCap; //      {base units}

    constructor(IPoolManager poolManager, IBalancerVault balancer) {
        _poolManager = poolManager;
        _balancer = balancer;
    }

    /* ------------------------------------------------- keeper ------------------------------------------------ */

    /// @notice See IVault.
    function begin() external nonReentrant returns (uint32 epoch) {
        Run memory run = _enter(msg.sender);
        _begin(run);
        _setHot(run.state);
        return run.state.epoch;
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
        for (uint256 i; i < fills.length; ++i) {
            if (fills[i].venue != Venue.UniswapV4) continue;
            require(address(_poolManager) != address(0), IVault.VenueUnavailable(Venue.UniswapV4));
            _keeper = msg.sender;
            _poolManager.unlock(msg.data);
            require(_keeper == address(0), IVault.UnexpectedCallback(address(0))); // P:[15] it did call back
            return;
        }
        _slice(msg.sender, slice, fills, beginFirst);
    }

    /* ------------------------------------------------ callbacks ---------------------------------------------- */

    /// @notice Pays the pool that the vault is swapping with, up to the fill's input in total.
    /// @dev No lock here: this runs inside the lock. P:[15]
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        require(msg.sender == _expectedPool, IVault.UnexpectedCallback(msg.sender));
        int256 owed = amount0Delta > 0 ? amount0Delta : amount1Delta;
        if (owed <= 0) return;
        uint256 cap = _payCap;
        require(uint256(owed) <= cap, IVault.SpentTooMuch(uint256(owed), cap)); // P:[2]
        _payCap = cap - uint256(owed);
        IERC20(_payToken).safeTransfer(msg.sender, uint256(owed));
    }

    /// @notice Runs the slice for which the vault unlocked Uniswap V4's pool manager. Once, and only while it waits for it.
    /// @param data calldata of fill or beginAndFill, decoded once already
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        address caller = _keeper;
        require(msg.sender == address(_poolManager) && caller != address(0), IVault.UnexpectedCallback(msg.sender)); // P:[15]
        _keeper = address(0);
        Slice calldata slice;
        Fill[] calldata fills;
        assembly ("memory-safe") {
            slice := add(data.offset, 4)
            let at := add(slice, calldataload(add(slice, 0x80))) // after the four words of a slice
            fills.length := calldataload(at)
            fills.offset := add(at, 0x20)
        }
        _slice(caller, slice, fills, bytes4(data) == IVault.beginAndFill.selector);
        return "";
    }

    /// @notice Swaps inside the unlock of Balancer's vault that the vault asked for. Once.
    function balancerCallback(address pool, address tokenOut) external {
        require(msg.sender == _expectedPool && msg.sender == address(_balancer), IVault.UnexpectedCallback(msg.sender)); // P:[15]
        _expectedPool = address(0);
        BalancerV3.swap(_balancer, pool, _payToken, tokenOut, _payCap);
    }

    /* ------------------------------------------------- epochs ------------------------------------------------ */

    /// @dev Who may trade now at all: operators, or anyone if the owner says so, while not paused, at an affordable gas
    ///      price.
    function _enter(address caller) private view returns (Run memory run) {
        uint256 cold = _cold;
        run.caller = caller;
        run.version = Words.versionOf(cold);
        run.state = Words.unpackState(_hot, cold);
        run.rules = Rules.load(run.version);
        run.policy = run.rules.policy();
        run.trusted = run.rules.isKeeper(caller) || caller == _owner();
        require(run.trusted || run.policy.open, IVault.NotKeeper(caller));
        require(run.state.pausedUntil <= block.timestamp, IVault.Paused(run.state.pausedUntil)); // P:[18]
        uint256 cap = uint256(run.policy.maxGasPriceMwei) * 1e6; // {wei} = {1e6 wei} * {wei / 1e6 wei}
        require(cap == 0 || tx.gasprice <= cap, IVault.GasPriceAboveCap(tx.gasprice, cap)); // P:[20]
        uint256 n = run.rules.count();
        run.balances = new uint256[](n);
        run.prices = new uint256[](n);
        if (run.state.stopped != 0) {
            run.inForce = run.rules.all();
            RebalanceMath.inForce(run.inForce, run.state.stopped); // P:[7]
        }
    }

    /// @dev Opens an epoch in `run`; prices and balances of every asset are known from then on. The caller writes the hot
    ///      word back.
    function _begin(Run memory run) private {
        State memory s = run.state;
        require(!RebalanceMath.isOpen(s, block.timestamp), IVault.EpochIsOpen(s.epoch));
        Due kind;
        bytes32 reason;
        uint40 retryAt;
        uint256 nav;
        (kind, reason, retryAt, nav, run.balances, run.prices) = rulebook.appraise(run.rules, _hot, _cold);
        require(kind != Due.None, IVault.NotDue(reason, retryAt));

        run.known = type(uint256).max;
        s.epoch += 1;
        s.sequence = 0;
        s.sold = 0;
        s.epochStart = uint40(block.timestamp);
        s.epochEnd = uint40(block.timestamp + run.policy.ttlS); // P:[21]
        _snapshot(run, nav);
        emit IVault.EpochOpened(s.epoch, kind, nav);
    }

    /// @dev The NAV that sizes are measured against from now on.
    function _snapshot(Run memory run, uint256 nav) private {
        State memory s = run.state;
        s.snapshotAt = uint40(block.timestamp);
        s.epochNavUsdE8 = nav.toUint72();
        // A bucket that was filled when the vault was larger counts as full, or it would take months to leak. P:[21]
        s.lossUsdE8 = uint96(RebalanceMath.min(s.lossUsdE8, RebalanceMath.lossCapUsdE8(run.policy, nav)));
        _cold = Words.packCold(s, run.version);
    }

    /* ------------------------------------------------- slices ------------------------------------------------ */

    function _slice(address caller, Slice calldata slice, Fill[] calldata fills, bool beginFirst) private {
        Run memory run = _enter(caller);
        if (beginFirst) _begin(run);
        _openSlice(run, slice);
        if (!beginFirst) _price(run, fills);

        require(fills.length != 0, IVault.NothingToTrade(0, 0));
        for (uint256 i; i < fills.length; ++i) {
            _fill(run, fills[i]);
        }
        _settleClaims(run);
        _closeSlice(run, slice.last);
    }

    function _openSlice(Run memory run, Slice calldata slice) private view {
        State memory s = run.state;
        require(block.timestamp <= slice.deadline, IVault.DeadlinePassed(slice.deadline)); // P:[25]
        require(RebalanceMath.isOpen(s, block.timestamp), IVault.NoOpenEpoch());
        require(slice.epoch == s.epoch && slice.sequence == s.sequence, IVault.WrongSlice(s.epoch, s.sequence)); // P:[25]
        // Across epochs too: a stop waits for no cooldown between them, but its slices keep their distance.
        uint256 next = uint256(s.lastSliceAt) + run.policy.sliceCooldownS;
        require(block.timestamp >= next, IVault.SliceCooldown(uint40(next)));
    }

    /// @dev One call to the hub for all assets of a slice, before its first fill: those it touches, or all of them when the
    ///      NAV has grown too old. An index beyond the table is left for `_fill` to refuse by name.
    function _price(Run memory run, Fill[] calldata fills) private {
        uint256 n = run.prices.length;
        State memory s = run.state;
        bool tooOld = run.policy.snapshotS != 0 && block.timestamp >= uint256(s.snapshotAt) + run.policy.snapshotS;
        uint256 asked = type(uint256).max;
        if (!tooOld) {
            asked = 0;
            for (uint256 i; i < fills.length; ++i) {
                asked |= (1 << fills[i].sell) | (1 << fills[i].buy);
            }
        }
        (uint256[] memory quotes, uint256 upSince) = hub.pricesOf(run.rules.feeds(asked)); // P:[4] P:[5] P:[6]
        uint256 next;
        for (uint256 i; i < n; ++i) {
            if (asked >> i & 1 == 1) run.prices[i] = quotes[next++];
        }
        // The clock of the relaxation begins again when a sequencer comes back. P:[6]
        run.elapsedS = block.timestamp - RebalanceMath.max(s.epochStart, upSince);
        if (!tooOld) return;

        uint256 nav;
        for (uint256 i; i < n; ++i) {
            (,, uint256 valueUsdE8) = _side(run, i);
            nav += valueUsdE8;
        }
        _snapshot(run, nav); // P:[21]
        emit IVault.SnapshotTaken(s.epoch, nav);
    }

    function _closeSlice(Run memory run, bool last) private {
        State memory s = run.state;
        s.sequence += 1; // P:[25] consumed
        s.lastSliceAt = uint40(block.timestamp);
        if (last && run.trusted) _closeEpoch(s); // P:[21] a stranger would end what others have begun
        _setHot(s);
        if (run.policy.tipBps != 0) _tip(run);
    }

    /// @dev For what was moved, in the token bought last, never beyond the policy's caps. P:[20]
    function _tip(Run memory run) private {
        uint256 today = block.timestamp / RebalanceMath.DAY_S;
        uint256 word = _tipWord;
        uint256 paid = word >> 96 == today ? uint96(word) : 0;
        uint256 tipUsdE8 = RebalanceMath.tipUsdE8(run.policy, run.soldUsdE8, paid);
        uint256 head = run.rules.headAt(run.bought);
        address token = Rules.tokenOf(head);
        uint256 amount = tipUsdE8 * 10 ** Rules.decimalsOf(head) / run.prices[run.bought];
        if (amount == 0) return;
        _tipWord = today << 96 | (paid + tipUsdE8);
        emit IVault.Tipped(run.caller, token, amount, tipUsdE8);
        IERC20(token).safeTransfer(run.caller, amount);
    }

    /* ------------------------------------------------- fills ------------------------------------------------- */

    function _fill(Run memory run, Fill calldata f) private {
        uint256 n = run.prices.length;
        require(f.sell < n && f.buy < n && f.sell != f.buy, IVault.NothingToTrade(f.sell, f.buy));
        require(run.state.sold >> f.buy & 1 == 0, IVault.SoldBefore(f.buy)); // P:[11] no way back within an epoch
        Leg memory leg;
        (leg.sell, leg.tokenIn, leg.vSell) = _side(run, f.sell);
        (leg.buy, leg.tokenOut, leg.vBuy) = _side(run, f.buy);
        _size(run, f, leg);
        _route(run, f, leg);
        _check(run, f, leg);
    }

    function _side(Run memory run, uint256 i)
        private
        view
        returns (Side memory side, address token, uint256 valueUsdE8)
    {
        uint256 head = run.rules.headAt(i);
        token = Rules.tokenOf(head);
        if (run.known >> i & 1 == 0) {
            run.balances[i] = _balance(token); // P:[8] P:[10] live
            run.known |= 1 << i;
        }
        side.balance = run.balances[i];
        side.priceUsdE8 = run.prices[i];
        side.decimals = Rules.decimalsOf(head);
        if (run.inForce.length == 0) {
            (side.targetBps, side.bandBps) = (Rules.targetOf(head), Rules.bandOf(head));
        } else {
            (side.targetBps, side.bandBps) = (run.inForce[i].targetBps, run.inForce[i].bandBps); // P:[7]
        }
        valueUsdE8 = _value(side, side.balance);
    }

    /// @dev Clamps the request to what the policy allows. P:[10]: it never reverts because less is left than asked for.
    function _size(Run memory run, Fill calldata f, Leg memory leg) private pure {
        uint256 nav = run.state.epochNavUsdE8;
        uint256 sliceCap = RebalanceMath.sliceCapUsdE8(run.policy, nav);
        require(run.soldUsdE8 < sliceCap, IVault.SliceAboveCap(run.soldUsdE8, sliceCap));
        uint256 wanted = RebalanceMath.wantedUsdE8(run.policy, leg.sell, leg.vSell, leg.buy, leg.vBuy, nav);
        require(wanted != 0, IVault.NothingToTrade(f.sell, f.buy)); // P:[11] P:[12]
        uint256 most = RebalanceMath.amountOf(RebalanceMath.min(wanted, sliceCap - run.soldUsdE8), leg.sell);
        leg.amountIn = RebalanceMath.min(f.amountIn, most);

        uint256 valueUsdE8 = _value(leg.sell, leg.amountIn);
        uint256 minTrade = RebalanceMath.minTradeUsdE8(run.policy);
        require(leg.amountIn != 0 && valueUsdE8 >= minTrade, IVault.BelowMinTrade(valueUsdE8, minTrade)); // P:[20]
        leg.minOut = RebalanceMath.scaledMinOut(f.minOut, leg.amountIn, f.amountIn);
    }

    /// @dev The only place that hands coins to strangers. More venues are more branches here and more libraries beside.
    function _route(Run memory run, Fill calldata f, Leg memory leg) private {
        if (f.venue == Venue.UniswapV4) return _routeV4(run, f, leg);
        _settleClaims(run);
        bool zeroForOne = f.sell < f.buy; // the table is ascending by token
        if (f.venue == Venue.UniswapV3) {
            _expect(f.target, leg);
            UniswapV3.swap(f.target, zeroForOne, leg.amountIn);
            _expectedPool = address(0); // P:[15]
        } else if (f.venue == Venue.UniswapV2) {
            UniswapV2.swap(f.target, leg.tokenIn, zeroForOne, leg.amountIn);
        } else if (f.venue == Venue.BalancerV3) {
            require(address(_balancer) != address(0), IVault.VenueUnavailable(Venue.BalancerV3));
            _expect(address(_balancer), leg);
            _balancer.unlock(abi.encodeCall(this.balancerCallback, (f.target, leg.tokenOut)));
            _expectedPool = address(0); // P:[15]
        } else {
            uint256 needed = RebalanceMath.max(leg.minOut, _requiredOut(run, leg, leg.amountIn));
            FillerVenue.swap(f.target, leg.tokenIn, leg.amountIn, leg.tokenOut, needed, f.data);
        }
        run.balances[f.sell] = _balance(leg.tokenIn);
        run.balances[f.buy] = _balance(leg.tokenOut);
    }

    function _expect(address caller, Leg memory leg) private {
        _expectedPool = caller;
        _payToken = leg.tokenIn;
        _payCap = leg.amountIn;
    }

    /// @dev Nothing is paid yet: the fill is judged by what the pool manager claims, and the claims of the whole slice by
    ///      the balances, in `_settleClaims`.
    function _routeV4(Run memory run, Fill calldata f, Leg memory leg) private {
        if (run.claims.length == 0) run.claims = new int256[](run.balances.length);
        (int256 deltaIn, int256 deltaOut) =
            UniswapV4.swap(_poolManager, leg.tokenIn, leg.tokenOut, f.target, f.data, leg.amountIn);
        require(deltaIn <= 0 && deltaOut >= 0, IVault.NothingToTrade(f.sell, f.buy)); // P:[2]
        uint256 spent = uint256(-deltaIn);
        require(spent <= leg.amountIn, IVault.SpentTooMuch(spent, leg.amountIn)); // P:[2]
        run.claims[f.sell] += deltaIn;
        run.claims[f.buy] += deltaOut;
        run.claimed |= (1 << f.sell) | (1 << f.buy);
        run.balances[f.sell] -= spent;
        run.balances[f.buy] += uint256(deltaOut);
    }

    /// @dev Pays and takes what the pool manager and the vault owe each other, and looks whether the balances are then what
    ///      the fills were judged by. P:[2]
    function _settleClaims(Run memory run) private {
        uint256 claimed = run.claimed;
        if (claimed == 0) return;
        run.claimed = 0;
        for (uint256 i; i < run.claims.length; ++i) {
            if (claimed >> i & 1 == 0) continue;
            address token = Rules.tokenOf(run.rules.headAt(i));
            UniswapV4.settle(_poolManager, token, run.claims[i]);
            run.claims[i] = 0;
            uint256 balance = _balance(token);
            require(balance >= run.balances[i], IVault.TransferFailed(token));
            run.balances[i] = balance;
        }
    }

    /// @dev Whatever happened out there, only balances count.
    function _check(Run memory run, Fill calldata f, Leg memory leg) private {
        uint256 sellAfter = run.balances[f.sell];
        uint256 buyAfter = run.balances[f.buy];
        uint256 spent = RebalanceMath.floorSub(leg.sell.balance, sellAfter);
        uint256 out = RebalanceMath.floorSub(buyAfter, leg.buy.balance);
        require(spent <= leg.amountIn, IVault.SpentTooMuch(spent, leg.amountIn)); // P:[2]
        require(out >= leg.minOut, IVault.BelowCallersMinOut(out, leg.minOut));
        uint256 required = _requiredOut(run, leg, spent);
        require(out >= required, IVault.SlippageAboveCap(out, required)); // P:[1] P:[2] P:[3]

        uint256 spentUsdE8 = _value(leg.sell, spent);
        _checkConvergence(run, f.buy, leg, _value(leg.sell, sellAfter), _value(leg.buy, buyAfter), spentUsdE8);
        uint256 minTrade = RebalanceMath.minTradeUsdE8(run.policy);
        require(spentUsdE8 >= minTrade, IVault.BelowMinTrade(spentUsdE8, minTrade)); // P:[20] what came back was not traded
        uint256 loss = RebalanceMath.floorSub(spentUsdE8, _value(leg.buy, out));
        _chargeLoss(run, loss);
        run.soldUsdE8 += spentUsdE8;
        run.bought = f.buy;
        run.state.sold |= uint32(1 << f.sell);
        emit IVault.Filled(
            run.state.epoch, run.state.sequence, run.caller, f.sell, f.buy, f.venue, f.target, spent, out, loss
        );
    }

    /// @dev The bought asset may pass its target by no more than a fill may win against the oracle, and the two drifts
    ///      together must have become smaller.
    function _checkConvergence(
        Run memory run,
        uint8 buyIndex,
        Leg memory leg,
        uint256 vSellAfter,
        uint256 vBuyAfter,
        uint256 spentUsdE8
    ) private pure {
        uint256 nav = run.state.epochNavUsdE8;
        uint256 sellTarget = RebalanceMath.targetValue(leg.sell.targetBps, nav);
        uint256 buyTarget = RebalanceMath.targetValue(leg.buy.targetBps, nav);
        uint256 tolerance = spentUsdE8 * run.policy.maxSlipBps / RebalanceMath.BPS;
        require(vBuyAfter <= buyTarget + tolerance, IVault.Overshoot(buyIndex)); // P:[12]
        require(
            RebalanceMath.absDiff(vSellAfter, sellTarget) + RebalanceMath.absDiff(vBuyAfter, buyTarget)
                < RebalanceMath.absDiff(leg.vSell, sellTarget) + RebalanceMath.absDiff(leg.vBuy, buyTarget),
            IVault.DriftDidNotShrink()
        ); // P:[11]
    }

    function _requiredOut(Run memory run, Leg memory leg, uint256 spent) private pure returns (uint256) {
        return RebalanceMath.requiredOut(
            spent,
            leg.sell.priceUsdE8,
            leg.sell.decimals,
            leg.buy.priceUsdE8,
            leg.buy.decimals,
            RebalanceMath.requiredPips(run.policy, run.elapsedS)
        );
    }

    function _value(Side memory side, uint256 amount) private pure returns (uint256) {
        return RebalanceMath.value(amount, side.priceUsdE8, side.decimals);
    }

    function _chargeLoss(Run memory run, uint256 lossUsdE8) private view {
        State memory s = run.state;
        uint256 cap = RebalanceMath.lossCapUsdE8(run.policy, s.epochNavUsdE8);
        // After the first fill of a slice nothing has leaked yet since the last one.
        uint256 elapsedS = run.soldUsdE8 == 0 ? block.timestamp - s.lastSliceAt : 0;
        uint256 level = RebalanceMath.lossLevel(s.lossUsdE8, cap, elapsedS, lossUsdE8);
        require(level <= cap, IVault.LossBudgetExceeded(level, cap)); // P:[1]
        s.lossUsdE8 = uint96(level); // cap <= NAV
    }
}
