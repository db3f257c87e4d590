// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IPoolManager, PoolKey} from "../../src/interfaces/IUniswapV4.sol";
import {Token} from "../mocks/Tokens.sol";
import {RealUniswap} from "./RealUniswap.sol";

struct ModifyLiquidityParams {
    int24 tickLower;
    int24 tickUpper;
    int256 liquidityDelta;
    bytes32 salt;
}

interface IFullPoolManager is IPoolManager {
    function initialize(PoolKey calldata key, uint160 sqrtPriceX96) external returns (int24 tick);
    function modifyLiquidity(PoolKey calldata key, ModifyLiquidityParams calldata params, bytes calldata hookData)
        external
        returns (int256 callerDelta, int256 feesAccrued);
}

/// @notice Uniswap's own PoolManager, with pools at the prices of the fixture.
abstract contract RealUniswapV4 is RealUniswap {
    int24 internal constant V4_SPACING = 60;

    IFullPoolManager internal manager;

    function setUp() public virtual override {
        super.setUp();
        string memory text = vm.readFile(".cache/vendor/artifacts/PoolManager.json");
        bytes memory code =
            abi.encodePacked(vm.parseBytes(vm.parseJsonString(text, ".bytecode")), abi.encode(address(this)));
        address made;
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        assertTrue(made != address(0), "PoolManager");
        manager = IFullPoolManager(made);
        vm.label(made, "PoolManager");
    }

    /// @return key of a pool with full-range liquidity worth `usdE8` dollars on each side, at oracle prices
    function makeV4Pool(uint8 a, uint8 b, uint24 fee, address hooks, uint256 usdE8)
        internal
        returns (PoolKey memory key)
    {
        (uint8 lower, uint8 upper) = a < b ? (a, b) : (b, a);
        key = PoolKey(address(tokenOf(lower)), address(tokenOf(upper)), fee, V4_SPACING, hooks);
        seedV4Pool(key, amountFor(lower, usdE8), amountFor(upper, usdE8));
    }

    /// @return key of the same against ether, at the price of WETH
    function makeV4EtherPool(uint8 against, uint24 fee, address hooks, uint256 usdE8)
        internal
        returns (PoolKey memory key)
    {
        key = PoolKey(address(0), address(tokenOf(against)), fee, V4_SPACING, hooks);
        seedV4Pool(key, amountFor(WETH, usdE8), amountFor(against, usdE8));
    }

    /// @notice Initialises a pool and gives it about so much full-range liquidity.
    function seedV4Pool(PoolKey memory key, uint256 amount0, uint256 amount1) internal {
        // {Q96} sqrt(amount1 / amount0), as sqrt(amount1 * 2**128 / amount0) * 2**32
        manager.initialize(key, uint160(_root((amount1 << 128) / amount0) << 32));
        addV4Liquidity(key, -887_220, 887_220, int256(_root(amount0 * amount1)));
    }

    function addV4Liquidity(PoolKey memory key, int24 lower, int24 upper, int256 liquidity) internal {
        manager.unlock(abi.encode(key, ModifyLiquidityParams(lower, upper, liquidity, 0)));
    }

    /// @notice This test is the liquidity provider: it pays with what it mints.
    function unlockCallback(bytes calldata data) public virtual returns (bytes memory) {
        require(msg.sender == address(manager), "not the manager");
        (PoolKey memory key, ModifyLiquidityParams memory params) =
            abi.decode(data, (PoolKey, ModifyLiquidityParams));
        (int256 delta,) = manager.modifyLiquidity(key, params, "");
        settleV4(key.currency0, delta >> 128);
        settleV4(key.currency1, int256(int128(delta)));
        return "";
    }

    /// @param delta {base units} of this test with the manager: negative is paid, positive is taken
    function settleV4(address currency, int256 delta) internal {
        if (delta > 0) return manager.take(currency, address(this), uint256(delta));
        uint256 owed = uint256(-delta);
        manager.sync(currency);
        if (currency == address(0)) {
            vm.deal(address(this), address(this).balance + owed);
            manager.settle{value: owed}();
        } else {
            Token(currency).mint(address(manager), owed);
            manager.settle();
        }
    }

    function _root(uint256 x) private pure returns (uint256 y) {
        y = x;
        uint256 z = (x + 1) / 2;
        while (z < y) {
            y = z;
            z = (x / z + z) / 2;
        }
    }
}
