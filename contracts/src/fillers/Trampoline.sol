// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {IFiller} from "../interfaces/IFiller.sol";
import {ITrampoline} from "../interfaces/ITrampoline.sol";

/// @title Trampoline
/// @notice Runs arbitrary calldata with the input of one fill, from an address that exists for that fill only.
/// @dev Whoever makes arbitrary calls can be made to grant anything: allowances, operators, relayers. So this contract
///      makes none. Each fill gets an Executor of its own, at an address that
///      - nobody but the same caller can create, since the caller is part of what the address is made of, and
///      - nobody can create twice, since CREATE2 refuses an address that was used before.
///      Rights that were granted from that address during the fill concern nothing but this fill's input; rights
///      granted afterwards do not exist, because it has no code left to act with.
///      This contract has no state, no lock, and holds nothing while foreign code runs. What somebody leaves here
///      belongs to whoever calls first.
contract Trampoline is ITrampoline {
    using SafeERC20 for IERC20;

    /// @inheritdoc IFiller
    /// @dev No more than the fill's input moves, so that gifts to this address change no fill. P:[2] P:[8] Less when the
    ///      token took a fee on its way here. P:[16]
    function onFill(address tokenIn, uint256 amountIn, address tokenOut, uint256, bytes calldata data) external {
        bytes memory code = abi.encodePacked(
            type(Executor).creationCode,
            abi.encode(
                msg.sender, tokenIn, tokenOut, address(bytes20(data[:20])), address(bytes20(data[20:40])), data[64:]
            )
        );
        bytes32 salt = bytes24(data[40:64]);
        address executor = Create2.computeAddress(salt, keccak256(code));
        uint256 arrived = IERC20(tokenIn).balanceOf(address(this));
        IERC20(tokenIn).safeTransfer(executor, arrived < amountIn ? arrived : amountIn);
        Create2.deploy(0, salt, code); // P:[13] passes on the revert of whatever is called
    }
}

/// @title Executor
/// @notice Does its one errand while it is being created and leaves no code behind.
contract Executor {
    using SafeERC20 for IERC20;

    /// @param vault gets all that is here in the end of both tokens
    constructor(
        address vault,
        IERC20 tokenIn,
        IERC20 tokenOut,
        address target,
        address spender,
        bytes memory callData
    ) {
        uint256 etherBefore = address(this).balance; // anybody may have sent some to this address before
        uint256 amount = tokenIn.balanceOf(address(this));
        if (spender == address(0)) tokenIn.safeTransfer(target, amount);
        else tokenIn.forceApprove(spender, amount);
        _call(target, callData);
        require(address(this).balance <= etherBefore, ITrampoline.EtherCameBack());
        _sweep(tokenOut, vault);
        _sweep(tokenIn, vault);
        assembly {
            return(0, 0) // no code; the allowance, if any is left, is one of an address that will never hold anything
        }
    }

    /// @dev What is returned is not even copied: it could be large, and it would not be believed.
    function _call(address target, bytes memory callData) private {
        assembly ("memory-safe") {
            if iszero(call(gas(), target, 0, add(callData, 0x20), mload(callData), 0, 0)) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    function _sweep(IERC20 token, address to) private {
        uint256 left = token.balanceOf(address(this));
        if (left != 0) token.safeTransfer(to, left);
    }
}
