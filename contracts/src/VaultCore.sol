// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOracleHub, Price} from "./interfaces/IOracleHub.sol";
import {Asset, Due, Fill, IVault, Policy, Slice, State, Venue} from "./interfaces/IVault.sol";
import {RebalanceMath, Side} from "./libraries/RebalanceMath.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";
import {FillerVenue} from "./venues/FillerVenue.sol";
import {UniswapV2} from "./venues/UniswapV2.sol";
import {UniswapV3} from "./venues/UniswapV3.sol";

/// @title VaultCore
/// @notice Epochs and fills: what may be traded, how far, at which loss. Whose coins they are is the heir's business.
/// @dev The caller chooses the route and the moment. Direction, size and price are bounded here, from live balances and
///      oracle prices. The vault never approves anyone and never runs foreign code by delegatecall. Every function that
///      changes anything holds one lock. P:[13]
abstract contract VaultCore is IVault, ReentrancyGuardTransient {
    using Rules for bytes;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Everything one transaction works on: read once, written back once.
    struct Run {
        Policy policy;
        State state;
        bytes rules;
        uint256[] prices; //   {USD E8} by asset; 0 = not asked for
        uint256 soldUsdE8; //  {USD E8} by the fills so far
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

    IOracleHub public immutable hub;

    uint256 private _hot; //  written by every slice: see Words
    uint256 private _cold; // written when an epoch opens or the rules change

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
        _setHot(run.state);
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
        State memory s = _state();
        require(RebalanceMath.isOpen(s, block.timestamp), NoOpenEpoch());
        require(_isOperator(msg.sender) || _isSettled(s), NotKeeper(msg.sender)); // P:[21]
        _closeEpoch();
    }

    /* ------------------------------------------------- views ------------------------------------------------- */

    /// @inheritdoc IVault
    function state() external view returns (State memory) {
        return _state();
    }

    /// @inheritdoc IVault
    /// @dev Reverts while a fill is under way: balances are half-way then. P:[14]
    function due() external view nonReentrantView returns (Due kind, bytes32 reason, uint40 retryAt) {
        bytes memory rules = _rules();
        (kind, reason, retryAt,,) = _due(_policy(rules), _state(), rules);
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
        uint256 cold = _cold;
        run.state = Words.unpackState(_hot, cold);
        run.rules = Rules.load(Words.versionOf(cold));
        run.policy = _policy(run.rules);
        require(run.state.pausedUntil <= block.timestamp, Paused(run.state.pausedUntil)); // P:[18]
        uint256 cap = uint256(run.policy.maxGasPriceMwei) * 1e6; // {wei} = {1e6 wei} * {wei / 1e6 wei}
        require(cap == 0 || tx.gasprice <= cap, GasPriceAboveCap(tx.gasprice, cap)); // P:[20]
    }

    /// @dev Opens an epoch in `run` and prices every asset on the way. The caller writes the hot word back.
    function _begin(Run memory run) private {
        State memory s = run.state;
        require(!RebalanceMath.isOpen(s, block.timestamp), EpochIsOpen(s.epoch));
        (Due kind, bytes32 reason, uint40 retryAt, uint256 nav, Price[] memory quotes) =
            _due(run.policy, s, run.rules);
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
        // A bucket that was filled when the vault was larger counts as full, or it would take months to leak. P:[21]
        s.lossUsdE8 = RebalanceMath.min(s.lossUsdE8, RebalanceMath.lossCapUsdE8(run.policy, nav)).toUint96();
        _cold = Words.packCold(s, Words.versionOf(_cold));
        emit EpochOpened(s.epoch, kind, nav);
    }

    function _due(Policy memory p, State memory s, bytes memory rules)
        private
        view
        returns (Due kind, bytes32 reason, uint40 retryAt, uint256 nav, Price[] memory quotes)
    {
        uint256 n = rules.count();
        bool decided;
        (decided, kind, reason, retryAt) = RebalanceMath.dueBeforePrices(p, s, n, block.timestamp);
        if (decided) return (kind, reason, retryAt, 0, quotes);

        Asset[] memory list = rules.all();
        uint256[] memory balances = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            balances[i] = _balance(list[i].token);
        }
        quotes = hub.peekOf(rules.feeds(type(uint256).max));
        (kind, reason, retryAt, nav) = RebalanceMath.dueFromPrices(p, s, list, balances, quotes, block.timestamp);
    }

    /// @dev Is every asset where no fill of this epoch could move it any more? Reverts when a price is bad.
    function _isSettled(State memory s) private view returns (bool) {
        Run memory run;
        run.rules = _rules();
        run.policy = _policy(run.rules);
        uint256 n = run.rules.count();
        _price(run, (1 << n) - 1); // n <= 32
        for (uint256 i; i < n; ++i) {
            (Side memory side,,) = _side(run, i);
            if (!RebalanceMath.settled(run.policy, side, s.epochNavUsdE8)) return false;
        }
        return true;
    }

    function _closeEpoch() internal {
        State memory s = _state();
        if (!RebalanceMath.isOpen(s, block.timestamp)) return;
        _closeEpoch(s);
        _setHot(s);
    }

    /// @dev The caller writes the state back.
    function _closeEpoch(State memory s) internal {
        if (!RebalanceMath.isOpen(s, block.timestamp)) return;
        s.epochEnd = uint40(block.timestamp);
        emit EpochClosed(s.epoch, s.sequence);
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
        if (last) _closeEpoch(s);
        _setHot(s);
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
        uint256[] memory quotes = hub.pricesOf(run.rules.feeds(touched)); // P:[4] P:[5]
        uint256 n = run.rules.count();
        run.prices = new uint256[](n);
        uint256 asked;
        for (uint256 i; i < n; ++i) {
            if (touched >> i & 1 == 1) run.prices[i] = quotes[asked++];
        }
    }

    function _bit(uint8 index) private pure returns (uint256) {
        return 1 << index;
    }

    /* ------------------------------------------------- fills ------------------------------------------------- */

    function _fill(Run memory run, Fill calldata f) private {
        uint256 n = run.rules.count();
        require(f.sell < n && f.buy < n && f.sell != f.buy, NothingToTrade(f.sell, f.buy));
        Leg memory leg;
        (leg.sell, leg.tokenIn, leg.vSell) = _side(run, f.sell);
        (leg.buy, leg.tokenOut, leg.vBuy) = _side(run, f.buy);
        _size(run, f, leg);
        _route(run, f, leg);
        _settle(run, f, leg);
    }

    function _side(Run memory run, uint256 i)
        private
        view
        returns (Side memory side, address token, uint256 valueUsdE8)
    {
        Asset memory a = run.rules.get(i);
        token = a.token;
        side.balance = _balance(token); // P:[8] P:[10] live
        side.priceUsdE8 = run.prices[i];
        side.decimals = a.decimals;
        side.targetBps = a.targetBps;
        side.bandBps = a.bandBps;
        valueUsdE8 = _value(side, side.balance);
    }

    /// @dev Clamps the request to what the policy allows. P:[10]: it never reverts because less is left than asked for.
    function _size(Run memory run, Fill calldata f, Leg memory leg) private pure {
        uint256 nav = run.state.epochNavUsdE8;
        uint256 sliceCap = RebalanceMath.sliceCapUsdE8(run.policy, nav);
        require(run.soldUsdE8 < sliceCap, SliceAboveCap(run.soldUsdE8, sliceCap));
        uint256 wanted = RebalanceMath.wantedUsdE8(run.policy, leg.sell, leg.vSell, leg.buy, leg.vBuy, nav);
        require(wanted != 0, NothingToTrade(f.sell, f.buy)); // P:[11] P:[12]
        uint256 most = RebalanceMath.amountOf(RebalanceMath.min(wanted, sliceCap - run.soldUsdE8), leg.sell);
        leg.amountIn = RebalanceMath.min(f.amountIn, most);

        uint256 valueUsdE8 = _value(leg.sell, leg.amountIn);
        uint256 minTrade = RebalanceMath.minTradeUsdE8(run.policy);
        require(leg.amountIn != 0 && valueUsdE8 >= minTrade, BelowMinTrade(valueUsdE8, minTrade)); // P:[20]
        leg.minOut = RebalanceMath.scaledMinOut(f.minOut, leg.amountIn, f.amountIn);
    }

    /// @dev The only place that hands coins to strangers. More venues are more branches here and more libraries beside.
    function _route(Run memory run, Fill calldata f, Leg memory leg) private {
        bool zeroForOne = f.sell < f.buy; // the table is ascending by token
        if (f.venue == Venue.UniswapV3) {
            _expectedPool = f.target;
            _payToken = IERC20(leg.tokenIn);
            _payCap = leg.amountIn;
            UniswapV3.swap(f.target, zeroForOne, leg.amountIn);
            _expectedPool = address(0); // P:[15]
        } else if (f.venue == Venue.UniswapV2) {
            UniswapV2.swap(f.target, leg.tokenIn, zeroForOne, leg.amountIn);
        } else {
            uint256 needed = RebalanceMath.max(leg.minOut, _requiredOut(run.policy, leg, leg.amountIn));
            FillerVenue.swap(f.target, leg.tokenIn, leg.amountIn, leg.tokenOut, needed, f.data);
        }
    }

    /// @dev Whatever happened out there, only balances count.
    function _settle(Run memory run, Fill calldata f, Leg memory leg) private {
        uint256 sellAfter = _balance(leg.tokenIn);
        uint256 buyAfter = _balance(leg.tokenOut);
        uint256 spent = RebalanceMath.floorSub(leg.sell.balance, sellAfter);
        uint256 out = RebalanceMath.floorSub(buyAfter, leg.buy.balance);
        require(spent <= leg.amountIn, SpentTooMuch(spent, leg.amountIn)); // P:[2]
        require(out >= leg.minOut, BelowCallersMinOut(out, leg.minOut));
        uint256 required = _requiredOut(run.policy, leg, spent);
        require(out >= required, SlippageAboveCap(out, required)); // P:[1] P:[2] P:[3]

        uint256 spentUsdE8 = _value(leg.sell, spent);
        _checkConvergence(run, f.buy, leg, _value(leg.sell, sellAfter), _value(leg.buy, buyAfter), spentUsdE8);
        uint256 minTrade = RebalanceMath.minTradeUsdE8(run.policy);
        require(spentUsdE8 >= minTrade, BelowMinTrade(spentUsdE8, minTrade)); // P:[20] what came back was not traded
        uint256 loss = RebalanceMath.floorSub(spentUsdE8, _value(leg.buy, out));
        _chargeLoss(run, loss);
        run.soldUsdE8 += spentUsdE8;
        emit Filled(
            run.state.epoch, run.state.sequence, msg.sender, f.sell, f.buy, f.venue, f.target, spent, out, loss
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
        require(vBuyAfter <= buyTarget + tolerance, Overshoot(buyIndex)); // P:[12]
        require(
            RebalanceMath.absDiff(vSellAfter, sellTarget) + RebalanceMath.absDiff(vBuyAfter, buyTarget)
                < RebalanceMath.absDiff(leg.vSell, sellTarget) + RebalanceMath.absDiff(leg.vBuy, buyTarget),
            DriftDidNotShrink()
        ); // P:[11]
    }

    function _requiredOut(Policy memory p, Leg memory leg, uint256 spent) private pure returns (uint256) {
        return RebalanceMath.requiredOut(
            spent, leg.sell.priceUsdE8, leg.sell.decimals, leg.buy.priceUsdE8, leg.buy.decimals, p.maxSlipBps
        );
    }

    function _value(Side memory side, uint256 amount) private pure returns (uint256) {
        return RebalanceMath.value(amount, side.priceUsdE8, side.decimals);
    }

    function _chargeLoss(Run memory run, uint256 lossUsdE8) private view {
        State memory s = run.state;
        uint256 cap = RebalanceMath.lossCapUsdE8(run.policy, s.epochNavUsdE8);
        uint256 level = RebalanceMath.lossLevel(s.lossUsdE8, cap, block.timestamp - s.lossAt, lossUsdE8);
        require(level <= cap, LossBudgetExceeded(level, cap)); // P:[1]
        s.lossUsdE8 = level.toUint96();
        s.lossAt = uint40(block.timestamp);
    }

    /* ------------------------------------------------ internal ----------------------------------------------- */

    function _rules() internal view returns (bytes memory) {
        return Rules.load(Words.versionOf(_cold));
    }

    function _setRules(bytes memory rules) internal {
        rules.store();
        _cold = Words.nextVersion(_cold);
    }

    function _policy(bytes memory rules) internal pure returns (Policy memory) {
        return Words.unpackPolicy(rules.policyWord());
    }

    function _state() internal view returns (State memory) {
        return Words.unpackState(_hot, _cold);
    }

    function _setHot(State memory s) internal {
        _hot = Words.packHot(s);
    }

    /// @dev A small slot keeps the code small: transient variables take 0 to 2, ordinary storage is another space.
    function _reentrancyGuardStorageSlot() internal pure override returns (bytes32) {
        return bytes32(uint256(0xff));
    }

    function _balance(address token) internal view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    /// @dev Whoever may begin and fill.
    function _isOperator(address account) internal view virtual returns (bool);
}
