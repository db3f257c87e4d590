// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IOracleHub, Price, PriceStatus} from "../interfaces/IOracleHub.sol";
import {Asset, IVault, Policy, Raw, State, Stop} from "../interfaces/IVault.sol";
import {Hint, IVaultLens, Position, Room, Trouble, VaultLine, VaultView} from "../interfaces/IVaultLens.sol";
import {RebalanceMath} from "../libraries/RebalanceMath.sol";
import {Rules} from "../libraries/Rules.sol";
import {Words} from "../libraries/Words.sol";
import {PoolViews} from "./PoolViews.sol";

/// @title VaultLens
/// @notice Batched views for keepers and dashboards. Holds nothing, can do nothing.
/// @dev A page is put together in memory as it is returned: the encoding of each vault goes from the call that read it
///      straight to its place. Memory is charged by its square, so no second copy of it may exist.
contract VaultLens is IVaultLens, PoolViews {
    using Rules for bytes;

    /// @dev Everything that the reading of one vault works on.
    struct Run {
        Raw raw;
        Policy policy;
        State state;
        Stop stop;
        Asset[] assets; //       with targets in force and stops
        uint256[] sides; //      by asset: see RebalanceMath.sideOf
        Price[] quotes;
        uint256[] prices; //     {USD E8} by asset; 0 = none
        PriceStatus status; //   of the first price that is not good
        bool complete; //        every price and every balance is there
    }

    /// @dev A token needs a few thousand; a greedy one must not eat what the others of its vault need.
    uint256 private constant BALANCE_GAS = 200_000;

    uint256 private constant RESERVE_GAS = 250_000;

    /// @dev {bytes} of the prices that one vault of a page hands on to the next: 64 of them, each a key and a price.
    uint256 private constant ENTRY = 64;
    uint256 private constant KNOWN_BYTES = 4_096;

    /* ------------------------------------------------- pages ------------------------------------------------- */

    /// @inheritdoc IVaultLens
    function page(address[] calldata vaults_, uint256 gasEach) external view returns (VaultLine[] memory) {
        _list(vaults_, gasEach, this.line.selector);
    }

    /// @inheritdoc IVaultLens
    function vaults(address[] calldata vaults_, uint256 gasEach) external view returns (VaultView[] memory) {
        _list(vaults_, gasEach, this.whole.selector);
    }

    /// @dev Ends the call with what `asking` answers for each of them.
    function _list(address[] calldata vaults_, uint256 gasEach, bytes4 asking) private view {
        bytes memory question = new bytes(0x84 + KNOWN_BYTES);
        uint256 known;
        uint256 out;
        uint256 end;
        assembly ("memory-safe") {
            out := mload(0x40) // from here on memory belongs to the answer alone
            mstore(out, 0x20)
            mstore(add(out, 0x20), vaults_.length)
            end := add(add(out, 0x40), shl(5, vaults_.length))
            mstore(add(question, 0x20), asking)
            mstore(add(question, 0x64), 0x60)
        }
        for (uint256 i; i < vaults_.length; ++i) {
            assembly ("memory-safe") {
                mstore(add(add(out, 0x40), shl(5, i)), sub(end, add(out, 0x40)))
            }
            uint256 left = gasleft();
            require(left >= RESERVE_GAS, PageTooLarge(i)); // a 64th of it must do for saying so
            Trouble trouble;
            (known, end, trouble) = _append(question, known, end, vaults_[i], gasEach, Trouble.None);
            if (trouble == Trouble.None) continue;
            require(gasEach <= left - left / 64, PageTooLarge(i)); // failed for want of our gas, maybe
            (, end,) = _append(question, known, end, vaults_[i], gasleft(), trouble);
        }
        assembly ("memory-safe") {
            return(out, sub(end, out))
        }
    }

    /// @dev Asks and puts the answer at `end`.
    /// @param known {bytes} of prices in the question
    /// @return knownAfter {bytes} of prices in the question
    /// @return endAfter where the next answer goes
    /// @return trouble None, or why there is no answer
    function _append(bytes memory question, uint256 known, uint256 end, address vault, uint256 gasEach, Trouble told)
        private
        view
        returns (uint256 knownAfter, uint256 endAfter, Trouble trouble)
    {
        bool ok;
        bool noVault;
        bytes4 notAVault = NotAVault.selector;
        assembly ("memory-safe") {
            let at := add(question, 0x20)
            mstore(add(at, 0x04), vault)
            mstore(add(at, 0x24), told)
            mstore(add(at, 0x64), known)
            ok := staticcall(gasEach, address(), at, add(0x84, known), 0, 0)
            let size := returndatasize()
            if iszero(ok) {
                mstore(0x00, 0)
                if eq(size, 4) { returndatacopy(0x00, 0x00, 0x04) }
                noVault := eq(shr(224, mload(0x00)), shr(224, notAVault))
            }
            knownAfter := known
            endAfter := end
            if ok {
                // The answer: 0x20, the view, the prices that are new, and the bytes that they take.
                returndatacopy(end, sub(size, 0x20), 0x20)
                let fresh := mload(end)
                let body := sub(size, add(0x40, fresh))
                if iszero(gt(add(known, fresh), KNOWN_BYTES)) {
                    returndatacopy(add(add(at, 0x84), known), add(0x20, body), fresh)
                    knownAfter := add(known, fresh)
                }
                returndatacopy(end, 0x20, body)
                endAfter := add(end, body)
            }
        }
        if (!ok) trouble = noVault ? Trouble.NotAVault : Trouble.Failed;
    }

    /// @notice One line of a page.
    /// @param trouble unless None, the line tells this and nothing else
    /// @param known prices: for each the hash of hub and packed config, and the price packed
    /// @dev More is returned than the signature tells: after the line the prices that `known` had not, as in `known`, and
    ///      how many bytes those take.
    function line(address vault, Trouble trouble, bytes calldata known) external view returns (VaultLine memory) {
        (VaultView memory v, bytes memory fresh) = _view(vault, trouble, known);
        _answer(abi.encode(v.line), fresh);
    }

    /// @notice Everything of one vault, as `line`.
    function whole(address vault, Trouble trouble, bytes calldata known) external view returns (VaultView memory) {
        (VaultView memory v, bytes memory fresh) = _view(vault, trouble, known);
        if (trouble == Trouble.None) v.assets = IVault(vault).assets();
        _answer(abi.encode(v), fresh);
    }

    function _answer(bytes memory encoded, bytes memory fresh) private pure {
        bytes memory answer = bytes.concat(encoded, fresh, abi.encode(fresh.length));
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    /* -------------------------------------------------- read ------------------------------------------------- */

    function _view(address vault, Trouble trouble, bytes calldata known)
        private
        view
        returns (VaultView memory whole_, bytes memory fresh)
    {
        VaultLine memory v = whole_.line;
        v.vault = vault;
        v.trouble = trouble;
        if (trouble != Trouble.None) return (whole_, fresh);

        Run memory run;
        run.raw = _raw(vault);
        run.policy = run.raw.rules.policy();
        run.state = Words.unpackState(run.raw.hot, run.raw.cold);
        run.stop = Words.unpackStop(run.raw.stop);
        run.assets = run.raw.rules.allWithStops();
        RebalanceMath.inForce(run.assets, run.state.stopped);

        whole_.policy = run.policy;
        whole_.stop = Words.unpackStop(run.raw.stop);
        v.owner = run.raw.owner;
        v.guardian = run.raw.guardian;
        v.guardianPauseAt = run.raw.nextGuardianPauseAt;
        v.keepers = run.raw.rules.keepers();
        v.state = run.state;
        (v.upSince, fresh) = _quote(run, known);
        v.navUsdE8 = _positions(vault, run, v);
        _due(run, v.navUsdE8, v.hint);
        _stopDue(run, v.navUsdE8, v.hint);
        _room(run, v);
    }

    function _raw(address vault) private view returns (Raw memory) {
        require(vault.code.length != 0, NotAVault());
        try IVault(vault).raw() returns (Raw memory raw) {
            return raw;
        } catch {
            revert NotAVault();
        }
    }

    /* ------------------------------------------------- prices ------------------------------------------------ */

    /// @dev Asks the hub for what is not known yet, if only for the time since when the sequencer is up.
    /// @return upSince {s}
    /// @return fresh what was asked for, as `line` returns it
    function _quote(Run memory run, bytes calldata known) private view returns (uint40 upSince, bytes memory fresh) {
        uint256 n = run.assets.length;
        bytes32[] memory keys = new bytes32[](n);
        run.quotes = new Price[](n);
        uint256 missing;
        for (uint256 i; i < n; ++i) {
            keys[i] = _keyOf(run.raw, i, n);
            uint256 entry = _find(known, keys[i]);
            if (entry == 0) missing |= 1 << i;
            else run.quotes[i] = Price(uint64(entry), uint40(entry >> 64), PriceStatus(uint8(entry >> 104)));
        }
        Price[] memory asked;
        (asked, upSince) = run.raw.hub.peekOf(run.raw.rules.feeds(missing));
        fresh = new bytes(asked.length * ENTRY);
        uint256 next;
        for (uint256 i; i < n; ++i) {
            if (missing >> i & 1 == 0) continue;
            Price memory quote = asked[next];
            run.quotes[i] = quote;
            bytes32 key = keys[i];
            // Never 0, as 0 is what is not found.
            uint256 entry = 1 << 112 | uint256(quote.status) << 104 | uint256(quote.updatedAt) << 64 | quote.usdE8;
            assembly ("memory-safe") {
                let at := add(add(fresh, 0x20), shl(6, next))
                mstore(at, key)
                mstore(add(at, 0x20), entry)
            }
            ++next;
        }
    }

    /// @dev A hub of their own cannot make up prices for others.
    function _keyOf(Raw memory raw, uint256 i, uint256 n) private pure returns (bytes32 key) {
        bytes memory rules = raw.rules;
        (uint256 from, uint256 size) = rules.feedAt(i, n);
        IOracleHub hub = raw.hub;
        assembly ("memory-safe") {
            mstore(0x00, hub)
            mstore(0x20, keccak256(add(add(rules, 0x20), from), size))
            key := keccak256(0x00, 0x40)
        }
    }

    /// @return entry 0 = not known
    function _find(bytes calldata known, bytes32 key) private pure returns (uint256 entry) {
        assembly ("memory-safe") {
            let end := add(known.offset, known.length)
            for { let at := known.offset } lt(at, end) { at := add(at, 64) } {
                if eq(calldataload(at), key) {
                    entry := calldataload(add(at, 0x20))
                    break
                }
            }
        }
    }

    /* ----------------------------------------------- positions ----------------------------------------------- */

    /// @return nav {USD E8} 0 while a price or balance is missing
    function _positions(address vault, Run memory run, VaultLine memory v) private view returns (uint256 nav) {
        uint256 n = run.assets.length;
        run.sides = new uint256[](n);
        run.prices = new uint256[](n);
        run.complete = true;
        v.positions = new Position[](n);
        for (uint256 i; i < n; ++i) {
            Position memory p = v.positions[i];
            Asset memory a = run.assets[i];
            p.token = a.token;
            p.decimals = a.decimals;
            p.targetBps = a.targetBps;
            p.bandBps = a.bandBps;
            p.price = run.quotes[i];
            (p.known, p.balance) = _balance(a.token, vault);
            p.valueUsdE8 = RebalanceMath.valueOf(p.balance, p.price.usdE8, 10 ** p.decimals);
            run.sides[i] = RebalanceMath.sideOf(p.valueUsdE8, p.targetBps, p.bandBps);
            run.prices[i] = p.price.usdE8;
            if (run.status == PriceStatus.Ok) run.status = p.price.status;
            if (!p.known) run.complete = false;
            nav += p.valueUsdE8;
        }
        if (run.status != PriceStatus.Ok) run.complete = false;
        if (!run.complete || nav == 0) return 0;
        for (uint256 i; i < n; ++i) {
            v.positions[i].weightBps = uint16(v.positions[i].valueUsdE8 * RebalanceMath.BPS / nav);
        }
    }

    /// @dev As Book.balanceOf, which reverts where this knows nothing.
    function _balance(address token, address vault) private view returns (bool known, uint256 held) {
        bytes4 asking = IERC20.balanceOf.selector;
        assembly ("memory-safe") {
            mstore(0x00, asking)
            mstore(0x04, vault)
            known := staticcall(BALANCE_GAS, token, 0x00, 0x24, 0x00, 0x20)
            known := and(known, gt(returndatasize(), 0x1f))
            known := and(known, iszero(shr(128, mload(0x00))))
            held := mul(known, mload(0x00))
        }
    }

    /* -------------------------------------------------- hints ------------------------------------------------ */

    /// @dev As Rulebook.appraise, where nothing is missing.
    function _due(Run memory run, uint256 nav, Hint memory hint) private view {
        (uint256 first,) = run.raw.rules.policyWords();
        (uint256 hot, uint256 cold) = (run.raw.hot, run.raw.cold);
        bool decided;
        (decided, hint.due, hint.reason, hint.retryAt) =
            RebalanceMath.dueBeforePrices(first, hot, run.assets.length, block.timestamp);
        if (decided) return;
        if (run.status != PriceStatus.Ok) {
            hint.reason = RebalanceMath.priceReason(run.status);
        } else if (!run.complete) {
            hint.reason = "BALANCE_UNREADABLE";
        } else {
            (hint.due, hint.reason, hint.retryAt) =
                RebalanceMath.dueFromValues(first, hot, cold, run.sides, nav, block.timestamp);
        }
    }

    /// @dev As Rulebook.judgeStop, where nothing is missing.
    function _stopDue(Run memory run, uint256 nav, Hint memory hint) private view {
        Policy memory p = run.policy;
        Stop memory ref = run.stop;
        if (ref.armed != 0) hint.stopRetryAt = uint40(ref.armedAt + p.confirmS);
        bool ofAll = p.stopLossBps != 0 || p.takeProfitBps != 0;
        if (!ofAll && run.raw.rules.flags() & Rules.HAS_STOPS == 0 && ref.armed == 0) return;
        if (!run.complete) return;

        State memory s = run.state;
        bool live = s.referenceLive;
        bool moved = ofAll && nav != 0 && RebalanceMath.raiseReference(s, ref, uint96(nav));
        hint.stopReached = RebalanceMath.stopsReached(p, s, ref, run.assets, run.prices, nav);
        (hint.stopAct,) = RebalanceMath.stepStop(ref, hint.stopReached, p.confirmS, block.timestamp);
        s.referenceLive = live;
        if (hint.stopAct == 0 && moved) hint.stopAct = "REFERENCE";
        if (s.pausedUntil > block.timestamp) hint.stopAct = 0;
    }

    /* -------------------------------------------------- room ------------------------------------------------- */

    function _room(Run memory run, VaultLine memory v) private view {
        Policy memory p = run.policy;
        State memory s = run.state;
        bool open = RebalanceMath.isOpen(s, block.timestamp);
        (uint256 first, uint256 second) = run.raw.rules.policyWords();
        bool anew = Words.isNavTooOld(second, run.raw.cold, block.timestamp);
        uint256 nav = open && !anew ? s.epochNavUsdE8 : v.navUsdE8;
        Room memory room = v.room;
        room.sliceCapUsdE8 = RebalanceMath.sliceCapUsdE8(p.maxSliceBps, nav);
        uint256 cap = RebalanceMath.lossCapUsdE8(p.lossBpsPerDay, nav);
        uint256 level =
            RebalanceMath.lossLevel(RebalanceMath.min(s.lossUsdE8, cap), cap, block.timestamp - s.lastSliceAt, 0);
        room.lossLeftUsdE8 = cap - level;
        uint256 today = block.timestamp / RebalanceMath.DAY_S;
        uint256 paid = run.raw.tip >> 96 == today ? uint96(run.raw.tip) : 0;
        // As much as is moved at all: so the caps are what is left.
        room.tipLeftUsdE8 = RebalanceMath.tipUsdE8(second, room.sliceCapUsdE8, paid);
        uint256 from = open ? RebalanceMath.max(s.epochStart, v.upSince) : block.timestamp;
        room.requiredPips = RebalanceMath.requiredPips(first, second, block.timestamp - from);
    }
}
