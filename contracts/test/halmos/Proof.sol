// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {FeedConfig} from "../../src/interfaces/IOracleHub.sol";
import {Fill, IVault, Slice} from "../../src/interfaces/IVault.sol";
import {FeedConfigs} from "../../src/libraries/FeedConfigs.sol";
import {Rules} from "../../src/libraries/Rules.sol";
import {Words} from "../../src/libraries/Words.sol";
import {Fixture} from "../utils/Fixture.sol";

/// @notice The cheatcodes of halmos: values that stand for every value at once.
interface Svm {
    function createUint(uint256 bits, string calldata name) external returns (uint256);
    function createUint256(string calldata name) external returns (uint256);
    function createBytes32(string calldata name) external returns (bytes32);
    function createBytes(uint256 length, string calldata name) external returns (bytes memory);
    function createAddress(string calldata name) external returns (address);
    function createBool(string calldata name) external returns (bool);
    function createCalldata(string calldata contractName) external returns (bytes memory);
    function enableSymbolicStorage(address account) external;
}

/// @notice What the proofs share. A proof is a function `check_...`: it holds when no `assert` in it can fail, whatever
///         the symbolic values are. A revert ends a path without a word, so that proofs make the calls they judge by
///         `call`, and every proof has a witness beside it (`witness_...`): a claim that must be refuted, or the proof
///         would hold only because nothing is ever reached.
abstract contract Proof is Fixture {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    // Where the vault's two words of state lie, and how much of the second one is the version of the rules (Words).
    bytes32 private constant HOT = bytes32(uint256(0));
    bytes32 private constant COLD = bytes32(uint256(1));
    bytes32 internal constant MOVED_OWNER = bytes32(uint256(4));
    uint256 private constant VERSION_BYTES = 9;
    uint256 private constant EPOCH_BYTES = 4;
    uint256 private constant STOPPED_FROM = 1; // byte of the first word
    uint256 private constant SLOTS = 8; // at least as many as the vault has

    /// @dev The hub keeps a feed at the address that follows from the feed. Since halmos would put it elsewhere, see below,
    ///      it is put there by hand, as the hub itself writes it, and registering finds it registered.
    function register(FeedConfig memory c) internal override returns (bytes32 id) {
        id = keccak256(abi.encode(c));
        address at = SSTORE2.predictDeterministicAddress(id, address(hub));
        vm.etch(at, bytes.concat(hex"00", FeedConfigs.pack(c)));
        assert(hub.register(c) == id);
    }

    /// @dev As after one change of the rules that left them what they were: they lie in a code of their own. By hand, since
    ///      halmos numbers the accounts that are created, and the vault looks where its nonce says. The first ones are
    ///      taken out of the vault's code, so that nothing can be read there.
    function theRulesWereChanged() internal {
        bytes memory clone = address(vault).code;
        uint256 at = Rules.RULES_AT;
        bytes memory rules = new bytes(clone.length - at);
        assembly ("memory-safe") {
            mcopy(add(rules, 0x20), add(add(clone, 0x20), at), mload(rules))
            mstore(clone, at)
        }
        vm.etch(LibRLP.computeAddress(address(vault), 1), bytes.concat(hex"00", rules)); // as SSTORE2 writes them
        vm.etch(address(vault), clone);
        vm.store(address(vault), COLD, bytes32(Words.nextVersion(uint256(vm.load(address(vault), COLD)))));
    }

    /// @dev Any second that a chain may have until the year 36812; larger ones do not fit the vault's uint40.
    function anyTime() internal {
        vm.warp(svm.createUint(40, "now"));
    }

    /// @dev Everything that the vault stores, whatever put it there: owner, rules, epoch, pause, a full loss bucket.
    ///      `enableSymbolicStorage` alone would leave what the fixture has written as it is.
    function anyStorage() internal {
        svm.enableSymbolicStorage(address(vault));
        for (uint256 i; i < SLOTS; ++i) {
            vm.store(address(vault), bytes32(i), svm.createBytes32("stored"));
        }
    }

    /// @dev The state of a vault whose rules are the fixture's: any epoch, open or not, any value, any pause, any loss.
    ///      Nothing is stopped, as these rules have no stops.
    function anyState() internal {
        _anyWords(VERSION_BYTES);
    }

    /// @dev The same, but the value that the epoch began with is the fixture's: what is computed from it would be more
    ///      than a solver can do. The number of the epoch is the last of the second word.
    function anyStateOfThisValue() internal {
        _anyWords(32 - EPOCH_BYTES);
    }

    function _anyWords(uint256 keptBytes) private {
        bytes memory cold = bytes.concat(vm.load(address(vault), COLD));
        bytes memory any = svm.createBytes(32, "cold");
        for (uint256 i = keptBytes; i < 32; ++i) {
            cold[i] = any[i];
        }
        bytes memory hot = svm.createBytes(32, "hot");
        for (uint256 i = STOPPED_FROM; i < STOPPED_FROM + 4; ++i) {
            hot[i] = 0;
        }
        vm.store(address(vault), HOT, bytes32(hot));
        vm.store(address(vault), COLD, bytes32(cold));
    }

    /// @dev Nothing that the vault knows answers any more; every call to it burns all its gas.
    function everybodyElseIsGone() internal {
        vm.etch(rulebook, hex"fe");
        vm.etch(address(hub), hex"fe");
        vm.etch(address(usdcFeed), hex"fe");
        vm.etch(address(wbtcFeed), hex"fe");
        vm.etch(address(wethFeed), hex"fe");
        vm.etch(address(factory), hex"fe");
    }

    /// @dev Also the half of the vault that is not asked to pay out one token.
    function theExtensionIsGone() internal {
        vm.etch(vault.extension(), hex"fe");
    }

    function callVault(address sender, bytes memory data) internal returns (bool ok) {
        vm.prank(sender);
        (ok,) = address(vault).call(data);
    }

    /// @dev With an ether if the call takes one: what is empty is received, and else it is depositEth.
    function callVaultWithEther(address sender, bytes memory data) internal returns (bool ok) {
        if (data.length != 0 && bytes4(data) != IVault.depositEth.selector) return callVault(sender, data);
        vm.deal(sender, 1 ether);
        vm.prank(sender);
        (ok,) = address(vault).call{value: 1 ether}(data);
    }

    // Every function that changes anything and does not trade, callbacks and the receipt of ether included, with whatever
    // numbers and addresses; lists, policy, targets, collection and rules are the fixture's. In parts, for the solver.

    function aCallThatMovesCoins(uint8 which) internal returns (bytes memory) {
        uint256 amount = svm.createUint256("amount");
        if (which == 0) return abi.encodeCall(IVault.deposit, (address(usdc), amount));
        if (which == 1) return abi.encodeCall(IVault.depositEth, ());
        if (which == 2) return abi.encodeCall(IVault.withdraw, (address(usdc), amount));
        if (which == 3) return abi.encodeCall(IVault.withdrawAll, (new address[](0)));
        if (which == 4) return abi.encodeCall(IVault.withdrawNft, (address(pool), amount));
        if (which == 5) return abi.encodeCall(IVault.depositWithPermit, (address(usdc), amount, amount, new bytes(65)));
        if (which == 6) return abi.encodeCall(vault.uniswapV3SwapCallback, (int256(amount), int256(amount), ""));
        if (which == 7) return abi.encodeCall(vault.balancerCallback, (svm.createAddress("pool"), address(usdc)));
        if (which == 8) return abi.encodeCall(vault.unlockCallback, (""));
        return ""; // receive
    }

    function aCallThatChangesRules(uint8 which) internal returns (bytes memory) {
        if (which == 0) return abi.encodeCall(IVault.setPolicy, (defaultPolicy()));
        if (which == 1) return abi.encodeCall(IVault.setTargets, (defaultTargets()));
        if (which == 2) return abi.encodeCall(IVault.setKeeper, (STRANGER, true));
        return abi.encodeCall(IVault.setKeeper, (KEEPER, false));
    }

    function aCallThatChangesPowers(uint8 which) internal returns (bytes memory) {
        if (which == 0) return abi.encodeCall(IVault.pause, ());
        if (which == 1) return abi.encodeCall(IVault.resume, ());
        if (which == 2) return abi.encodeCall(IVault.setGuardian, (svm.createAddress("guardian")));
        if (which == 3) return abi.encodeCall(IVault.guardianPause, (uint32(svm.createUint(32, "seconds"))));
        if (which == 4) return abi.encodeCall(IVault.resetStop, ());
        if (which == 5) return abi.encodeCall(IVault.transferOwnership, (svm.createAddress("heir")));
        return abi.encodeCall(IVault.acceptOwnership, ());
    }

    function aCallThatJudges(uint8 which) internal pure returns (bytes memory) {
        if (which == 0) return abi.encodeCall(IVault.checkStop, ());
        return abi.encodeCall(IVault.finish, ());
    }

    /// @dev One fill, as its slice.
    function fillCall(Slice memory slice_, Fill memory f) internal pure returns (bytes memory) {
        return abi.encodeCall(IVault.fill, (slice_, many(f)));
    }

    function anySlice() internal returns (Slice memory) {
        return Slice(
            uint32(svm.createUint(32, "epoch")),
            uint32(svm.createUint(32, "sequence")),
            uint40(svm.createUint(40, "deadline")),
            svm.createBool("last")
        );
    }
}
