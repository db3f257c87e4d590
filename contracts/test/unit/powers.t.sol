// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault, Policy, Power} from "../../src/interfaces/IVault.sol";
import {Fixture} from "../utils/Fixture.sol";

/// powers(): everything that anybody can do to a vault, and nothing that is not told.
contract PowersTest is Fixture {
    address private constant GUARDIAN = address(0x6A4D);
    address private constant HEIR = address(0x4E1);

    function everyRole(bool open) private returns (Power[] memory) {
        Policy memory p = defaultPolicy();
        (p.open, p.premiumBps, p.relaxS) = (open, 10, 600);
        setPolicy(p);
        vm.prank(OWNER);
        vault.setKeeper(STRANGER, true);
        vm.prank(OWNER);
        vault.setGuardian(GUARDIAN);
        vm.prank(OWNER);
        vault.transferOwnership(HEIR);
        return vault.powers();
    }

    function has(Power memory p, bytes4 selector) private pure returns (bool) {
        for (uint256 i; i < p.functions.length; ++i) {
            if (p.functions[i] == selector) return true;
        }
        return false;
    }

    function test_powers_tellEveryHolder() public {
        Power[] memory p = vault.powers();
        assertEq(p.length, 3, "owner, anyone, one keeper");
        p = everyRole(false);
        assertEq(p.length, 6, "with a second keeper, a guardian and an heir");
        bytes32[6] memory roles = [bytes32("OWNER"), "ANYONE", "KEEPER", "KEEPER", "GUARDIAN", "PENDING_OWNER"];
        address[6] memory holders = [OWNER, address(0), KEEPER, STRANGER, GUARDIAN, HEIR];
        for (uint256 i; i < 6; ++i) {
            assertEq(p[i].role, roles[i], "role");
            assertEq(p[i].holder, holders[i], "holder");
        }
    }

    function test_powers_openExecutionIsTold() public {
        Power[] memory p = everyRole(false);
        assertTrue(!has(p[1], IVault.begin.selector) && !has(p[1], IVault.fill.selector), "closed");
        p = everyRole(true);
        assertTrue(
            has(p[1], IVault.begin.selector) && has(p[1], IVault.fill.selector)
                && has(p[1], IVault.beginAndFill.selector),
            "open"
        );
    }

    /// Who may call what, written down once more by hand.
    function rolesOf(bytes4 selector) private pure returns (bytes memory roles) {
        if (selector == IVault.guardianPause.selector) return "G";
        if (selector == IVault.acceptOwnership.selector) return "P";
        if (selector == IVault.checkStop.selector) return "A";
        if (selector == IVault.finish.selector) return "OAK";
        if (
            selector == IVault.begin.selector || selector == IVault.fill.selector
                || selector == IVault.beginAndFill.selector
        ) return "OK";
        return "O";
    }

    /// Every function of the code that changes anything is told, with the right holders, but for those that only serve
    /// the factory, a pool, the pool manager or Balancer in the middle of a call.
    function test_powers_areComplete() public {
        Power[] memory p = everyRole(false);
        uint256 told = checkArtifact(p, "contracts/out/Vault.sol/Vault.json")
            + checkArtifact(p, "contracts/out/VaultExtension.sol/VaultExtension.json");
        assertEq(told, 21, "functions");
        for (uint256 i; i < p.length; ++i) {
            for (uint256 j; j < p[i].functions.length; ++j) {
                for (uint256 k; k < j; ++k) {
                    assertTrue(p[i].functions[j] != p[i].functions[k], "twice");
                }
            }
        }
    }

    function checkArtifact(Power[] memory p, string memory path) private view returns (uint256 told) {
        string memory json = vm.readFile(path);
        string[] memory signatures = vm.parseJsonKeys(json, ".methodIdentifiers");
        for (uint256 i; vm.keyExistsJson(json, entry(i, "type")); ++i) {
            if (!same(vm.parseJsonString(json, entry(i, "type")), "function")) continue;
            string memory mutability = vm.parseJsonString(json, entry(i, "stateMutability"));
            if (same(mutability, "view") || same(mutability, "pure")) continue;
            string memory name = vm.parseJsonString(json, entry(i, "name"));
            bytes4 selector = selectorOf(signatures, name);
            if (isCallback(selector)) {
                for (uint256 j; j < p.length; ++j) {
                    assertTrue(!has(p[j], selector), name);
                }
                continue;
            }
            ++told;
            bytes memory roles = rolesOf(selector);
            for (uint256 j; j < p.length; ++j) {
                assertTrue(has(p[j], selector) == contains(roles, bytes1(p[j].role)), name);
            }
        }
    }

    function isCallback(bytes4 selector) private view returns (bool) {
        return selector == vault.uniswapV3SwapCallback.selector || selector == vault.unlockCallback.selector
            || selector == vault.balancerCallback.selector;
    }

    function entry(uint256 i, string memory member) private pure returns (string memory) {
        return string.concat(".abi[", vm.toString(i), "].", member);
    }

    function same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function contains(bytes memory letters, bytes1 letter) private pure returns (bool) {
        for (uint256 i; i < letters.length; ++i) {
            if (letters[i] == letter) return true;
        }
        return false;
    }

    /// @dev No name is used twice.
    function selectorOf(string[] memory signatures, string memory name) private pure returns (bytes4 selector) {
        bytes memory n = bytes(name);
        for (uint256 i; i < signatures.length; ++i) {
            bytes memory s = bytes(signatures[i]);
            if (s.length <= n.length || s[n.length] != "(") continue;
            bytes memory head = new bytes(n.length);
            for (uint256 j; j < n.length; ++j) {
                head[j] = s[j];
            }
            if (keccak256(head) != keccak256(n)) continue;
            assertTrue(selector == 0, "a name is used twice");
            selector = bytes4(keccak256(s));
        }
        assertTrue(selector != 0, name);
    }

    function test_P15_callbacks_serveNobodyOutsideTheirMoment() public {
        everyRole(true);
        address[7] memory callers = [OWNER, KEEPER, STRANGER, GUARDIAN, HEIR, address(factory), address(pool)];
        for (uint256 i; i < callers.length; ++i) {
            refused(callers[i], abi.encodeCall(vault.uniswapV3SwapCallback, (1, 0, "")));
            refused(callers[i], abi.encodeCall(vault.uniswapV3SwapCallback, (0, 0, "")));
            refused(callers[i], abi.encodeCall(vault.unlockCallback, (new bytes(500))));
            refused(callers[i], abi.encodeCall(vault.balancerCallback, (address(pool), address(weth))));
        }
    }

    function refused(address caller, bytes memory data) private {
        vm.prank(caller);
        (bool ok,) = address(vault).call(data);
        assertTrue(!ok, "refused");
    }
}
