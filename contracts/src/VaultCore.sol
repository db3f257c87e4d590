// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOracleHub, Price} from "./interfaces/IOracleHub.sol";
import {Asset, Due, Fill, IVault, Policy, Slice, State, Venue} from "./interfaces/IVault.sol";
import {AssetTable} from "./libraries/AssetTable.sol";
import {RebalanceMath, Side} from "./libraries/RebalanceMath.sol";
import {FillerVenue} from "./venues/FillerVenue.sol";
import {UniswapV2} from "./venues/UniswapV2.sol";
import {UniswapV3} from "./venues/UniswapV3.sol";

/// @title VaultCore
/// @notice Epochs and fills: what may be traded, how far, at which loss. Whose coins they are is the heir's business.
/// @dev The caller chooses the route and the moment. Direction, size and price are bounded here, from live balances and
///      oracle prices. The vault never approves anyone and never runs foreign code by delegatecall.
abstract contract VaultCore is IVault, ReentrancyGuardTransient {
    using AssetTable for bytes;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Everything one transaction works on: read once, written back once.
    struct Run {
        Policy policy;
        State state;
        bytes table;
        uint256[] prices; //   {USD E8} by asset; 0 = not asked for
        uint256 soldUsdE8; //  {USD E8} by the fills so far
    }

    IOracleHub public immutable hub;

    Policy internal _policy;
    State internal _state;
    address internal _table; // SSTORE2 blob, replaced whole

    address private transient _expectedPool; // the only caller that a callback pays
    IERC20 private transient _payToken;
    uint256 private transient _payCap; // {base units}

    constructor(IOracleHub hub_) {
        hub = hub_;
    }

    /* ------------------------------------------------ keeper ------------------------------------------------ */

    /// @inheritdoc IVault
    function begin() external nonReentrant returns (uint32 epoch) {
        Run memory run = _enter();
        _begin(run);
        _state = run.state;
        return run.state.epoch;
    }

    /// @inheritdoc IVault
    function fill(Slice calldata slice, Fill calldata f) external nonReentrant {
        Run memory run = _enter();
        _openSlice(run, slice);
        _price(run, _bit(f.sell) | _bit(f.buy));
        _fill(run, f);
        _closeSlice(run, slice.last);
    }

    /// @inheritdoc IVault
    function fillMany(Slice calldata slice, Fill[] calldata fills) external nonReentrant {
        Run memory run = _enter();
        _openSlice(run, slice);
        uint256 touched;
        for (uint256 i; i < fills.length; ++i) {
            touched |= _bit(fills[i].sell) | _bit(fills[i].buy);
        }
        _price(run, touched);
        _fillAll(run, fills);
        _closeSlice(run, slice.last);
    }

    /// @inheritdoc IVault
    function beginAndFill(Slice calldata slice, Fill[] calldata fills) external nonReentrant {
        Run memory run = _enter();
        _begin(run);
        _openSlice(run, slice);
        _fillAll(run, fills);
        _closeSlice(run, slice.last);
    }

    /// @inheritdoc IVault
    function finish() external nonReentrant {
        State memory s = _state;
        require(RebalanceMath.isOpen(s, block.timestamp), NoOpenEpoch());
        require(_isOperator(msg.sender) || _isSettled(s), NotKeeper(msg.sender)); // P:[21]
        _closeEpoch();
    }

    /* ------------------------------------------------- views ------------------------------------------------- */

    /// @inheritdoc IVault
    function policy() external view returns (Policy memory) {
        return _policy;
    }

    /// @inheritdoc IVault
    function state() external view returns (State memory) {
        return _state;
    }

    /// @inheritdoc IVault
    function assets() external view returns (Asset[] memory) {
        return AssetTable.load(_table).all();
    }

    /// @inheritdoc IVault
    /// @dev Reverts while a fill is under way: balances are half-way then. P:[14]
    function due() external view nonReentrantView returns (Due kind, bytes32 reason, uint40 retryAt) {
        (kind, reason, retryAt,,) = _due(_policy, _state, AssetTable.load(_table));
    }

    /* ----------------------------------------------- callbacks ----------------------------------------------- */

    /// @notice Pays the pool that the vault is swapping with, up to the fill's input in total.
    /// @dev No lock here: this runs inside the lock. P:[15]
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        require(msg.sender == _expectedPool, UnexpectedCallback(msg.sender));
        int256 owed = amount0Delta > 0 ? amount0Delta : amount1Delta;
        if (owed <= 0) return;
        uint256 cap = _payCap;
        require(uint256(owed) <= cap, SpentTooMuch(uint256(owed), cap)); // P:[2]
        _payCap = cap - uint256(owed);
        _payToken.safeTransfer(msg.sender, uint256(owed));
    }

    /* ------------------------------------------------- epochs ------------------------------------------------ */

    /// @dev Who may trade now at all: operators, while not paused, at an affordable gas price.
    function _enter() private view returns (Run memory run) {
        require(_isOperator(msg.sender), NotKeeper(msg.sender));
        run.policy = _policy;
        run.state = _state;
        run.table = AssetTable.load(_table);
        require(run.state.pausedUntil <= block.timestamp, Paused(run.state.pausedUntil)); // P:[18]
        uint256 cap = uint256(run.policy.maxGasPriceMwei) * 1e6; // {wei} = {1e6 wei} * {wei / 1e6 wei}
        require(cap == 0 || tx.gasprice <= cap, GasPriceAboveCap(tx.gasprice, cap)); // P:[20]
    }

    /// @dev Opens an epoch in `run` and prices every asset on the way. The caller writes the state back.
    function _begin(Run memory run) private {
        State memory s = run.state;
        require(!RebalanceMath.isOpen(s, block.timestamp), EpochIsOpen(s.epoch));
        (Due kind, bytes32 reason, uint40 retryAt, uint256 nav, Price[] memory quotes) =
            _due(run.policy, s, run.table);
        require(kind == Due.Deviation || kind == Due.Schedule, NotDue(reason, retryAt));

        run.prices = new uint256[](quotes.length);
        for (uint256 i; i < quotes.length; ++i) {
            run.prices[i] = quotes[i].usdE8;
        }
        s.epoch += 1;
        s.sequence = 0;
        s.epochStart = uint40(block.timestamp);
        s.epochEnd = uint40(block.timestamp + run.policy.ttlS); // P:[21]
        s.epochNavUsdE8 = nav.toUint96();
        emit EpochOpened(s.epoch, kind, nav);
    }

    function _due(Policy memory p, State memory s, bytes memory table)
        private
        view
        returns (Due kind, bytes32 reason, uint40 retryAt, uint256 nav, Price[] memory quotes)
    {
        uint256 n = table.count();
        bool decided;
        (decided, kind, reason, retryAt) = RebalanceMath.dueBeforePrices(p, s, n, block.timestamp);
        if (decided) return (kind, reason, retryAt, 0, quotes);

        Asset[] memory list = table.all();
        bytes32[] memory ids = new bytes32[](n);
        uint256[] memory balances = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            ids[i] = list[i].feedId;
            balances[i] = _balance(list[i].token);
        }
        quotes = hub.peek(ids);
        (kind, reason, retryAt, nav) = RebalanceMath.dueFromPrices(p, s, list, balances, quotes, block.timestamp);
    }

    /// @dev Is every asset where no fill of this epoch could move it any more? Reverts when a price is bad.
    function _isSettled(State memory s) private view returns (bool) {
        Run memory run;
        run.policy = _policy;
        run.table = AssetTable.load(_table);
        uint256 n = run.table.count();
        _price(run, (1 << n) - 1);
        for (uint256 i; i < n; ++i) {
            (Side memory side,) = _side(run, i);
            if (!RebalanceMath.settled(run.policy, side, s.epochNavUsdE8)) return false;
        }
        return true;
    }

    function _closeEpoch() internal {
        State storage s = _state;
        uint32 epoch = s.epoch;
        if (epoch != 0 && block.timestamp < s.epochEnd) {
            s.epochEnd = uint40(block.timestamp);
            emit EpochClosed(epoch, s.sequence);
        }
    }

    /* ------------------------------------------------- slices ------------------------------------------------ */

    function _openSlice(Run memory run, Slice calldata slice) private view {
        State memory s = run.state;
        require(block.timestamp <= slice.deadline, DeadlinePassed(slice.deadline)); // P:[25]
        require(RebalanceMath.isOpen(s, block.timestamp), NoOpenEpoch());
        require(slice.epoch == s.epoch && slice.sequence == s.sequence, WrongSlice(s.epoch, s.sequence)); // P:[25]
        if (s.sequence > 0) {
            uint256 next = uint256(s.lastSliceAt) + run.policy.sliceCooldownS;
            require(block.timestamp >= next, SliceCooldown(uint40(next)));
        }
    }

    function _closeSlice(Run memory run, bool last) private {
        State memory s = run.state;
        s.sequence += 1; // P:[25] consumed
        s.lastSliceAt = uint40(block.timestamp);
        if (last) {
            s.epochEnd = uint40(block.timestamp);
            emit EpochClosed(s.epoch, s.sequence);
        }
        _state = s;
    }

    function _fillAll(Run memory run, Fill[] calldata fills) private {
        require(fills.length != 0, NothingToTrade(0, 0));
        for (uint256 i; i < fills.length; ++i) {
            _fill(run, fills[i]);
        }
    }

    /// @dev One call to the hub for all assets of a slice, before its first fill. An index beyond the table is left
    ///      for `_fill` to refuse by name.
    function _price(Run memory run, uint256 touched) private view {
        uint256 n = run.table.count();
        bytes32[] memory ids = new bytes32[](n);
        uint256 asked;
        for (uint256 i; i < n; ++i) {
            if (touched >> i & 1 == 1) ids[asked++] = run.table.get(i).feedId;
        }
        assembly ("memory-safe") {
            mstore(ids, asked) // only ever shorter
        }
        uint256[] memory quotes = hub.prices(ids); // P:[4] P:[5]
        run.prices = new uint256[](n);
        asked = 0;
        for (uint256 i; i < n; ++i) {
            if (touched >> i & 1 == 1) run.prices[i] = quotes[asked++];
        }
    }

    function _bit(uint8 index) private pure returns (uint256) {
        return 1 << index;
    }

    /* ------------------------------------------------- fills ------------------------------------------------- */

    function _fill(Run memory run, Fill calldata f) private {
        uint256 n = run.table.count();
        require(f.sell < n && f.buy < n && f.sell != f.buy, NothingToTrade(f.sell, f.buy));
        (Side memory sell, address tokenIn) = _side(run, f.sell);
        (Side memory buy, address tokenOut) = _side(run, f.buy);

        (uint256 amountIn, uint256 minOut) = _size(run, f, sell, buy);
        _route(run, f, sell, buy, tokenIn, tokenOut, amountIn, minOut);

        // Whatever happened out there, only balances count.
        uint256 sellAfter = _balance(tokenIn);
        uint256 buyAfter = _balance(tokenOut);
        uint256 spent = Math.saturatingSub(sell.balance, sellAfter);
        uint256 out = Math.saturatingSub(buyAfter, buy.balance);
        require(spent <= amountIn, SpentTooMuch(spent, amountIn)); // P:[2]
        require(out >= minOut, BelowCallersMinOut(out, minOut));
        uint256 required = _requiredOut(run.policy, sell, buy, spent);
        require(out >= required, SlippageAboveCap(out, required)); // P:[1] P:[2] P:[3]

        uint256 spentUsdE8 = RebalanceMath.value(spent, sell.priceUsdE8, sell.decimals);
        _checkConvergence(run, f.buy, sell, buy, sellAfter, buyAfter, spentUsdE8);
        uint256 loss =
            _chargeLoss(run, Math.saturatingSub(spentUsdE8, RebalanceMath.value(out, buy.priceUsdE8, buy.decimals)));
        run.soldUsdE8 += spentUsdE8;
        emit Filled(
            run.state.epoch, run.state.sequence, msg.sender, f.sell, f.buy, f.venue, f.target, spent, out, loss
        );
    }

    function _side(Run memory run, uint256 i) private view returns (Side memory side, address token) {
        Asset memory a = run.table.get(i);
        token = a.token;
        side.balance = _balance(token); // P:[8] P:[10] live
        side.priceUsdE8 = run.prices[i];
        side.decimals = a.decimals;
        side.targetBps = a.targetBps;
        side.bandBps = a.bandBps;
    }

    /// @dev Clamps the request to what the policy allows. P:[10]: it never reverts because less is left than asked for.
    function _size(Run memory run, Fill calldata f, Side memory sell, Side memory buy)
        private
        pure
        returns (uint256 amountIn, uint256 minOut)
    {
        uint256 nav = run.state.epochNavUsdE8;
        uint256 sliceCap = RebalanceMath.sliceCapUsdE8(run.policy, nav);
        require(run.soldUsdE8 < sliceCap, SliceAboveCap(run.soldUsdE8, sliceCap));
        amountIn = RebalanceMath.maxSellAmount(run.policy, sell, buy, nav, run.soldUsdE8); // P:[8] P:[12]
        require(amountIn != 0, NothingToTrade(f.sell, f.buy)); // P:[11]
        amountIn = Math.min(f.amountIn, amountIn);

        uint256 valueUsdE8 = RebalanceMath.value(amountIn, sell.priceUsdE8, sell.decimals);
        uint256 minTrade = RebalanceMath.minTradeUsdE8(run.policy);
        require(amountIn != 0 && valueUsdE8 >= minTrade, BelowMinTrade(valueUsdE8, minTrade)); // P:[20]
        minOut = RebalanceMath.scaledMinOut(f.minOut, amountIn, f.amountIn);
    }

    /// @dev The only place that hands coins to strangers. More venues are more branches here and more libraries beside.
    function _route(
        Run memory run,
        Fill calldata f,
        Side memory sell,
        Side memory buy,
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut
    ) private {
        bool zeroForOne = f.sell < f.buy; // the table is ascending by token
        if (f.venue == Venue.UniswapV3) {
            _expectedPool = f.target;
            _payToken = IERC20(tokenIn);
            _payCap = amountIn;
            UniswapV3.swap(f.target, zeroForOne, amountIn);
            _expectedPool = address(0); // P:[15]
        } else if (f.venue == Venue.UniswapV2) {
            UniswapV2.swap(f.target, tokenIn, zeroForOne, amountIn);
        } else {
            uint256 needed = Math.max(minOut, _requiredOut(run.policy, sell, buy, amountIn));
            FillerVenue.swap(f.target, tokenIn, amountIn, tokenOut, needed, f.data);
        }
    }

    function _requiredOut(Policy memory p, Side memory sell, Side memory buy, uint256 spent)
        private
        pure
        returns (uint256)
    {
        return RebalanceMath.requiredOut(
            spent, sell.priceUsdE8, sell.decimals, buy.priceUsdE8, buy.decimals, p.maxSlipBps
        );
    }

    /// @dev The bought asset may pass its target by no more than a fill may win against the oracle, and the two drifts
    ///      together must have become smaller.
    function _checkConvergence(
        Run memory run,
        uint8 buyIndex,
        Side memory sell,
        Side memory buy,
        uint256 sellAfter,
        uint256 buyAfter,
        uint256 spentUsdE8
    ) private pure {
        uint256 nav = run.state.epochNavUsdE8;
        uint256 vBuy = RebalanceMath.value(buyAfter, buy.priceUsdE8, buy.decimals);
        uint256 highest = RebalanceMath.targetValue(buy.targetBps, nav)
            + spentUsdE8 * run.policy.maxSlipBps / RebalanceMath.BPS;
        require(vBuy <= highest, Overshoot(buyIndex)); // P:[12]

        uint256 vSell = RebalanceMath.value(sellAfter, sell.priceUsdE8, sell.decimals);
        uint256 gapAfter =
            RebalanceMath.gap(vSell, sell.targetBps, nav) + RebalanceMath.gap(vBuy, buy.targetBps, nav);
        vSell = RebalanceMath.value(sell.balance, sell.priceUsdE8, sell.decimals);
        vBuy = RebalanceMath.value(buy.balance, buy.priceUsdE8, buy.decimals);
        uint256 gapBefore =
            RebalanceMath.gap(vSell, sell.targetBps, nav) + RebalanceMath.gap(vBuy, buy.targetBps, nav);
        require(gapAfter < gapBefore, DriftDidNotShrink()); // P:[11]
    }

    function _chargeLoss(Run memory run, uint256 lossUsdE8) private view returns (uint256) {
        State memory s = run.state;
        uint256 cap = RebalanceMath.lossCapUsdE8(run.policy, s.epochNavUsdE8);
        uint256 level = RebalanceMath.lossLevel(s.lossUsdE8, cap, block.timestamp - s.lossAt, lossUsdE8);
        require(level <= cap, LossBudgetExceeded(level, cap)); // P:[1]
        s.lossUsdE8 = level.toUint96();
        s.lossAt = uint40(block.timestamp);
        return lossUsdE8;
    }

    /* ------------------------------------------------ internal ----------------------------------------------- */

    function _balance(address token) internal view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    /// @dev Whoever may begin and fill.
    function _isOperator(address account) internal view virtual returns (bool);
}
