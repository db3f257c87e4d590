// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IUniswapV2Pair, IUniswapV3Pool} from "../interfaces/External.sol";
import {IFiller} from "../interfaces/IFiller.sol";
import {IPathFiller} from "../interfaces/IPathFiller.sol";
import {IPoolManager, IUnlockCallback, PoolKey, SwapParams} from "../interfaces/IUniswapV4.sol";
import {UniswapV2} from "../venues/UniswapV2.sol";
import {Path} from "./Path.sol";

interface IWrappedEther {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

/// @title PathFiller
/// @notice Trades the input of one fill along a path of Uniswap pools. Any number of hops, no router, no approval.
/// @dev All pools, hooks and tokens are the caller's choice and untrusted; the PoolManager and WETH are not. Each hop
///      sells exactly what the one before it brought, measured by balance, and nothing that lay here before: a gift to
///      this address changes no fill. P:[8] A pair is paid by whoever comes before it, and the last hop pays the vault.
///      This contract approves nobody and makes no call but those below, so nobody can hold rights over it; and nobody
///      can trade here while a path is under way. P:[13]
contract PathFiller is IPathFiller, IUnlockCallback, ReentrancyGuardTransient {
    using Path for bytes;
    using SafeCast for int256;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint160 private constant MIN_PRICE_LIMIT = 4_295_128_740;
    uint160 private constant MAX_PRICE_LIMIT = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;

    /// @dev keccak256("Unlocked") - 1, where the PoolManager says whether somebody has unlocked it.
    bytes32 private constant UNLOCKED_SLOT = 0xc090fc4683624cfc3884e9d8de5eca132f2d0ec062aff75d43c0465d5ceeab23;

    address private constant ETHER = address(0);

    IPoolManager public immutable manager;
    address public immutable weth;

    address private transient _expectedPool; // the only caller that the V3 callback pays
    IERC20 private transient _payToken;
    uint256 private transient _payCap; // {base units}

    constructor(IPoolManager poolManager_, address weth_) {
        manager = poolManager_;
        weth = weth_;
    }

    /// @notice Ether that is wrapped or sold at once.
    receive() external payable {
        require(msg.sender == weth || msg.sender == address(manager), UnexpectedCallback(msg.sender));
    }

    /* -------------------------------------------------- path ------------------------------------------------- */

    /// @inheritdoc IFiller
    function onFill(address tokenIn, uint256 amountIn, address tokenOut, uint256, bytes calldata data)
        external
        nonReentrant
    {
        address token = tokenIn;
        // Less when the token took a fee on its way here. P:[16]
        uint256 amount = _min(amountIn, _balance(tokenIn));
        if (data.venue(0) == Path.V2) IERC20(token).safeTransfer(data.target(0), amount);
        uint256 at;
        do {
            uint256 end = data.end(at);
            address next = _tokenOut(data, at, end);
            require(next != token, WrongPath(next));
            address to = _recipient(data, end);
            uint256 before = to == address(this) ? _balance(next) : 0;
            uint256 left = _hop(data[at:end], token, amount, next, to);
            if (left != 0) {
                require(token == tokenIn || token == tokenOut, LeftBehind(token, left));
                IERC20(token).safeTransfer(msg.sender, left);
            }
            if (to == address(this)) amount = _balance(next) - before;
            (token, at) = (next, end);
        } while (at < data.length);
        require(token == tokenOut, WrongPath(token));
    }

    /// @return left {base units of token} of `amount` that is still here
    function _hop(bytes calldata hops, address token, uint256 amount, address next, address to)
        private
        returns (uint256 left)
    {
        uint8 venue = hops.venue(0);
        if (venue == Path.V2) _swapV2(hops.target(0), token, next, to);
        else if (venue == Path.V3) left = _swapV3(hops.target(0), token, amount, next, to);
        else left = _swapV4(hops, token, amount, to);
    }

    /// @dev The vault gets what the last hop brings, a pair is paid before it is asked, and all others ask for their pay.
    function _recipient(bytes calldata data, uint256 end) private view returns (address) {
        if (end == data.length) return msg.sender;
        return data.venue(end) == Path.V2 ? data.target(end) : address(this);
    }

    function _tokenOut(bytes calldata data, uint256 at, uint256 end) private view returns (address token) {
        uint8 venue = data.venue(at);
        require(venue <= Path.V4_FROM_ETHER, UnknownVenue(venue));
        if (venue < Path.V4) return data.shortTokenOut(end);
        token = data.v4TokenOut(end - Path.V4_HOP);
        if (token == ETHER) token = weth;
    }

    /* --------------------------------------------------- V2 -------------------------------------------------- */

    /// @dev The pair was paid already; what arrived there is what it sells for, be it less or more than was sent.
    function _swapV2(address pair, address tokenIn, address tokenOut, address to) private {
        bool zeroForOne = tokenIn < tokenOut;
        (uint256 reserveIn, uint256 reserveOut,) = IUniswapV2Pair(pair).getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 arrived = IERC20(tokenIn).balanceOf(pair) - reserveIn;
        uint256 out = UniswapV2.amountOut(arrived, reserveIn, reserveOut);
        IUniswapV2Pair(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, to, "");
    }

    /* --------------------------------------------------- V3 -------------------------------------------------- */

    function _swapV3(address pool, address tokenIn, uint256 amount, address tokenOut, address to)
        private
        returns (uint256 left)
    {
        bool zeroForOne = tokenIn < tokenOut;
        _expectedPool = pool;
        _payToken = IERC20(tokenIn);
        _payCap = amount;
        // The price limit is open on purpose: the vault judges what came of the whole path.
        IUniswapV3Pool(pool).swap(to, zeroForOne, amount.toInt256(), _priceLimit(zeroForOne), "");
        _expectedPool = address(0); // P:[15]
        left = _payCap;
    }

    /// @notice Pays the pool that is being asked, up to what the hop may spend in total.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        require(msg.sender == _expectedPool, UnexpectedCallback(msg.sender)); // P:[15]
        int256 owed = amount0Delta > 0 ? amount0Delta : amount1Delta;
        if (owed <= 0) return;
        uint256 cap = _payCap;
        require(uint256(owed) <= cap, SpentTooMuch(uint256(owed), cap)); // P:[2]
        _payCap = cap - uint256(owed);
        _payToken.safeTransfer(msg.sender, uint256(owed));
    }

