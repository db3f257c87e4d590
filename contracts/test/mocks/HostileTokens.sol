// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Token} from "./Tokens.sol";

/// @notice Balances are shares of a pot whose size anybody may change, as with stETH or AMPL. Rounds down, so a
///         transfer may arrive one unit short.
contract RebasingToken is Token(18) {
    uint256 public index = 1e18; // {base units per 1e18 shares}
    uint256 public dropOnTransfer; // {bps} the pot shrinks by this before each transfer

    function rebase(uint256 num, uint256 den) external {
        index = index * num / den;
    }

    function setDropOnTransfer(uint256 bps) external {
        dropOnTransfer = bps;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return _balances[account] * index / 1e18;
    }

    function _move(address from, address to, uint256 amount) internal override {
        index -= index * dropOnTransfer / 10_000;
        uint256 shares = amount * 1e18 / index;
        _balances[from] -= shares;
        _balances[to] += shares;
        emit Transfer(from, to, amount);
    }
}

/// @notice Refuses to move coins from or to accounts on its list, as USDC and USDT do.
contract BlocklistToken is Token(18) {
    mapping(address => bool) public blocked;
    bool public strangersBlocked; // everybody but those known beforehand
    mapping(address => bool) public known;

    error Blocked(address account);

    function setBlocked(address account, bool on) external {
        blocked[account] = on;
    }

    /// @notice Moves coins only between accounts that were named: whoever is new, a contract made meanwhile say, is not.
    function blockStrangers(address[] calldata friends) external {
        strangersBlocked = true;
        for (uint256 i; i < friends.length; ++i) {
            known[friends[i]] = true;
        }
    }

    function _move(address from, address to, uint256 amount) internal override {
        _check(from);
        _check(to);
        super._move(from, to, amount);
    }

    function _check(address account) private view {
        require(!blocked[account] && (!strangersBlocked || known[account]), Blocked(account));
    }
}

/// @notice Tells sender and recipient of each transfer, if they asked for it, as ERC-777 does: the sender before the
///         coins move, the recipient afterwards. Operators may move an account's coins without any allowance.
contract ReceiveHookToken is Token(18) {
    struct Hook {
        address target;
        bytes data;
    }

    mapping(address => Hook) private _sending;
    mapping(address => Hook) private _receiving;
    mapping(address => mapping(address => bool)) public isOperator;

    /// @dev For any account: the registry of ERC-1820 lets an account name its own hook, a test may do it for others.
    function setHooks(address account, Hook calldata sending, Hook calldata receiving) external {
        _sending[account] = sending;
        _receiving[account] = receiving;
    }

    function authorizeOperator(address operator) external {
        isOperator[msg.sender][operator] = true;
    }

    function operatorSend(address from, address to, uint256 amount) external {
        require(isOperator[from][msg.sender], "no operator");
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) internal override {
        _tell(_sending[from]);
        super._move(from, to, amount);
        _tell(_receiving[to]);
    }

    function _tell(Hook memory hook) private {
        if (hook.target == address(0)) return;
        (bool ok, bytes memory answer) = hook.target.call(hook.data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}

/// @notice Says of chosen accounts that they hold something else than they do.
contract LyingToken is Token(18) {
    mapping(address => bool) public lies;
    mapping(address => uint256) public told;

    function setLie(address account, bool on, uint256 amount) external {
        lies[account] = on;
        told[account] = amount;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return lies[account] ? told[account] : _balances[account];
    }

    function trueBalanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }
}

/// @notice USDT's approve: returns nothing and refuses to change one allowance into another.
contract StrictApproveToken {
    uint8 public constant decimals = 18;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        require(amount == 0 || allowance[msg.sender][spender] == 0, "reset first");
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
