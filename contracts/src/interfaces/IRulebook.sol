// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IOracleHub} from "./IOracleHub.sol";
import {Asset, Due, Policy, Target} from "./IVault.sol";

/// @notice What an owner may ask of a vault, and what follows from it at the prices of the moment. Stateless and ownerless.
/// @dev `rules` is the blob of the library Rules; `hot`, `cold` and `stop` are the words of the library Words.
interface IRulebook {
    function hub() external view returns (IOracleHub);

    /* ------------------------------------------------- making ------------------------------------------------ */

    /// @notice Each checks the whole of the rules that it returns, and reverts with BadPolicy, BadTarget,
    ///         TargetsDoNotSumTo10000, TooManyKeepers or the hub's UnknownFeed.
    /// @param targets may be empty: such a vault holds coins and never trades until its owner sets targets
    function make(Policy calldata policy, address[] calldata keepers, Target[] calldata targets)
        external
        view
        returns (bytes memory rules);
    function withPolicy(Policy calldata policy, bytes calldata rules) external pure returns (bytes memory);
    function withTargets(bytes calldata rules, Target[] calldata targets) external view returns (bytes memory);
    /// @dev Adding who is there already, or removing who is not, changes nothing.
    function withKeeper(bytes calldata rules, address keeper, bool allowed) external pure returns (bytes memory);

    /* ------------------------------------------------ reading ------------------------------------------------ */

    function policyOf(bytes calldata rules) external pure returns (Policy memory);
    function assetsOf(bytes calldata rules) external view returns (Asset[] memory);
    function keepersOf(bytes calldata rules) external pure returns (address[] memory);

    /* ------------------------------------------------ judging ------------------------------------------------ */

    /// @notice What is due for the caller, whose balances are read.
    /// @return kind as IVault.due tells it
    /// @return reason as IVault.due tells it
    /// @return retryAt {s}
    /// @return navUsdE8 {USD E8} 0 when no price was asked for or one is missing
    /// @return book balances and prices, see the library Book; empty when no price was asked for
    function appraise(bytes calldata rules, uint256 hot, uint256 cold)
        external
        view
        returns (Due kind, bytes32 reason, uint40 retryAt, uint256 navUsdE8, uint256[] memory book);

    /// @notice Is a fill of the open epoch of the caller still possible? Reverts when a price is bad.
    function isFillable(bytes calldata rules, uint256 hot, uint256 cold) external view returns (bool);

    /// @notice What a look at the stops of the caller would change.
    /// @return act as IVault.stopDue tells it; 0 = nothing
    /// @return reached as IVault.stopDue tells it
    /// @return newHot {word} with what fires latched
    /// @return newStop {word}
    /// @return navUsdE8 {USD E8}
    /// @dev Reverts when a price is bad: a stop is armed, fired and disarmed by prices only.
    function judgeStop(bytes calldata rules, uint256 hot, uint256 cold, uint256 stop)
        external
        view
        returns (bytes32 act, uint32 reached, uint256 newHot, uint256 newStop, uint256 navUsdE8);
}