    /* --------------------------------------------------- V4 -------------------------------------------------- */

    /// @dev All V4 hops in a row are one visit to the manager: only their two ends are paid. Somebody may have unlocked
    ///      it already, a vault that trades with it in the same transaction for one.
    function _swapV4(bytes calldata hops, address token, uint256 amount, address to) private returns (uint256 left) {
        if (manager.exttload(UNLOCKED_SLOT) != 0) return _swapUnlocked(hops, token, amount, to);
        bytes memory answer = manager.unlock(bytes.concat(abi.encode(token, amount, to), hops));
        return abi.decode(answer, (uint256));
    }

    /// @inheritdoc IUnlockCallback
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        // The manager calls back nobody but who unlocked it, which here only `_swapV4` does.
        require(msg.sender == address(manager), UnexpectedCallback(msg.sender)); // P:[15]
        (address token, uint256 amount, address to) = abi.decode(data[:96], (address, uint256, address));
        return abi.encode(_swapUnlocked(data[96:], token, amount, to));
    }

    /// @dev Leaves no debt and no credit with the manager. A hook may change both sides of its swap.
    function _swapUnlocked(bytes calldata hops, address token, uint256 amount, address to)
        private
        returns (uint256 left)
    {
        address first = hops.venue(0) == Path.V4_FROM_ETHER ? ETHER : token;
        require(first == token || token == weth, WrongPath(token));
        address current = first;
        uint256 credit = amount;
        for (uint256 at; at < hops.length; at += Path.V4_HOP) {
            uint256 owed;
            uint256 got;
            (owed, got, token) = _swapInPool(hops, at, current, credit);
            require(owed <= credit, SpentTooMuch(owed, credit)); // P:[2] no hook can, as the manager is today
            if (at == 0) left = credit - owed;
            else require(owed == credit, LeftBehind(current, credit - owed));
            (current, credit) = (token, got);
        }
        _settle(first, amount - left);
        _take(current, credit, to);
    }

    function _swapInPool(bytes calldata hops, uint256 at, address tokenIn, uint256 amount)
        private
        returns (uint256 owed, uint256 got, address tokenOut)
    {
        (PoolKey memory key, bool zeroForOne) = hops.v4Key(at, tokenIn);
        int256 delta =
            manager.swap(key, SwapParams(zeroForOne, -amount.toInt256(), _priceLimit(zeroForOne)), "");
        (int256 delta0, int256 delta1) = (delta >> 128, int256(int128(delta)));
        (int256 deltaIn, int256 deltaOut) = zeroForOne ? (delta0, delta1) : (delta1, delta0);
        return ((-deltaIn).toUint256(), deltaOut.toUint256(), zeroForOne ? key.currency1 : key.currency0);
    }

    function _settle(address currency, uint256 amount) private {
        manager.sync(currency);
        if (currency == ETHER) {
            IWrappedEther(weth).withdraw(amount);
            manager.settle{value: amount}();
        } else {
            IERC20(currency).safeTransfer(address(manager), amount);
            manager.settle();
        }
    }

    function _take(address currency, uint256 amount, address to) private {
        if (currency != ETHER) return manager.take(currency, to, amount);
        manager.take(ETHER, address(this), amount);
        IWrappedEther(weth).deposit{value: amount}();
        if (to != address(this)) IERC20(weth).safeTransfer(to, amount);
    }

    /* ------------------------------------------------- helpers ----------------------------------------------- */

    function _priceLimit(bool zeroForOne) private pure returns (uint160) {
        return zeroForOne ? MIN_PRICE_LIMIT : MAX_PRICE_LIMIT;
    }

    function _balance(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
