// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {FeedConfig} from "../../src/interfaces/IOracleHub.sol";
import {Fill, IVault, Slice, Target, Venue} from "../../src/interfaces/IVault.sol";
import {RealUniswap} from "../utils/RealUniswap.sol";

/// @notice A feed of one storage slot, as the cheapest real aggregators are.
contract OneSlotFeed {
    uint8 public constant decimals = 8;
    int128 private _answer;
    uint128 private _updatedAt;

    function set(int128 answer) external {
        (_answer, _updatedAt) = (answer, uint128(block.timestamp));
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _answer, _updatedAt, _updatedAt, 1);
    }
}

interface IHold {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @notice Swaps with no guard at all: what the same swaps cost a contract that trusts its caller.
contract BareHolder {
    function swapV3(address pool, bool zeroForOne, uint256 amountIn) public {
        IUniswapV3Pool(pool).swap(
            address(this),
            zeroForOne,
            int256(amountIn),
            zeroForOne ? 4_295_128_740 : 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341,
            ""
        );
    }

    function swapV3Many(address pool, bool zeroForOne, uint256 amountIn, uint256 times) external {
        for (uint256 i; i < times; ++i) {
            swapV3(pool, zeroForOne, amountIn);
        }
    }

    function swapV2(address pair, address token, bool zeroForOne, uint256 amountIn) external {
        (uint256 reserveIn, uint256 reserveOut,) = IUniswapV2Pair(pair).getReserves();
        if (!zeroForOne) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        uint256 out = amountIn * 997 * reserveOut / (reserveIn * 1000 + amountIn * 997);
        IHold(token).transfer(pair, amountIn);
        IUniswapV2Pair(pair).swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, address(this), "");
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        address token = delta0 > 0 ? IUniswapV3Pool(msg.sender).token0() : IUniswapV3Pool(msg.sender).token1();
        IHold(token).transfer(msg.sender, uint256(delta0 > 0 ? delta0 : delta1));
    }
}

