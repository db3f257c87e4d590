// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "./IFiller.sol";

/// @notice Trades along a path of Uniswap V2, V3 and V4 pools.
/// @dev `data` of onFill is one hop after the other, packed:
///          V2   0x00   pair (20)       tokenOut (20)                                       41 bytes
///          V3   0x01   pool (20)       tokenOut (20)                                       41 bytes
///          V4   0x02   tokenOut (20)   fee (3)   tickSpacing (3)   hooks (20)              47 bytes
///               0x03   the same, but the WETH at hand is unwrapped and sold as ether
///      The tokenOut of a hop is the token that the next one sells; that of the last is the one the vault buys.
///      Zero stands for ether, which only a V4 hop may bring: the V4 hop after it sells it as ether, for everybody else
///      it becomes WETH.
interface IPathFiller is IFiller {
    /// @notice The path ends with another token than the vault buys, or a hop, or a row of V4 hops, has the same token
    ///         at both ends.
    error WrongPath(address token);
    error UnknownVenue(uint8 venue);
    error UnexpectedCallback(address caller);
    error SpentTooMuch(uint256 spent, uint256 allowed);
    /// @notice A hop took less of a token in between than the hop before had brought.
    error LeftBehind(address token, uint256 amount);
}
