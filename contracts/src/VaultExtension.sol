// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IContractPermit, IWETH} from "./interfaces/External.sol";
import {IRulebook} from "./interfaces/IRulebook.sol";
import {Asset, Due, IVault, Policy, Power, Raw, State, Stop, Target} from "./interfaces/IVault.sol";
import {RebalanceMath} from "./libraries/RebalanceMath.sol";
import {Rules} from "./libraries/Rules.sol";
import {Words} from "./libraries/Words.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title VaultExtension
/// @notice What a vault does besides trading and paying out one token: deposits, rules, stops, pauses, ownership, views.
///         Every vault runs this code, which nobody can change, by delegatecall.
/// @dev Coins leave from here to the owner only. Deployed by the factory, once for all vaults.
contract VaultExtension is VaultStorage {
    using Rules for bytes;
    using SafeERC20 for IERC20;

    uint256 private constant MAX_GUARDIAN_PAUSE_S = 7 days;
    uint256 private constant GUARDIAN_WAIT = 4; // {1} a guardian may pause a quarter of the time

    address public immutable factory;

    constructor(IWETH weth_, IRulebook rulebook_, address factory_) VaultStorage(weth_, rulebook_) {
        factory = factory_;
    }

    /* ------------------------------------------------ deposits ----------------------------------------------- */

    /// @notice See IVault.
    function deposit(address token, uint256 amount) external nonReentrant onlyOwner {
        _checkListed(token);
        _deposit(token, amount);
    }

    /// @notice See IVault.
    /// @dev What the permit answers is not asked: the transfer tells whether there is an allowance.
    function depositWithPermit(address token, uint256 amount, uint256 deadline, bytes calldata signature)
        external
        nonReentrant
        onlyOwner
    {
        _checkListed(token);
        bytes memory call_;
        if (signature.length == 65) {
            (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature), bytes32(signature[32:]), uint8(signature[64]));
            call_ = abi.encodeCall(IERC20Permit.permit, (msg.sender, address(this), amount, deadline, v, r, s));
        } else {
            call_ = abi.encodeCall(IContractPermit.permit, (msg.sender, address(this), amount, deadline, signature));
        }
        assembly ("memory-safe") {
            pop(call(gas(), token, 0, add(call_, 0x20), mload(call_), 0, 0))
        }
        _deposit(token, amount);
    }

    /// @notice See IVault.
    function depositEth() external payable nonReentrant onlyOwner {
        require(msg.value != 0, IVault.NothingToDeposit());
        _checkListed(address(weth));
        _onFlow(_hot); // P:[10]
        uint256 amount = address(this).balance; // so that ether forced in without a call is not lost either
        weth.deposit{value: amount}();
        emit IVault.Deposited(address(weth), msg.sender, amount);
    }

    /// @dev Only what the vault knows, so that nothing is sent here by mistake.
    function _checkListed(address token) private view {
        require(_rules().contains(token), IVault.UnknownToken(token));
    }

    /// @dev What a token kept as its fee did not arrive.
    function _deposit(address token, uint256 amount) private {
        require(amount != 0, IVault.NothingToDeposit());
        _onFlow(_hot); // P:[10]
        uint256 before = _balance(token);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        emit IVault.Deposited(token, msg.sender, _balance(token) - before); // P:[16]
    }

    /* --------------------------------------------------- exit ------------------------------------------------ */

    /// @notice See IVault.
    /// @dev Reads no oracle and no pause. A token whose balance or transfer fails stops the call and is named, to be put on
    ///      the skip list. P:[4] P:[17] P:[18]
    function withdrawAll(address[] calldata skip) external nonReentrant onlyOwner {
        _onFlow(_hot);
        bytes memory rules = _rules();
        uint256 n = rules.count();
        for (uint256 i; i < n; ++i) {
            address token = rules.get(i).token;
            if (_isIn(skip, token)) continue;
            (bool ok, uint256 amount) = _tryBalance(token);
            require(ok, IVault.TransferFailed(token));
            if (amount != 0) _send(token, amount);
        }
    }

    function _isIn(address[] calldata list, address token) private pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == token) return true;
        }
        return false;
    }

    /// @notice See IVault.
    /// @dev An ERC-20 has the same transferFrom: a listed one must leave by `withdraw`, which tells what left.
    function withdrawNft(address collection, uint256 id) external nonReentrant onlyOwner {
        require(!_rules().contains(collection), IVault.TransferFailed(collection));
        IERC721(collection).transferFrom(address(this), msg.sender, id);
    }

    /* ------------------------------------------------- rules ------------------------------------------------- */

    /// @notice See IVault.
    /// @dev Other terms of the portfolio's stop are measured from now on, not from what was looked at under the old ones.
    function setPolicy(Policy calldata policy_) external nonReentrant onlyOwner {
        bytes memory before = _rules();
        bytes memory rules = rulebook.withPolicy(policy_, before);
        State memory s = _state();
        _closeEpoch(s);
        if (rules.portfolioStop() != before.portfolioStop()) s.referenceLive = false; // P:[7]
        _setHot(s);
        _setRules(rules);
        _tellPolicy(rules);
    }

    /// @notice See IVault.
    function setTargets(Target[] calldata targets) external nonReentrant onlyOwner {
        State memory s = _state();
        require(s.stopped == 0, IVault.StopIsLatched(s.stopped)); // P:[7] the bits would mean other assets
        bytes memory rules = rulebook.withTargets(_rules(), targets);
        _closeEpoch(s);
        s.referenceLive = false;
        _setHot(s);
        _stopWord = 0;
        _setRules(rules);
        _tellTargets(rules);
    }

    /// @notice See IVault.
    function setKeeper(address keeper, bool allowed) external nonReentrant onlyOwner {
        bytes memory rules = _rules();
        if (rules.isKeeper(keeper) != allowed) _setRules(rulebook.withKeeper(rules, keeper, allowed));
        emit IVault.KeeperSet(keeper, allowed);
    }

    function _setRules(bytes memory rules) private {
        rules.store();
        _cold = Words.nextVersion(_cold);
    }

    function _tellPolicy(bytes memory rules) private {
        _emit(IVault.PolicySet.selector, _ask(abi.encodeCall(IRulebook.policyOf, (rules))));
    }

    function _tellTargets(bytes memory rules) private {
        _emit(IVault.TargetsSet.selector, _ask(abi.encodeCall(IRulebook.assetsOf, (rules))));
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

    /* ----------------------------------------------- ownership ----------------------------------------------- */

    /// @notice See IVault.
    function transferOwnership(address newOwner) external nonReentrant onlyOwner {
        _pendingOwner = newOwner;
        emit IVault.PendingOwnerSet(newOwner);
    }

    /// @notice See IVault.
    function acceptOwnership() external nonReentrant {
        require(msg.sender == _pendingOwner, IVault.NotPendingOwner(msg.sender));
        _pendingOwner = address(0);
        _movedOwner = msg.sender;
        State memory s = _state();
        s.ownerMoved = true;
        _setHot(s);
        emit IVault.OwnerSet(msg.sender);
    }

    /* ------------------------------------------------- pauses ------------------------------------------------ */

    /// @notice See IVault.
    function pause() external nonReentrant onlyOwner {
        State memory s = _state();
        _closeEpoch(s);
        _pauseUntil(s, type(uint32).max);
    }

    /// @notice See IVault.
    function resume() external nonReentrant onlyOwner {
        _pauseUntil(_state(), 0);
    }

    function _pauseUntil(State memory s, uint40 until) private {
        s.pausedUntil = until;
        _setHot(s);
        emit IVault.PausedUntil(until);
    }

    /// @notice See IVault.
    function setGuardian(address account) external nonReentrant onlyOwner {
        _guardian = account; // who waits for his next pause hands the waiting on
        emit IVault.GuardianSet(account);
    }

    /// @notice See IVault.
    /// @dev Leaves an open epoch open: else one second of pause could end each of them. P:[18]
    function guardianPause(uint32 seconds_) external nonReentrant {
        require(msg.sender == _guardian, IVault.NotGuardian(msg.sender));
        require(seconds_ <= MAX_GUARDIAN_PAUSE_S, IVault.PauseTooLong(seconds_, MAX_GUARDIAN_PAUSE_S)); // P:[18]
        require(block.timestamp >= _nextGuardianPauseAt, IVault.PauseTooSoon(_nextGuardianPauseAt)); // P:[18]
        _nextGuardianPauseAt = uint40(block.timestamp + GUARDIAN_WAIT * seconds_);
        State memory s = _state();
        _pauseUntil(s, uint40(RebalanceMath.max(s.pausedUntil, block.timestamp + seconds_)));
    }

    /* ------------------------------------------------- epochs ------------------------------------------------ */

    /// @notice See IVault.
    function finish() external nonReentrant {
        State memory s = _state();
        require(RebalanceMath.isOpen(s, block.timestamp), IVault.NoOpenEpoch());
        bytes memory rules = _rules();
        if (!rules.isKeeper(msg.sender) && msg.sender != _owner()) {
            require(!rulebook.isFillable(rules, _hot, _cold), IVault.NotKeeper(msg.sender)); // P:[21]
        }
        _closeEpoch(s);
        _setHot(s);
    }

    /* ------------------------------------------------- stops ------------------------------------------------- */

    /// @notice See IVault.
    function checkStop() external nonReentrant {
        State memory s = _state();
        require(s.pausedUntil <= block.timestamp, IVault.Paused(s.pausedUntil)); // P:[18]
        bytes memory rules = _rules();
        (bytes32 act,, uint256 newHot, uint256 newStop, uint256 nav) = rulebook.judgeStop(rules, _hot, _cold, _stopWord);
        require(act != 0, IVault.NothingToStop());

        uint32 before = s.stopped;
        s = Words.unpackState(newHot, _cold);
        uint32 fired = s.stopped & ~before;
        if (fired != 0) {
            emit IVault.StopFired(fired, nav); // P:[7]
            _closeEpoch(s);
        }
        Stop memory ref = Words.unpackStop(newStop);
        if (act != "REFERENCE" && (ref.armed != 0 || fired == 0)) {
            emit IVault.StopArmed(ref.armed, _confirmAt(ref, rules));
        }
        _setHot(s);
        _stopWord = newStop;
    }

    /// @return {s} 0 = nothing is armed
    function _confirmAt(Stop memory ref, bytes memory rules) private pure returns (uint40) {
        if (ref.armed == 0) return 0;
        return uint40(ref.armedAt + rules.confirmS());
    }

    /// @notice See IVault.
    function resetStop() external nonReentrant onlyOwner {
        State memory s = _state();
        require(s.stopped != 0 || s.referenceLive || _stop().armed != 0, IVault.NothingToStop());
        _closeEpoch(s);
        s.stopped = 0;
        s.referenceLive = false;
        _setHot(s);
        _stopWord = 0;
        emit IVault.StopReset();
    }

    function _stop() private view returns (Stop memory) {
        return Words.unpackStop(_stopWord);
    }

    /* ------------------------------------------------- views ------------------------------------------------- */

    /// @notice See IVault.
    function owner() external view returns (address) {
        return _owner();
    }

    /// @notice See IVault.
    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    /// @notice See IVault.
    function guardian() external view returns (address account, uint40 nextPauseAt) {
        return (_guardian, _nextGuardianPauseAt);
    }

    /// @notice See IVault.
    function isKeeper(address account) external view returns (bool) {
        return _rules().isKeeper(account);
    }

    /// @notice See IVault.
    function keepers() external view returns (address[] memory) {
        return _rules().keepers();
    }

    /// @notice See IVault.
    function policy() external view returns (Policy memory) {
        _return(_ask(abi.encodeCall(IRulebook.policyOf, (_rules()))));
    }

    /// @notice See IVault.
    function assets() external view returns (Asset[] memory) {
        _return(_ask(abi.encodeCall(IRulebook.assetsOf, (_rules()))));
    }

    /// @dev The rulebook's answer is the view's answer already.
    function _return(bytes memory data) private pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    /// @notice See IVault.
    function state() external view returns (State memory) {
        return _state();
    }

    /// @notice See IVault.
    function stop() external view returns (Stop memory) {
        return _stop();
    }

    /// @notice See IVault.
    function tips() external view returns (uint256 dayUsdE8, uint256 day) {
        return (uint96(_tipWord), _tipWord >> 96);
    }

    /// @notice See IVault.
    /// @dev Reverts while a fill is under way: balances are half-way then. P:[14]
    function due() external view nonReentrantView returns (Due kind, bytes32 reason, uint40 retryAt) {
        (kind, reason, retryAt,,) = rulebook.appraise(_rules(), _hot, _cold);
    }

    /// @notice See IVault.
    /// @dev As `due`. P:[14]
    function stopDue() external view nonReentrantView returns (uint32 reached, bytes32 act, uint40 retryAt) {
        bytes memory rules = _rules();
        (act, reached,,,) = rulebook.judgeStop(rules, _hot, _cold, _stopWord);
        if (_state().pausedUntil > block.timestamp) act = 0;
        retryAt = _confirmAt(_stop(), rules);
    }

    /// @notice See IVault.
    /// @dev As `due`. P:[14]
    function raw() external view nonReentrantView returns (Raw memory) {
        return Raw(hub, _owner(), _guardian, _nextGuardianPauseAt, _hot, _cold, _stopWord, _tipWord, _rules());
    }

    /* ------------------------------------------------- powers ------------------------------------------------ */

    /// @notice See IVault.
    function powers() external view returns (Power[] memory list) {
        bytes memory rules = _rules();
        uint256 n = rules.keeperCount();
        list = new Power[](4 + n);
        bytes memory trading = abi.encodePacked(
            IVault.begin.selector, IVault.fill.selector, IVault.beginAndFill.selector, IVault.finish.selector
        );
        list[0] = _power("OWNER", _owner(), abi.encodePacked(_ownersOwn(), trading));
        list[1] = _power(
            "ANYONE",
            address(0),
            rules.policy().open
                ? abi.encodePacked(IVault.checkStop.selector, trading)
                : abi.encodePacked(IVault.checkStop.selector, IVault.finish.selector)
        );
        for (uint256 i; i < n; ++i) {
            list[2 + i] = _power("KEEPER", rules.keeperAt(i), trading);
        }
        n += 2;
        if (_guardian != address(0)) {
            list[n++] = _power("GUARDIAN", _guardian, abi.encodePacked(IVault.guardianPause.selector));
        }
        if (_pendingOwner != address(0)) {
            list[n++] = _power("PENDING_OWNER", _pendingOwner, abi.encodePacked(IVault.acceptOwnership.selector));
        }
        assembly ("memory-safe") {
            mstore(list, n) // no more than there was room for
        }
    }

    function _ownersOwn() private pure returns (bytes memory) {
        return abi.encodePacked(
            abi.encodePacked(
                IVault.deposit.selector,
                IVault.depositWithPermit.selector,
                IVault.depositEth.selector,
                IVault.withdraw.selector,
                IVault.withdrawAll.selector,
                IVault.withdrawNft.selector,
                IVault.setPolicy.selector
            ),
            IVault.setTargets.selector,
            IVault.setKeeper.selector,
            IVault.setGuardian.selector,
            IVault.pause.selector,
            IVault.resume.selector,
            IVault.resetStop.selector,
            IVault.transferOwnership.selector
        );
    }

    /// @param selectors 4 bytes each
    function _power(bytes32 role, address holder, bytes memory selectors) private pure returns (Power memory p) {
        p.role = role;
        p.holder = holder;
        p.functions = new bytes4[](selectors.length / 4);
        for (uint256 i; i < p.functions.length; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(selectors, 0x20), shl(2, i)))
            }
            p.functions[i] = bytes4(word);
        }
    }
}
