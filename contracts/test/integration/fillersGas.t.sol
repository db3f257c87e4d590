// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {Fill, IVault, Venue} from "../../src/interfaces/IVault.sol";
import {RealUniswapV4} from "../utils/RealUniswapV4.sol";

interface VmGas {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
}

interface IV3Router {
    struct ExactInputSingleParams {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 deadline;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }

    function exactInputSingle(ExactInputSingleParams calldata params) external returns (uint256);
}

/// @notice What a fill through the trampoline costs beside the same router called by a person who approved it long ago.
contract FillersGasTest is RealUniswapV4 {
    address private constant PERSON = address(0x9E7);

    IV3Router private router;
    address private trampoline;
    address private pathFiller;

    event Gas(string what, uint256 gas);
    IUniswapV3Pool private pool3;

    function setUp() public override {
        super.setUp();
        string memory text = vm.readFile(".cache/vendor/artifacts/SwapRouter.json");
        bytes memory code = abi.encodePacked(
            vm.parseBytes(vm.parseJsonString(text, ".bytecode")), abi.encode(v3Factory, address(weth))
        );
        address made;
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        router = IV3Router(made);
        trampoline = deploy("Trampoline", "");
        pathFiller = deploy("PathFiller", abi.encode(manager, weth));
        drift();
        pool3 = makePool(WETH, USDC, 500, 50_000_000e8);
        weth.mint(PERSON, 10e18);
        usdc.mint(PERSON, 1e6);
        vm.prank(PERSON);
        weth.approve(address(router), type(uint256).max);
        vm.prank(PERSON);
        router.exactInputSingle(swapOf(1e15, PERSON)); // whatever is written for the first time is written now
        begin();
        doFill(Fill(WETH, USDC, Venue.UniswapV3, address(pool3), 1e17, 0, ""));
    }

    function swapOf(uint256 amountIn, address to) private view returns (IV3Router.ExactInputSingleParams memory) {
        return IV3Router.ExactInputSingleParams(
            address(weth), address(usdc), 500, to, type(uint40).max, amountIn, 0, 0
        );
    }

    function bounce(uint256 amountIn, bytes24 salt) private view returns (bytes memory) {
        return abi.encodePacked(
            router,
            router,
            salt,
            abi.encodeCall(IV3Router.exactInputSingle, (swapOf(amountIn, address(vault))))
        );
    }

    /// @return gross {gas} of one transaction without refunds, everything cold
    /// @return net {gas} after refunds, which are at most a fifth
    function measure(address who, address to, bytes memory data) private returns (uint256 gross, uint256 net) {
        address[12] memory all = [
            address(vault),
            factory.implementation(),
            address(hub),
            address(usdc),
            address(weth),
            address(usdcFeed),
            address(wethFeed),
            address(pool3),
            address(router),
            trampoline,
            pathFiller,
            VmGas(address(vm)).computeCreateAddress(address(vault), 1)
        ];
        for (uint256 i; i < all.length; ++i) {
            vm.cool(all[i]);
        }
        vm.prank(who);
        gross = gasleft();
        (bool ok,) = to.call(data);
        gross -= gasleft();
        assertTrue(ok, "call");
        int64 refunded = VmGas(address(vm)).lastCallGas().gasRefunded;
        gross += 21_000 - 2_600;
        for (uint256 i; i < data.length; ++i) {
            gross += data[i] == 0 ? 4 : 16;
        }
        uint256 refund = uint256(int256(refunded));
        net = gross - (refund > gross / 5 ? gross / 5 : refund);
    }

    function bareSwap() private returns (uint256 gross, uint256 net) {
        return measure(PERSON, address(router), abi.encodeCall(IV3Router.exactInputSingle, (swapOf(1e17, PERSON))));
    }

    function fillGas(Venue venue, address target, bytes memory data) private returns (uint256 gross, uint256 net) {
        Fill memory f = Fill(WETH, USDC, venue, target, 1e17, 1, data);
        return measure(KEEPER, address(vault), abi.encodeCall(IVault.fill, (slice(), many(f))));
    }

    /// What the trampoline costs a vault, beyond a fill at the same pool: the router (12,000), an address of its own for
    /// the call (35,000), a transfer and an allowance that exist for a moment. Gross, it is 137,000: refunds reach their cap,
    /// a fifth of all that was used, so that of what the vault itself saves only four fifths are seen here.
    function test_gas_trampolineBesideAFillAtTheSamePool() public {
        uint256 clean = vm.snapshotState();
        (, uint256 bare) = bareSwap();
        vm.revertToState(clean);
        (, uint256 direct) = fillGas(Venue.UniswapV3, address(pool3), "");
        vm.revertToState(clean);
        (, uint256 bounced) = fillGas(Venue.Filler, trampoline, bounce(1e17, "a"));
        emit Gas("bare router", bare);
        emit Gas("fill at the pool", direct);
        emit Gas("fill by trampoline and router", bounced);
        assertLe(bounced, direct + 80_000, "trampoline");
    }

    /// A path of one hop costs what it costs to have the input sent on by somebody else.
    function test_gas_pathBesideAFillAtTheSamePool() public {
        uint256 clean = vm.snapshotState();
        (, uint256 direct) = fillGas(Venue.UniswapV3, address(pool3), "");
        vm.revertToState(clean);
        bytes memory hop = abi.encodePacked(uint8(1), address(pool3), address(usdc));
        (, uint256 one) = fillGas(Venue.Filler, pathFiller, hop);
        emit Gas("fill at the pool", direct);
        emit Gas("fill by a path of one pool", one);
        assertLe(one, direct + 17_000, "path");
    }
}
