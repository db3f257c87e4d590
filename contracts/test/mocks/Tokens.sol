// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice A well-behaved token that anybody may mint. Variants misbehave in one way each.
contract Token {
    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) internal _balances;
    mapping(address => mapping(address => uint256)) public allowance;

    event Approval(address indexed owner, address indexed spender, uint256 amount);
    event Transfer(address indexed from, address indexed to, uint256 amount);

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return _balances[account];
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        _balances[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function burn(address from, uint256 amount) external {
        totalSupply -= amount;
        _balances[from] -= amount;
        emit Transfer(from, address(0), amount);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) internal virtual {
        _balances[from] -= amount;
        _balances[to] += amount;
        emit Transfer(from, to, amount);
    }
}

/// @notice WETH9 with a mint for tests.
contract WethToken is Token(18) {
    function deposit() external payable {
        totalSupply += msg.value;
        _balances[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        _balances[msg.sender] -= amount;
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok);
    }

    /// @dev Sends ether to anybody, as WETH itself would when it pays.
    function pay(address to) external payable {
        (bool ok,) = to.call{value: msg.value}("");
        require(ok);
    }
}

/// @notice USDT style: transfer returns nothing.
contract NoReturnToken {
    uint8 public constant decimals = 18;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Says false and moves nothing.
contract FalseToken is Token(18) {
    function transfer(address, uint256) external pure override returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) external pure override returns (bool) {
        return false;
    }
}

/// @notice One percent of every transfer disappears.
contract FeeToken is Token(18) {
    function _move(address from, address to, uint256 amount) internal override {
        _balances[from] -= amount;
        _balances[to] += amount - amount / 100;
        totalSupply -= amount / 100;
    }
}

/// @notice Can be told to refuse transfers or balance queries, as a paused or blocklisting token does.
contract BreakableToken is Token(18) {
    bool public transferBroken;
    bool public balanceBroken;
    bool public balanceShort;

    function breakTransfer(bool on) external {
        transferBroken = on;
    }

    function breakBalance(bool on) external {
        balanceBroken = on;
    }

    function shortenBalance(bool on) external {
        balanceShort = on;
    }

    function balanceOf(address account) public view override returns (uint256) {
        require(!balanceBroken, "broken");
        if (balanceShort) {
            assembly {
                return(0, 31)
            }
        }
        return _balances[account];
    }

    function _move(address from, address to, uint256 amount) internal override {
        require(!transferBroken, "broken");
        super._move(from, to, amount);
    }
}

/// @notice Calls somebody in the middle of each transfer, as ERC-777 does.
contract HookToken is Token(18) {
    address public target;
    bytes public data;
    bool public failed;

    function setHook(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        if (target != address(0)) {
            (bool ok, bytes memory answer) = target.call(data);
            if (!ok) {
                assembly {
                    revert(add(answer, 32), mload(answer))
                }
            }
        }
    }
}

contract NoDecimals {
    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }
}
