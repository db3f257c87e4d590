// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMintable, Puppet, Call} from "./Strangers.sol";

interface IPullable is IMintable {
    function transferFrom(address from, address to, uint256 amount) external;
    function balanceOf(address account) external view returns (uint256);
}

/// @notice What an aggregator's router does: pulls the input from its caller and pays the recipient.
contract Router {
    error NotEnough(uint256 out);

    /// @param to the recipient; zero = the caller
    function swap(address tokenIn, uint256 amountIn, address tokenOut, uint256 out, address to) external {
        _pull(tokenIn, amountIn);
        IMintable(tokenOut).mint(to == address(0) ? msg.sender : to, out);
    }

    /// @notice Sells whatever was sent here before, as Uniswap's Universal Router can.
    function swapReceived(address tokenIn, address tokenOut, uint256 num, uint256 den, address to) external {
        uint256 amount = IPullable(tokenIn).balanceOf(address(this));
        IMintable(tokenIn).transfer(address(0xdead), amount);
        IMintable(tokenOut).mint(to, amount * num / den);
    }

    function fail(uint256 out) external pure {
        revert NotEnough(out);
    }

    /// @dev The whole input for 1 wei back in ether.
    function swapForEther(address tokenIn, uint256 amountIn) external {
        _pull(tokenIn, amountIn);
        (bool ok,) = msg.sender.call{value: 1}("");
        require(ok, "ether");
    }

    /// @dev As `swap`, and then a megabyte of answer.
    function swapAndBomb(address tokenIn, uint256 amountIn, address tokenOut, uint256 out, address to) external {
        _pull(tokenIn, amountIn);
        IMintable(tokenOut).mint(to, out);
        assembly {
            return(0, 1000000)
        }
    }

    function burnGas() external pure {
        while (true) {}
    }

    function revertBomb() external pure {
        assembly {
            revert(0, 1000000)
        }
    }

    function _pull(address token, uint256 amount) private {
        IPullable(token).transferFrom(msg.sender, address(this), amount);
    }

    receive() external payable {}
}

/// @notice Where users leave their allowances, apart from the router, as 0x and ParaSwap do it.
contract AllowanceProxy {
    address private immutable _router = msg.sender;

    function pull(address token, address from, uint256 amount) external {
        require(msg.sender == _router, "not the router");
        IPullable(token).transferFrom(from, _router, amount);
    }
}

contract ProxiedRouter {
    AllowanceProxy public immutable proxy = new AllowanceProxy();

    function swap(address tokenIn, uint256 amountIn, address tokenOut, uint256 out, address to) external {
        proxy.pull(tokenIn, msg.sender, amountIn);
        IMintable(tokenOut).mint(to, out);
    }
}

/// @notice A router that pulls the input and then does whatever the calldata says, on its caller's behalf or not.
contract PuppetRouter is Puppet {
    /// @param amountIn {base units} pulled first; 0 = none
    function go(address tokenIn, uint256 amountIn, Call[] calldata calls) external {
        if (amountIn != 0) IPullable(tokenIn).transferFrom(msg.sender, address(this), amountIn);
        _run(calls);
    }
}

/// @notice Tries to take coins of others with rights that were granted earlier. Never reverts: a thief is polite.
contract Thief {
    uint256 public attempts;
    uint256 public successes;

    function steal(address token, address[] calldata froms, uint256 amount) external {
        for (uint256 i; i < froms.length; ++i) {
            ++attempts;
            (bool ok,) = token.call(
                abi.encodeWithSignature("transferFrom(address,address,uint256)", froms[i], address(this), amount)
            );
            if (ok) ++successes;
            (ok,) = token.call(
                abi.encodeWithSignature("operatorSend(address,address,uint256)", froms[i], address(this), amount)
            );
            if (ok) ++successes;
        }
    }
}
