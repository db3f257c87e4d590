// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDevPair, IDevPool, IERC20Min} from "./External.sol";

/// @notice Devnet only: the liquidity providers in one account. Seeds many positions per transaction and can take a
///         share of them away again. Pays from its inventory.
contract PoolSeeder {
    struct Range {
        int24 lower;
        int24 upper;
        uint128 liquidity;
    }

    address public immutable operator;
    address private transient _expected;

    error NotOperator(address caller);
    error UnexpectedCallback(address caller);

    constructor() {
        operator = msg.sender;
    }

    modifier onlyOperator() {
        require(msg.sender == operator, NotOperator(msg.sender));
        _;
    }

    function seedV3(address pool, uint160 sqrtPriceX96, Range[] calldata ranges) external onlyOperator {
        IDevPool(pool).initialize(sqrtPriceX96);
        _expected = pool;
        for (uint256 i = 0; i < ranges.length; ++i) {
            IDevPool(pool).mint(address(this), ranges[i].lower, ranges[i].upper, ranges[i].liquidity, "");
        }
        _expected = address(0);
    }

    function seedV2(address pair, uint256 amount0, uint256 amount1) external onlyOperator {
        IERC20Min(IDevPair(pair).token0()).transfer(pair, amount0);
        IERC20Min(IDevPair(pair).token1()).transfer(pair, amount1);
        IDevPair(pair).mint(address(this));
    }

    /// @param keepBps {bps} share of every position that stays; the price does not move
    function drainV3(address pool, Range[] calldata ranges, uint256 keepBps) external onlyOperator {
        for (uint256 i = 0; i < ranges.length; ++i) {
            (int24 lower, int24 upper) = (ranges[i].lower, ranges[i].upper);
            (uint128 held,,,,) = IDevPool(pool).positions(keccak256(abi.encodePacked(address(this), lower, upper)));
            IDevPool(pool).burn(lower, upper, uint128(held - uint256(held) * keepBps / 10_000));
        }
    }

    function drainV2(address pair, uint256 keepBps) external onlyOperator {
        uint256 held = IDevPair(pair).balanceOf(address(this));
        IDevPair(pair).transfer(pair, held - held * keepBps / 10_000);
        IDevPair(pair).burn(address(this));
    }

    function uniswapV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        require(msg.sender == _expected, UnexpectedCallback(msg.sender));
        if (amount0 > 0) IERC20Min(IDevPool(msg.sender).token0()).transfer(msg.sender, amount0);
        if (amount1 > 0) IERC20Min(IDevPool(msg.sender).token1()).transfer(msg.sender, amount1);
    }
}
