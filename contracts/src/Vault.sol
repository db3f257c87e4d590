// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IWETH} from "./interfaces/External.sol";
import {IOracleHub} from "./interfaces/IOracleHub.sol";
import {Asset, IVault, Policy, State, Target} from "./interfaces/IVault.sol";
import {Rulebook} from "./Rulebook.sol";
import {Rules} from "./libraries/Rules.sol";
import {VaultCore} from "./VaultCore.sol";

/// @title Vault
/// @notice The coins of one owner. The owner deposits, sets the rules and leaves whenever he likes; keepers may only
///         do what VaultCore lets them. There is no admin and no upgrade.
contract Vault is VaultCore {
    using Rules for bytes;
    using SafeERC20 for IERC20;

    address public immutable factory;
    IWETH public immutable weth;
    Rulebook public immutable rulebook;

    address private _owner;
    mapping(address account => bool) private _keepers;

    modifier onlyOwner() {
        require(msg.sender == _owner, NotOwner(msg.sender));
        _;
    }

    /* ------------------------------------------------- setup ------------------------------------------------- */

    /// @dev The implementation owns itself: it can never be initialised, and nobody can act for it.
    constructor(IOracleHub hub_, IWETH weth_, Rulebook rulebook_) VaultCore(hub_) {
        factory = msg.sender;
        weth = weth_;
        rulebook = rulebook_;
        _owner = address(this);
    }

    /// @notice Called once, by the factory, in the transaction that made the clone.
    /// @param rules as the rulebook checked and packed them: a policy word and the records of the assets, which may be
    ///        none; then nothing is traded until the owner sets targets
    function initialise(address owner_, address keeper, bytes calldata rules) external {
        require(msg.sender == factory, NotOwner(msg.sender));
        require(_owner == address(0), AlreadyInitialised());
        _owner = owner_;
        emit OwnerSet(owner_);
        State memory s = _state();
        s.epochEnd = uint40(block.timestamp); // the schedule counts from here
        _setHot(s);
        _setRules(rules);
        _tellPolicy(rules);
        _tellTargets(rules);
        if (keeper != address(0)) _setKeeper(keeper, true);
    }

    /// @notice Plain ether becomes WETH. A stranger's gift does not disturb an open epoch. P:[8]
    receive() external payable nonReentrant {
        if (msg.sender == address(weth)) return;
        if (msg.sender == _owner) _closeEpoch();
        _wrap();
    }

    /* ------------------------------------------------ deposits ----------------------------------------------- */

    /// @inheritdoc IVault
    /// @dev Only listed tokens, so that nothing is sent here by mistake. What a token kept as its fee did not arrive.
    function deposit(address token, uint256 amount) external nonReentrant onlyOwner {
        require(amount != 0, NothingToDeposit());
        require(_rules().contains(token), UnknownToken(token));
        _closeEpoch();
        uint256 before = _balance(token);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        emit Deposited(token, msg.sender, _balance(token) - before); // P:[16]
    }

    /// @inheritdoc IVault
    function depositEth() external payable nonReentrant onlyOwner {
        require(msg.value != 0, NothingToDeposit());
        require(_rules().contains(address(weth)), UnknownToken(address(weth)));
        _closeEpoch();
        _wrap();
    }

    /// @dev The whole balance, so that ether forced in without a call is not lost either.
    function _wrap() private {
        uint256 amount = address(this).balance;
        weth.deposit{value: amount}();
        emit Deposited(address(weth), msg.sender, amount);
    }

    /* --------------------------------------------------- exit ------------------------------------------------ */

    /// @inheritdoc IVault
    /// @dev Reads no oracle, no policy, no pause. P:[4] P:[17] P:[18]
    function withdraw(address token, uint256 amount) external nonReentrant onlyOwner {
        _closeEpoch();
        if (amount == type(uint256).max) {
            bool ok;
            (ok, amount) = _tryBalance(token);
            require(ok, TransferFailed(token));
        }
        _send(token, amount);
    }

    /// @inheritdoc IVault
    /// @dev A token whose balance or transfer fails stops the call and is named, to be put on the skip list. P:[17]
    function withdrawAll(address[] calldata skip) external nonReentrant onlyOwner {
        _closeEpoch();
        bytes memory rules = _rules();
        uint256 n = rules.count();
        for (uint256 i; i < n; ++i) {
            address token = rules.get(i).token;
            if (_isIn(skip, token)) continue;
            (bool ok, uint256 amount) = _tryBalance(token);
            require(ok, TransferFailed(token));
            if (amount != 0) _send(token, amount);
        }
    }

    /// @dev To the owner, the only recipient there is. A balance that cannot be read is reported as uint256 max.
    function _send(address token, uint256 amount) private {
        require(amount == 0 || IERC20(token).trySafeTransfer(msg.sender, amount), TransferFailed(token));
        (bool ok, uint256 remaining) = _tryBalance(token);
        emit Withdrawn(token, amount, ok ? remaining : type(uint256).max);
    }

    function _tryBalance(address token) private view returns (bool ok, uint256 balance) {
        bytes memory answer;
        (ok, answer) = token.staticcall(abi.encodeCall(IERC20.balanceOf, (address(this))));
        ok = ok && answer.length >= 32;
        if (ok) balance = abi.decode(answer, (uint256));
    }

    function _isIn(address[] calldata list, address token) private pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == token) return true;
        }
        return false;
    }

    /* ------------------------------------------------- rules ------------------------------------------------- */

    /// @inheritdoc IVault
    function setPolicy(Policy calldata policy_) external nonReentrant onlyOwner {
        _closeEpoch();
        bytes memory rules = _rules();
        rules.setPolicyWord(rulebook.wordOf(policy_));
        _setRules(rules);
        _tellPolicy(rules);
    }

    /// @inheritdoc IVault
    function setTargets(Target[] calldata targets) external nonReentrant onlyOwner {
        _closeEpoch();
        bytes memory rules = abi.encodePacked(_rules().policyWord(), rulebook.recordsOf(targets, hub));
        _setRules(rules);
        _tellTargets(rules);
    }

    /// @inheritdoc IVault
    function setKeeper(address keeper, bool allowed) external nonReentrant onlyOwner {
        _setKeeper(keeper, allowed);
    }

    /// @inheritdoc IVault
    function pause() external nonReentrant onlyOwner {
        _setPausedUntil(type(uint40).max);
    }

    /// @inheritdoc IVault
    function resume() external nonReentrant onlyOwner {
        _setPausedUntil(0);
    }

    function _tellPolicy(bytes memory rules) private {
        _emit(PolicySet.selector, _ask(abi.encodeCall(Rulebook.policyOf, (rules))));
    }

    function _tellTargets(bytes memory rules) private {
        _emit(TargetsSet.selector, _ask(abi.encodeCall(Rulebook.assetsOf, (rules))));
    }

    /// @dev The rulebook's answer is the event's data already.
    function _emit(bytes32 topic, bytes memory data) private {
        assembly ("memory-safe") {
            log1(add(data, 0x20), mload(data), topic)
        }
    }

    function _ask(bytes memory question) private view returns (bytes memory answer) {
        bool ok;
        (ok, answer) = address(rulebook).staticcall(question);
        assert(ok); // it only unpacks what it packed itself
    }

    function _setKeeper(address keeper, bool allowed) private {
        _keepers[keeper] = allowed;
        emit KeeperSet(keeper, allowed);
    }

    function _setPausedUntil(uint40 until) private {
        State memory s = _state();
        if (until != 0) _closeEpoch(s);
        s.pausedUntil = until;
        _setHot(s);
        emit PausedUntil(until);
    }

    /* ------------------------------------------------- views ------------------------------------------------- */

    /// @inheritdoc IVault
    function policy() external view returns (Policy memory) {
        _return(_ask(abi.encodeCall(Rulebook.policyOf, (_rules()))));
    }

    /// @inheritdoc IVault
    function assets() external view returns (Asset[] memory) {
        _return(_ask(abi.encodeCall(Rulebook.assetsOf, (_rules()))));
    }

    /// @dev The rulebook's answer is the view's answer already.
    function _return(bytes memory data) private pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    /// @inheritdoc IVault
    function owner() external view returns (address) {
        return _owner;
    }

    /// @inheritdoc IVault
    function isKeeper(address account) external view returns (bool) {
        return _keepers[account];
    }

    /// @dev Keepers first: they call most, and the owner's slot is not read then.
    function _isOperator(address account) internal view override returns (bool) {
        return _keepers[account] || account == _owner;
    }
}
