// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVault} from "../../src/interfaces/IVault.sol";
import {Nft} from "../mocks/Permits.sol";
import {Fixture} from "../utils/Fixture.sol";

contract WithdrawNftTest is Fixture {
    Nft private nft;

    function setUp() public override {
        super.setUp();
        nft = new Nft();
        nft.mint(address(vault), 7);
    }

    function out(address who, address collection, uint256 id) private {
        vm.prank(who);
        vault.withdrawNft(collection, id);
    }

    function test_withdrawNft_toTheOwner() public {
        driftAndBegin();
        out(OWNER, address(nft), 7);
        assertEq(nft.ownerOf(7), OWNER, "out");
        assertTrue(isOpen(), "no coin of the plan moved");
    }

    function test_P18_withdrawNft_worksWhilePausedAndWithDeadOracles() public {
        vm.prank(OWNER);
        vault.pause();
        wethFeed.set(0);
        out(OWNER, address(nft), 7);
        assertEq(nft.ownerOf(7), OWNER, "out");
    }

    function test_withdrawNft_refusesOthers() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, KEEPER));
        out(KEEPER, address(nft), 7);
    }

    function test_withdrawNft_refusesWhatIsNotHere() public {
        vm.expectRevert("not yours");
        out(OWNER, address(nft), 8);
        vm.expectRevert();
        out(OWNER, STRANGER, 8); // no code
    }

    /// An ERC-20 has a transferFrom of the same shape, and some ask their holder for no allowance.
    function test_withdrawNft_isNoSecondDoorForListedCoins() public {
        vm.expectRevert(abi.encodeWithSelector(IVault.TransferFailed.selector, address(weth)));
        out(OWNER, address(weth), 1e18);
    }
}
