// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IBalancerVault} from "../../src/interfaces/External.sol";
import {IPoolManager, PoolKey} from "../../src/interfaces/IUniswapV4.sol";

interface IManagerForMakers is IPoolManager {
    struct Change {
        int24 lower;
        int24 upper;
        int256 liquidity;
        bytes32 salt;
    }

    function initialize(PoolKey calldata key, uint160 sqrtPriceX96) external returns (int24 tick);
    function modifyLiquidity(PoolKey calldata key, Change calldata change, bytes calldata hookData)
        external
        returns (int256 delta, int256 fees);
}

interface IBalancerForMakers is IBalancerVault {
    function initialize(
        address pool,
        address to,
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256 minBptOut,
        bytes calldata userData
    ) external returns (uint256 bptOut);
}

/// @notice The liquidity provider on Uniswap V4 and Balancer V3. Pays anybody from its inventory: for tests only.
contract PoolMaker {
    struct Range {
        int24 lower;
        int24 upper;
        uint128 liquidity;
    }

    function seedV4(IManagerForMakers manager, PoolKey calldata key, uint160 sqrtPriceX96, Range[] calldata ranges)
        external
    {
        manager.initialize(key, sqrtPriceX96);
        if (ranges.length != 0) manager.unlock(abi.encode(key, ranges));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (PoolKey memory key, Range[] memory ranges) = abi.decode(data, (PoolKey, Range[]));
        IManagerForMakers manager = IManagerForMakers(msg.sender);
        (uint256 owed0, uint256 owed1) = (0, 0);
        for (uint256 i; i < ranges.length; ++i) {
            Range memory r = ranges[i];
            (int256 delta,) = manager.modifyLiquidity(
                key, IManagerForMakers.Change(r.lower, r.upper, int256(uint256(r.liquidity)), 0), ""
            );
            owed0 += uint256(-(delta >> 128));
            owed1 += uint256(-int256(int128(delta)));
        }
        _settle(manager, key.currency0, owed0);
        _settle(manager, key.currency1, owed1);
        return "";
    }

    function _settle(IManagerForMakers manager, address currency, uint256 amount) private {
        manager.sync(currency);
        if (currency == address(0)) {
            manager.settle{value: amount}();
        } else {
            IERC20(currency).transfer(address(manager), amount);
            manager.settle();
        }
    }

    receive() external payable {}

    /// @param tokens in the order of the pool
    function seedBalancer(IBalancerVault vault, address pool, address[] calldata tokens, uint256[] calldata amounts)
        external
    {
        vault.unlock(abi.encodeCall(this.onBalancer, (pool, tokens, amounts)));
    }

    function onBalancer(address pool, address[] calldata tokens, uint256[] calldata amounts) external {
        IBalancerForMakers vault = IBalancerForMakers(msg.sender);
        for (uint256 i; i < tokens.length; ++i) {
            IERC20(tokens[i]).transfer(msg.sender, amounts[i]);
            vault.settle(tokens[i], amounts[i]);
        }
        vault.initialize(pool, address(this), tokens, amounts, 0, "");
    }
}
