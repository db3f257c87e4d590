// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "./IFiller.sol";

/// @notice Runs the calldata of any aggregator or router with the input of one fill.
/// @dev `data` of onFill, packed:
///          bytes 0 .. 20    target    what is called
///          bytes 20 .. 40   spender   what is approved for the input; 0 = nobody, `target` is paid before it is called
///          bytes 40 .. 64   salt      unused before by the same vault with the same calldata, e.g. epoch and sequence
///          bytes 64 ..      calldata  for `target`
///      The route should name the vault as its recipient; what it sends to its caller instead is passed on. Its caller
///      is a contract that did not exist before and whose address the route cannot know: orders signed for one taker
///      do not work. Nor do routes that pay in ether: they revert. A salt that was used before costs all the gas there
///      is: simulate first.
///      A vault may sell less than it was asked to. Calldata that pulls a fixed amount fails then; so it should ask for
///      less than the limit, or be paid beforehand and sell whatever came.
interface ITrampoline is IFiller {
    /// @notice The route sent ether to its caller.
    error EtherCameBack();
}
