// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {Fill, IVault, Venue} from "../../src/interfaces/IVault.sol";
import {PoolKey} from "../../src/interfaces/UniswapV4.sol";
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
        address[11] memory all = [
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

    error Figures(uint256 bareGross, uint256 bareNet, uint256 directGross, uint256 directNet, uint256 gross, uint256 net);

    function test_gas_trampolineBesideTheBareRouter() public {
        uint256 clean = vm.snapshotState();
        uint256[6] memory g;
        (g[0], g[1]) = measure(
            PERSON, address(router), abi.encodeCall(IV3Router.exactInputSingle, (swapOf(1e17, PERSON)))
        );
        vm.revertToState(clean);
        (g[2], g[3]) = measure(
            KEEPER,
            address(vault),
            abi.encodeCall(IVault.fill, (slice(), Fill(WETH, USDC, Venue.UniswapV3, address(pool3), 1e17, 1, "")))
        );
        vm.revertToState(clean);
        (g[4], g[5]) = measure(
            KEEPER,
            address(vault),
            abi.encodeCall(
                IVault.fill, (slice(), Fill(WETH, USDC, Venue.Filler, trampoline, 1e17, 1, bounce(1e17, "a")))
            )
        );
        revert Figures(g[0], g[1], g[2], g[3], g[4], g[5]);
    }
}
