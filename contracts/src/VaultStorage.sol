// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IWETH} from "./interfaces/External.sol";
import {IOracleHub} from "./interfaces/IOracleHub.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {IVault, State} from "./interfaces/IVault.sol";
import {Book} from "./libraries/Book.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";

/// @title VaultStorage
/// @notice What the two halves of a vault share: `Vault`, which trades and pays out, and `VaultExtension`, to which it
///         delegates everything else. Both lie behind one address and one storage.
/// @dev No half declares storage or transient storage of its own but VaultCore, which the extension never runs.
abstract contract VaultStorage is ReentrancyGuardTransient {
    using Rules for bytes;
    using SafeERC20 for IERC20;

    IOracleHub public immutable hub;
    IWETH public immutable weth;
    IRulebook public immutable rulebook;

    uint256 internal _hot; //             written by every slice: see Words
    uint256 internal _cold; //            written when an epoch opens or the rules change
    uint256 internal _stopWord; //        see Words.packStop
    uint256 internal _tipWord; //         paid on the day {USD E8} 96 | day 32
    address internal _movedOwner; //      valid when the hot word says so
    address internal _pendingOwner;
    address internal _guardian;
    uint40 internal _nextGuardianPauseAt; // {s}

    modifier onlyOwner() {
        _checkOwner(_hot);
        _;
    }

    /// @dev For the halves themselves, which are no vaults: the owner is nobody, and rules of a version above 0, which were
    ///      never stored, cannot be read.
    constructor(IWETH weth_, IRulebook rulebook_) {
        hub = rulebook_.hub();
        weth = weth_;
        rulebook = rulebook_;
        _cold = Words.nextVersion(0);
    }

    /* ------------------------------------------------- words ------------------------------------------------- */

    function _state() internal view returns (State memory) {
        return Words.unpackState(_hot, _cold);
    }

    function _setHot(State memory s) internal {
        _hot = Words.packHot(s);
    }

    function _rules() internal view returns (bytes memory) {
        return Rules.load(Words.versionOf(_cold));
    }

    /* ------------------------------------------------- owner ------------------------------------------------- */

    function _checkOwner(uint256 hot) internal view {
        require(msg.sender == _ownerOf(hot), IVault.NotOwner(msg.sender));
    }

    function _owner() internal view returns (address) {
        return _ownerOf(_hot);
    }

    /// @dev The first owner is written into the code of the clone: that costs less to make and to read than storage.
    function _ownerOf(uint256 hot) internal view returns (address account) {
        if (Words.ownerMoved(hot)) return _movedOwner;
        uint256 at = Rules.OWNER_AT;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            extcodecopy(address(), 0x0c, at, 0x14)
            account := mload(0x00)
        }
    }

    /// @notice The owner moved coins: a plan made before is void, and so is what a stop was measured against.
    function _onFlow(uint256 hot) internal {
        if (!Words.changesOnFlow(hot, block.timestamp)) return;
        State memory s = _state();
        _closeEpoch(s);
        s.referenceLive = false;
        _setHot(s);
    }

    /// @dev The caller writes the state back.
    function _closeEpoch(State memory s) internal {
        if (!RebalanceMath.isOpen(s, block.timestamp)) return;
        s.epochEnd = uint40(block.timestamp);
        emit IVault.EpochClosed(s.epoch, s.sequence);
    }

    /* ------------------------------------------------- tokens ------------------------------------------------ */

    function _balance(address token) internal view returns (uint256) {
        return Book.balanceOf(token, address(this));
    }

    /// @dev A balance that cannot be read must not stop an exit.
    function _tryBalance(address token) internal view returns (bool ok, uint256 held) {
        assembly ("memory-safe") {
            mstore(0x00, 0x70a08231) // balanceOf(address)
            mstore(0x20, address())
            ok := staticcall(gas(), token, 0x1c, 0x24, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            held := mul(ok, mload(0x00))
        }
    }

    /// @dev To the owner, the only recipient there is. A balance that cannot be read is reported as uint256 max.
    function _send(address token, uint256 amount) internal {
        require(amount == 0 || IERC20(token).trySafeTransfer(msg.sender, amount), IVault.TransferFailed(token));
        (bool ok, uint256 remaining) = _tryBalance(token);
        emit IVault.Withdrawn(token, amount, ok ? remaining : type(uint256).max);
    }

    /* -------------------------------------------------- lock ------------------------------------------------- */

    /// @dev A small slot keeps the code small: transient variables take 0 to 3, ordinary storage is another space.
    function _reentrancyGuardStorageSlot() internal pure override returns (bytes32) {
        return bytes32(uint256(0xff));
    }
}
