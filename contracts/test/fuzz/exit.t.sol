// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Feed} from "../mocks/Feeds.sol";
import {RandomMarket} from "../utils/RandomMarket.sol";

contract ExitFuzz is RandomMarket {
    /// Leave with everything, from any state: epochs, slices, pause, dead feeds, a dead hub, any keeper.
    function testFuzz_P4_theOwnerAlwaysGetsEverything(uint256 entropy) public {
        seed(entropy);
        randomMarket();
        bool onlyHalf; // the other half of the vault is gone
        vm.prank(OWNER);
        vault.setGuardian(STRANGER);
        for (uint256 i; i < 8; ++i) {
            uint256 what = onlyHalf ? random(6, 7) : random(0, 12);
            vm.startPrank(KEEPER);
            if (what == 0) try vault.begin() {} catch {}
            if (what == 1) try vault.finish() {} catch {}
            if (what == 2) try vault.fill(slice(), many(rateFill(2, 0, 1e17, 9_950, 0))) {} catch {}
            vm.stopPrank();
            vm.startPrank(OWNER);
            if (what == 3) vault.pause();
            if (what == 4) vault.resume();
            if (what == 5) try vault.setKeeper(STRANGER, true) {} catch {} // the rulebook may be gone
            vm.stopPrank();
            if (what == 6) vm.warp(block.timestamp + random(0, 100 days));
            if (what == 7) wethFeed.setMode(Feed.Mode(random(1, 4)));
            if (what == 8) vm.etch(address(hub), "");
            if (what == 9) latch(random(1, 7));
            if (what == 10) {
                vm.prank(STRANGER);
                try vault.guardianPause(uint32(random(0, 7 days))) {} catch {}
            }
            if (what == 11) vm.etch(vault.rulebook(), hex"5f5ffd");
            if (what == 12) {
                vm.etch(vault.extension(), hex"5f5ffd");
                onlyHalf = true;
            }
        }
        uint256[3] memory had = [held(0), held(1), held(2)];
        if (!onlyHalf && random(0, 1) == 0) {
            vm.prank(OWNER);
            vault.withdrawAll(new address[](0));
        }
        for (uint8 i; i < 3; ++i) {
            vm.prank(OWNER);
            vault.withdraw(address(tokenOf(i)), type(uint256).max);
            assertEq(tokenOf(i).balanceOf(OWNER), had[i], "out");
            assertEq(held(i), 0, "empty");
        }
    }

    /// @dev Sets what a stop would set, and a live reference: see Words.
    function latch(uint256 stopped) private {
        uint256 hot = uint256(vm.load(address(vault), 0));
        vm.store(address(vault), 0, bytes32(hot | stopped << 216 | 1 << 248));
    }

    /// Only the owner, ever.
    function testFuzz_P18_nobodyElseGetsAnything(address who, uint256 amount) public {
        vm.assume(who != OWNER && who != address(0));
        vm.startPrank(who);
        (bool ok,) = address(vault).call(abi.encodeWithSignature("withdraw(address,uint256)", usdc, amount));
        assertTrue(!ok, "withdraw");
        (ok,) = address(vault).call(abi.encodeWithSignature("withdrawAll(address[])", new address[](0)));
        assertTrue(!ok, "withdrawAll");
        (ok,) = address(vault).call(abi.encodeWithSignature("pause()"));
        assertTrue(!ok, "pause");
        (ok,) = address(vault).call(abi.encodeWithSignature("setKeeper(address,bool)", who, true));
        assertTrue(!ok, "setKeeper");
        vm.stopPrank();
        assertEq(held(0), 40_000e6, "USDC");
    }
}
