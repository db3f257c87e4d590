// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IBalancerVault, IPoolManager, IToken, ModifyLiquidityParams, PoolKey} from "./BenchExternal.sol";

/// @notice Benchmarks only: the liquidity provider on Uniswap V4 and Balancer V3. Pays from its inventory, any caller.
contract BenchSeeder {
    struct Range {
        int24 lower;
        int24 upper;
        uint128 liquidity;
    }

    function seedV4(IPoolManager manager, PoolKey calldata key, uint160 sqrtPriceX96, Range[] calldata ranges) external {
        manager.initialize(key, sqrtPriceX96);
        manager.unlock(abi.encode(key, ranges));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (PoolKey memory key, Range[] memory ranges) = abi.decode(data, (PoolKey, Range[]));
        int256 owed0;
        int256 owed1;
        for (uint256 i; i < ranges.length; ++i) {
            Range memory r = ranges[i];
            (int256 delta,) = IPoolManager(msg.sender).modifyLiquidity(
                key, ModifyLiquidityParams(r.lower, r.upper, int256(uint256(r.liquidity)), bytes32(0)), ""
            );
            owed0 -= int128(delta >> 128);
            owed1 -= int128(delta);
        }
        _settle(key.currency0, uint256(owed0));
        _settle(key.currency1, uint256(owed1));
        return "";
    }

    function _settle(address token, uint256 amount) private {
        IPoolManager(msg.sender).sync(token);
        IToken(token).transfer(msg.sender, amount);
        IPoolManager(msg.sender).settle();
    }

    function seedBalancer(IBalancerVault vault, address pool, address[] calldata tokens, uint256[] calldata amounts)
        external
    {
        vault.unlock(abi.encodeCall(this.onUnlocked, (pool, tokens, amounts)));
    }

    function onUnlocked(address pool, address[] calldata tokens, uint256[] calldata amounts) external {
        IBalancerVault vault = IBalancerVault(msg.sender);
        for (uint256 i; i < tokens.length; ++i) {
            IToken(tokens[i]).transfer(address(vault), amounts[i]);
            vault.settle(tokens[i], amounts[i]);
        }
        vault.initialize(pool, address(this), tokens, amounts, 0, "");
    }
}
