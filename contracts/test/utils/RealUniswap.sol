// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IUniswapV2Pair, IUniswapV3Pool} from "../../src/interfaces/External.sol";
import {Token} from "../mocks/Tokens.sol";
import {Fixture} from "./Fixture.sol";

interface IV2Factory {
    function createPair(address a, address b) external returns (address pair);
}

interface IV2Mint {
    function mint(address to) external returns (uint256 liquidity);
}

interface IV3Factory {
    function createPool(address a, address b, uint24 fee) external returns (address pool);
}

interface IV3Setup {
    function initialize(uint160 sqrtPriceX96) external;
    function mint(address to, int24 lower, int24 upper, uint128 liquidity, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
}

/// @notice The bytecode that Uniswap itself ships, at the prices of the fixture.
abstract contract RealUniswap is Fixture {
    IV2Factory internal v2Factory;
    IV3Factory internal v3Factory;

    function setUp() public virtual override {
        super.setUp();
        v2Factory = IV2Factory(
            _create(_artifact("node_modules/@uniswap/v2-core/build/UniswapV2Factory.json"), abi.encode(address(this)))
        );
        v3Factory = IV3Factory(
            _create(
                _artifact("node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"),
                ""
            )
        );
    }

    function _artifact(string memory path) private view returns (bytes memory) {
        bytes memory text = bytes(vm.parseJsonString(vm.readFile(path), ".bytecode"));
        bool prefixed = text.length > 1 && text[1] == "x";
        return vm.parseBytes(prefixed ? string(text) : string.concat("0x", string(text)));
    }

    function _create(bytes memory code, bytes memory arguments) private returns (address made) {
        code = abi.encodePacked(code, arguments);
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        assertTrue(made != address(0), "Uniswap factory");
    }

    /// @return pair with `usdE8` dollars on each side, at oracle prices
    function makePair(uint8 a, uint8 b, uint256 usdE8) internal returns (IUniswapV2Pair pair) {
        pair = IUniswapV2Pair(v2Factory.createPair(address(tokenOf(a)), address(tokenOf(b))));
        tokenOf(a).mint(address(pair), amountFor(a, usdE8));
        tokenOf(b).mint(address(pair), amountFor(b, usdE8));
        IV2Mint(address(pair)).mint(address(this));
    }

    /// @return made with full-range liquidity worth `usdE8` dollars on each side, at oracle prices
    function makePool(uint8 a, uint8 b, uint24 fee, uint256 usdE8) internal returns (IUniswapV3Pool made) {
        (uint8 lower, uint8 upper) = a < b ? (a, b) : (b, a);
        made = IUniswapV3Pool(v3Factory.createPool(address(tokenOf(a)), address(tokenOf(b)), fee));
        uint256 amount0 = amountFor(lower, usdE8);
        uint256 amount1 = amountFor(upper, usdE8);
        // {Q96} sqrt(amount1 / amount0), as sqrt(amount1 * 2**128 / amount0) * 2**32
        uint256 sqrtPrice = _sqrt((amount1 << 128) / amount0) << 32;
        IV3Setup(address(made)).initialize(uint160(sqrtPrice));
        mintLiquidity(made, -887_220, 887_220, uint128(_sqrt(amount0 * amount1)));
    }

    function mintLiquidity(IUniswapV3Pool to, int24 lower, int24 upper, uint128 liquidity) internal {
        IV3Setup(address(to)).mint(address(this), lower, upper, liquidity, abi.encode(to.token0(), to.token1()));
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata data) external {
        (address token0, address token1) = abi.decode(data, (address, address));
        Token(token0).mint(msg.sender, owed0);
        Token(token1).mint(msg.sender, owed1);
    }

    /// @return {base units} worth `usdE8` dollars
    function amountFor(uint8 i, uint256 usdE8) internal view returns (uint256) {
        return usdE8 * 10 ** tokenOf(i).decimals() / priceOf(i);
    }

    function _sqrt(uint256 x) private pure returns (uint256 y) {
        y = x;
        uint256 z = (x + 1) / 2;
        while (z < y) {
            y = z;
            z = (x / z + z) / 2;
        }
    }
}