/// @notice Gas of each path, as a whole transaction (21,000 and calldata included), beside the bare swap on the same
///         pool in the same run. Writes contracts/test/gas/gas.txt; `git diff` is the review.
contract GasTest is RealUniswap {
    IUniswapV3Pool private v3;
    IUniswapV2Pair private v2;
    BareHolder private bare;
    string private constant FILE = "contracts/test/gas/gas.txt";
    string private report;
    OneSlotFeed[3] private feeds;

    /// @dev Everything has been used once, so that no slot is written for the first time in its life.
    function setUp() public override {
        super.setUp();
        Target[] memory t = oneSlotTargets();
        drift();
        feeds[WETH].set(4_500e8);
        v3 = makePool(WETH, USDC, 500, 50_000_000e8);
        v2 = makePair(WETH, USDC, 50_000_000e8);
        bare = new BareHolder();
        weth.mint(address(bare), 10e18);
        usdc.mint(address(bare), 40_000e6);
        bare.swapV3(address(v3), false, 1e15);
        bare.swapV2(address(v2), address(weth), false, 1e15);

        vm.prank(OWNER);
        vault.setTargets(t);
        assertTrue(rulesAddress().code.length > 1, "rules");
        begin();
        doFill(v3Fill(1e15));
        vm.warp(T0 + 12);
        bare.swapV2(address(v2), address(weth), false, 1e15);
        vm.warp(T0 + 24);
        vm.prank(KEEPER);
        vault.finish();
        usdc.mint(OWNER, 2_000e6);
        wbtc.mint(OWNER, 1);
        weth.mint(OWNER, 1);
        vm.prank(OWNER);
        usdc.approve(address(vault), 2_000e6);
    }

    function oneSlotTargets() private returns (Target[] memory t) {
        t = defaultTargets();
        int128[3] memory prices = [int128(1e8), 60_000e8, 3_000e8];
        for (uint256 i; i < 3; ++i) {
            feeds[i] = new OneSlotFeed();
            feeds[i].set(prices[i]);
            t[i].feedId = hub.register(FeedConfig(address(feeds[i]), 48 hours, 8, 1e4, 10_000_000e8));
        }
    }

    /* ----------------------------------------------- measuring ---------------------------------------------- */

    /// @return gas {gas} of one transaction: everything cold, intrinsic cost and calldata added, refunds left out
    function measure(address who, address to, bytes memory data) private returns (uint256 gas) {
        coolAll();
        vm.prank(who);
        uint256 before = gasleft();
        (bool ok, bytes memory answer) = to.call(data);
        gas = before - gasleft();
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        gas += 21_000 - 2_600; // the account called is warm in a transaction
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    function coolAll() private {
        address[13] memory all = [
            address(vault),
            factory.implementation(),
            address(hub),
            address(usdc),
            address(wbtc),
            address(weth),
            address(feeds[0]),
            address(feeds[1]),
            address(feeds[2]),
            address(v3),
            address(v2),
            address(bare),
            address(factory)
        ];
        for (uint256 i; i < all.length; ++i) {
            vm.cool(all[i]);
        }
        vm.cool(factory.rulebook());
        vm.cool(rulesAddress());
    }

    /// @dev The vault's second creation: the first was made by the factory's defaults.
    function rulesAddress() private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes2(0xd694), address(vault), bytes1(0x02))))));
    }

    function line(string memory path, uint256 gas, uint256 base) private {
        string memory ratio = "";
        if (base != 0) {
            uint256 percent = gas * 100 / base;
            ratio = string.concat(
                "  x", vm.toString(percent / 100), ".", percent % 100 < 10 ? "0" : "", vm.toString(percent % 100)
            );
        }
        report = string.concat(report, pad(path, 46), padLeft(vm.toString(gas), 9), ratio, "\n");
    }

    function pad(string memory text, uint256 width) private pure returns (string memory) {
        while (bytes(text).length < width) text = string.concat(text, " ");
        return text;
    }

    function padLeft(string memory text, uint256 width) private pure returns (string memory) {
        while (bytes(text).length < width) text = string.concat(" ", text);
        return text;
    }

    function v3Fill(uint256 amountIn) private view returns (Fill memory) {
        return Fill(WETH, USDC, Venue.UniswapV3, address(v3), uint128(amountIn), 1, "");
    }

    /* ------------------------------------------------- paths ------------------------------------------------ */

    function test_gas() public {
        uint256 clean = vm.snapshotState();
        // State variables of this test go back with everything else, so the figures are kept in memory.
        uint256[3] memory base;
        base[0] = measure(address(this), address(bare), abi.encodeCall(bare.swapV3, (address(v3), false, 1e17)));
        vm.revertToState(clean);
        base[1] =
            measure(address(this), address(bare), abi.encodeCall(bare.swapV3Many, (address(v3), false, 1e17, 4)));
        vm.revertToState(clean);
        base[2] = measure(
            address(this), address(bare), abi.encodeCall(bare.swapV2, (address(v2), address(weth), false, 1e17))
        );
        vm.revertToState(clean);

        uint256[12] memory gas;
        Slice memory s = Slice(2, 0, type(uint40).max, false);
        gas[0] = measure(KEEPER, address(vault), abi.encodeCall(IVault.begin, ()));
        gas[1] = measure(KEEPER, address(vault), abi.encodeCall(IVault.fill, (s, v3Fill(1e17))));
        vm.revertToState(clean);

        begin();
        gas[2] = measure(
            KEEPER,
            address(vault),
            abi.encodeCall(
                IVault.fill, (s, Fill(WETH, USDC, Venue.UniswapV2, address(v2), 1e17, 1, ""))
            )
        );
        vm.revertToState(clean);

        begin();
        Fill[] memory four = new Fill[](4);
        for (uint256 i; i < 4; ++i) {
            four[i] = v3Fill(1e17);
        }
        gas[3] = measure(KEEPER, address(vault), abi.encodeCall(IVault.fillMany, (s, four)));
        vm.revertToState(clean);

        s.last = true;
        gas[4] = measure(KEEPER, address(vault), abi.encodeCall(IVault.beginAndFill, (s, many(v3Fill(1e17)))));
        vm.revertToState(clean);

        begin();
        gas[5] = measure(KEEPER, address(vault), abi.encodeCall(IVault.finish, ()));
        vm.revertToState(clean);

        gas[6] = measure(OWNER, address(vault), abi.encodeCall(IVault.deposit, (address(usdc), 1_000e6)));
        vm.revertToState(clean);
        gas[7] = measure(OWNER, address(vault), abi.encodeCall(IVault.withdraw, (address(usdc), 1_000e6)));
        vm.revertToState(clean);
        gas[8] = measure(OWNER, address(vault), abi.encodeCall(IVault.withdrawAll, (new address[](0))));
        vm.revertToState(clean);
        gas[9] = measure(OWNER, address(vault), abi.encodeCall(IVault.pause, ()));
        vm.revertToState(clean);
        gas[10] = measure(OWNER, address(vault), abi.encodeCall(IVault.setPolicy, (defaultPolicy())));
        vm.revertToState(clean);
        Target[] memory t = oneSlotTargets();
        gas[11] = measure(
            STRANGER,
            address(factory),
            abi.encodeWithSignature(
                "create(address,address,(uint16,uint16,uint32,uint32,uint16,uint16,uint16,uint16,uint32,uint32,uint24),(address,uint16,uint16,bytes32)[],bytes32)",
                OWNER,
                KEEPER,
                defaultPolicy(),
                t,
                bytes32("gas")
            )
        );
        vm.revertToState(clean);

        report = "Gas of one transaction, 3 assets, one-slot feeds, cold. x = against the bare swap on the same pool.\n\n";
        line("bare V3 swap", base[0], 0);
        line("bare V3 swap, 4 in one transaction", base[1], 0);
        line("bare V2 swap", base[2], 0);
        line("fill, V3", gas[1], base[0]);
        line("fill, V2", gas[2], base[2]);
        line("fillMany, V3, 4 fills", gas[3], base[1]);
        line("  each fill after the first", (gas[3] - gas[1]) / 3, 0);
        line("begin", gas[0], 0);
        line("beginAndFill, V3", gas[4], base[0]);
        line("finish", gas[5], 0);
        line("deposit", gas[6], 0);
        line("withdraw", gas[7], 0);
        line("withdrawAll, 3 assets", gas[8], 0);
        line("pause", gas[9], 0);
        line("setPolicy", gas[10], 0);
        line("create a vault, 3 assets", gas[11], 0);
        // Ceilings of the design; the figures themselves are reviewed as a diff.
        assertLe(gas[1] * 100 / base[0], 150, "single V3 fill against the bare swap, in percent");
        assertLe((gas[3] - gas[1]) / 3, 62_000, "each fill after the first");

        string memory committed = vm.readFile(FILE);
        vm.writeFile(FILE, report);
        assertEq(keccak256(bytes(committed)), keccak256(bytes(report)), "gas.txt was stale: look at its diff, commit it");
    }
}
