// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFiller} from "../../src/interfaces/IFiller.sol";

struct Call {
    address to;
    bytes data;
}

/// @notice Does what a test tells it to, and passes on every revert.
abstract contract Puppet {
    function _run(Call[] memory calls) internal {
        for (uint256 i; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = calls[i].to.call(calls[i].data);
            if (!ok) {
                assembly {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
    }
}

/// @notice A filler whose every move comes with the fill.
contract PuppetFiller is Puppet, IFiller {
    uint256 public lastMinOut;

    function onFill(address, uint256, address, uint256 minOut, bytes calldata data) external {
        lastMinOut = minOut;
        _run(abi.decode(data, (Call[])));
    }
}

/// @notice A pool and a pair whose every move was told beforehand.
contract PuppetPool is Puppet {
    Call[] private _calls;
    uint112 private _reserve0;
    uint112 private _reserve1;

    function tell(Call[] calldata calls) external {
        delete _calls;
        for (uint256 i; i < calls.length; ++i) {
            _calls.push(calls[i]);
        }
    }

    function setReserves(uint112 reserve0, uint112 reserve1) external {
        (_reserve0, _reserve1) = (reserve0, reserve1);
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (_reserve0, _reserve1, 0);
    }

    function swap(uint256, uint256, address, bytes calldata) external {
        _run(_calls);
    }

    function swap(address, bool, int256, uint160, bytes calldata) external returns (int256, int256) {
        _run(_calls);
        return (0, 0);
    }
}

/// @notice Owns a vault, as a wallet contract does, and can be made to act in the middle of a fill.
contract PuppetOwner is Puppet {
    function run(Call[] calldata calls) external {
        _run(calls);
    }

    receive() external payable {}
}

interface IMintable {
    function mint(address to, uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @notice Pays `num / den` for every unit that it keeps, and gives `back` units back.
contract RateFiller is IFiller {
    function onFill(address tokenIn, uint256 amountIn, address tokenOut, uint256, bytes calldata data) external {
        (uint256 num, uint256 den, uint256 back) = abi.decode(data, (uint256, uint256, uint256));
        if (back > amountIn) back = amountIn;
        if (back != 0) IMintable(tokenIn).transfer(msg.sender, back);
        uint256 out = (amountIn - back) * num / den;
        if (out != 0) IMintable(tokenOut).mint(msg.sender, out);
    }
}

interface IPaysPool {
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

/// @notice A pool that asks for as much as it likes, as often as it likes, and pays what it was told.
contract RatePool {
    address private _tokenOut;
    uint256 private _out;
    uint256 private _asks; //    {base units} each time
    uint256 private _askings;

    function tell(address tokenOut, uint256 out, uint256 asks, uint256 askings) external {
        (_tokenOut, _out, _asks, _askings) = (tokenOut, out, asks, askings);
    }

    function swap(address to, bool, int256, uint160, bytes calldata) external returns (int256, int256) {
        for (uint256 i; i < _askings; ++i) {
            IPaysPool(msg.sender).uniswapV3SwapCallback(-1, int256(_asks), "");
        }
        if (_out != 0) IMintable(_tokenOut).mint(to, _out);
        return (0, 0);
    }
}
