// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PoolKey, SwapParams} from "../../src/interfaces/IUniswapV4.sol";
import {Call, Puppet} from "./Strangers.sol";

/// @notice A hook of a Uniswap V4 pool whose every move was told beforehand. Lies at an address that asks for calls
///         before and after swaps, and for a say in what they cost.
contract PuppetHook is Puppet {
    /// @dev BEFORE_SWAP | AFTER_SWAP | BEFORE_SWAP_RETURNS_DELTA | AFTER_SWAP_RETURNS_DELTA
    address public constant AT = 0x40000000000000000000000000000000000000CC;

    Call[] private _before;
    Call[] private _after;
    int256 private _beforeDelta; // specified in the upper half, unspecified in the lower
    int128 private _afterDelta; //  unspecified

    function tell(Call[] calldata before_, Call[] calldata after_) external {
        delete _before;
        delete _after;
        for (uint256 i; i < before_.length; ++i) {
            _before.push(before_[i]);
        }
        for (uint256 i; i < after_.length; ++i) {
            _after.push(after_[i]);
        }
    }

    /// @param specified {base units of the sold token} the hook takes of the input; negative: it gives
    /// @param unspecified {base units of the bought token} the hook takes of the output; negative: it gives
    function charge(int128 specified, int128 unspecified, int128 afterwards) external {
        _beforeDelta = (int256(specified) << 128) | int256(uint256(uint128(unspecified)));
        _afterDelta = afterwards;
    }

    function beforeSwap(address, PoolKey calldata, SwapParams calldata, bytes calldata)
        external
        returns (bytes4, int256, uint24)
    {
        _run(_before);
        return (this.beforeSwap.selector, _beforeDelta, 0);
    }

    function afterSwap(address, PoolKey calldata, SwapParams calldata, int256, bytes calldata)
        external
        returns (bytes4, int128)
    {
        _run(_after);
        return (this.afterSwap.selector, _afterDelta);
    }

    receive() external payable {}
}
