// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IBalancerVault, IWETH} from "./interfaces/External.sol";
import {IPoolManager} from "./interfaces/IUniswapV4.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {IVault} from "./interfaces/IVault.sol";
import {State} from "./interfaces/IVault.sol";
import {Words} from "./libraries/Words.sol";
import {VaultCore} from "./VaultCore.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title Vault
/// @notice The coins of one owner. The owner deposits, sets the rules and leaves whenever he likes; keepers may only
///         do what VaultCore lets them. There is no admin and no upgrade.
/// @dev Here is what trades and what pays out. Everything else, listed in IVault, lies in `extension`: code that is as
///      immutable as this, run by delegatecall, apart only so that each half stays small.
contract Vault is VaultCore {
    address public immutable extension;

    /// @dev The implementation belongs to itself: nobody can act for it.
    constructor(
        IWETH weth_,
        IRulebook rulebook_,
        IPoolManager poolManager,
        IBalancerVault balancer,
        address extension_
    ) VaultStorage(weth_, rulebook_) VaultCore(poolManager, balancer) {
        extension = extension_;
        State memory s;
        s.ownerMoved = true;
        _movedOwner = address(this);
        _hot = Words.packHot(s);
    }

    /// @notice See IVault. Reads no oracle, no policy, no pause. P:[4] P:[17] P:[18]
    function withdraw(address token, uint256 amount) external nonReentrant {
        uint256 hot = _hot;
        _checkOwner(hot);
        _onFlow(hot);
        if (amount == type(uint256).max) {
            bool ok;
            (ok, amount) = _tryBalance(token);
            require(ok, IVault.TransferFailed(token));
        }
        _send(token, amount);
    }

    /// @notice Plain ether becomes WETH. A stranger's gift does not disturb an open epoch. P:[8]
    receive() external payable nonReentrant {
        uint256 hot = _hot;
        if (msg.sender == _ownerOf(hot)) _onFlow(hot);
        uint256 amount = address(this).balance;
        weth.deposit{value: amount}();
        emit IVault.Deposited(address(weth), msg.sender, amount);
    }

    fallback() external payable {
        address to = extension;
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let ok := delegatecall(gas(), to, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(ok) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }
}
