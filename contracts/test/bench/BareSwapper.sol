// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {
    BalancerSwap, IBalancerVault, IPairV2, IPoolManager, IPoolV3, IToken, PoolKey, SwapParams
} from "./BenchExternal.sol";

uint160 constant MIN_LIMIT = 4_295_128_740;
uint160 constant MAX_LIMIT = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;

/// @notice Benchmarks only: the least that a contract which swaps its own coins can do and still be safe. One owner, the
///         caller's own minimum, a callback that pays nobody but the pool being called. No price, no policy, no limit.
///         One contract for each venue, so that none pays for the code of another.
abstract contract BareSwapper {
    address private immutable OWNER = msg.sender;

    error NotOwner();
    error NotThePool();
    error BelowMinOut();

    modifier onlyOwner() {
        require(msg.sender == OWNER, NotOwner());
        _;
    }
}

contract BareV2 is BareSwapper {
    function swap(address pair, address tokenIn, bool zeroForOne, uint256 amountIn, uint256 minOut)
        external
        onlyOwner
    {
        (uint256 reserveIn, uint256 reserveOut,) = IPairV2(pair).getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 out = amountIn * 997 * reserveOut / (reserveIn * 1000 + amountIn * 997);
        require(out >= minOut, BelowMinOut());
        IToken(tokenIn).transfer(pair, amountIn);
        IPairV2(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }
}

contract BareV3 is BareSwapper {
    struct SwapV3 {
        address pool;
        address tokenIn;
        bool zeroForOne;
        uint128 amountIn;
        uint128 minOut;
    }

    address private transient _pool;

    function swap(address pool, address tokenIn, bool zeroForOne, uint128 amountIn, uint128 minOut)
        external
        onlyOwner
    {
        _swapV3(pool, tokenIn, zeroForOne, amountIn, minOut);
    }

    function swapMany(SwapV3[] calldata swaps) external onlyOwner {
        for (uint256 i; i < swaps.length; ++i) {
            SwapV3 calldata s = swaps[i];
            _swapV3(s.pool, s.tokenIn, s.zeroForOne, s.amountIn, s.minOut);
        }
    }

    function _swapV3(address pool, address tokenIn, bool zeroForOne, uint128 amountIn, uint128 minOut) private {
        _pool = pool;
        (int256 amount0, int256 amount1) = IPoolV3(pool).swap(
            address(this),
            zeroForOne,
            int256(uint256(amountIn)),
            zeroForOne ? MIN_LIMIT : MAX_LIMIT,
            abi.encode(tokenIn)
        );
        require(uint256(-(zeroForOne ? amount1 : amount0)) >= minOut, BelowMinOut());
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external {
        require(msg.sender == _pool, NotThePool());
        IToken(abi.decode(data, (address))).transfer(msg.sender, uint256(amount0 > 0 ? amount0 : amount1));
    }
}

contract BareV4 is BareSwapper {
    struct SwapV4 {
        PoolKey key;
        bool zeroForOne;
        uint128 amountIn;
        uint128 minOut;
    }

    IPoolManager private immutable MANAGER;

    constructor(IPoolManager manager) {
        MANAGER = manager;
    }

    /// @dev Every swap is settled by itself, as V3 forces it to be.
    function swapMany(SwapV4[] calldata) external onlyOwner {
        MANAGER.unlock(msg.data[4:]);
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        require(msg.sender == address(MANAGER), NotThePool());
        SwapV4[] calldata swaps;
        assembly ("memory-safe") {
            swaps.length := calldataload(add(data.offset, 0x20))
            swaps.offset := add(data.offset, 0x40)
        }
        for (uint256 i; i < swaps.length; ++i) {
            _swapV4(swaps[i]);
        }
        return "";
    }

    function _swapV4(SwapV4 calldata s) private {
        int256 delta = MANAGER.swap(
            s.key, SwapParams(s.zeroForOne, -int256(uint256(s.amountIn)), s.zeroForOne ? MIN_LIMIT : MAX_LIMIT), ""
        );
        (int128 amount0, int128 amount1) = (int128(delta >> 128), int128(delta));
        (address tokenIn, address tokenOut) =
            s.zeroForOne ? (s.key.currency0, s.key.currency1) : (s.key.currency1, s.key.currency0);
        (uint256 paid, uint256 got) = s.zeroForOne
            ? (uint256(uint128(-amount0)), uint256(uint128(amount1)))
            : (uint256(uint128(-amount1)), uint256(uint128(amount0)));
        require(got >= s.minOut, BelowMinOut());
        MANAGER.sync(tokenIn);
        IToken(tokenIn).transfer(address(MANAGER), paid);
        MANAGER.settle();
        MANAGER.take(tokenOut, address(this), got);
    }
}

contract BareBalancer is BareSwapper {
    IBalancerVault private immutable BALANCER;

    constructor(IBalancerVault balancer) {
        BALANCER = balancer;
    }

    function swap(address pool, address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut)
        external
        onlyOwner
    {
        BALANCER.unlock(abi.encodeCall(this.onUnlocked, (pool, tokenIn, tokenOut, amountIn, minOut)));
    }

    function onUnlocked(address pool, address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut) external {
        require(msg.sender == address(BALANCER), NotThePool());
        (,, uint256 got) = BALANCER.swap(BalancerSwap(0, pool, tokenIn, tokenOut, amountIn, minOut, ""));
        IToken(tokenIn).transfer(address(BALANCER), amountIn);
        BALANCER.settle(tokenIn, amountIn);
        BALANCER.sendTo(tokenOut, address(this), got);
    }
}
