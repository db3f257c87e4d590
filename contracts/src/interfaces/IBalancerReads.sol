// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

// What is read of Balancer V3, with plain types in place of Balancer's own.

struct BalancerTokenInfo {
    uint8 tokenType;
    address rateProvider;
    bool paysYieldFees;
}

struct BalancerPoolData {
    bytes32 poolConfigBits;
    address[] tokens;
    BalancerTokenInfo[] tokenInfo;
    uint256[] balancesRaw;
    uint256[] balancesLiveScaled18;
    uint256[] tokenRates;
    uint256[] decimalScalingFactors;
}

struct LiquidityManagement {
    bool disableUnbalancedLiquidity;
    bool enableAddLiquidityCustom;
    bool enableRemoveLiquidityCustom;
    bool enableDonation;
}

struct PoolConfig {
    LiquidityManagement liquidityManagement;
    uint256 staticSwapFeePercentage;
    uint256 aggregateSwapFeePercentage;
    uint256 aggregateYieldFeePercentage;
    uint40 tokenDecimalDiffs;
    uint32 pauseWindowEndTime;
    bool isPoolRegistered;
    bool isPoolInitialized;
    bool isPoolPaused;
    bool isPoolInRecoveryMode;
}

struct HooksConfig {
    bool enableHookAdjustedAmounts;
    bool shouldCallBeforeInitialize;
    bool shouldCallAfterInitialize;
    bool shouldCallComputeDynamicSwapFee;
    bool shouldCallBeforeSwap;
    bool shouldCallAfterSwap;
    bool shouldCallBeforeAddLiquidity;
    bool shouldCallAfterAddLiquidity;
    bool shouldCallBeforeRemoveLiquidity;
    bool shouldCallAfterRemoveLiquidity;
    address hooksContract;
}

interface IBalancerReads {
    function isVaultPaused() external view returns (bool);
    function isPoolRegistered(address pool) external view returns (bool);
    function isPoolInitialized(address pool) external view returns (bool);
    function isPoolPaused(address pool) external view returns (bool);
    function getHooksConfig(address pool) external view returns (HooksConfig memory);
    function getPoolConfig(address pool) external view returns (PoolConfig memory);
    function getPoolData(address pool) external view returns (BalancerPoolData memory);
}

interface IBalancerPool {
    /// @notice Of weighted pools.
    function getNormalizedWeights() external view returns (uint256[] memory weightsE18);
    /// @notice Of stable pools.
    function getAmplificationParameter() external view returns (uint256 value, bool isUpdating, uint256 precision);
}
