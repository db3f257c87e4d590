// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Token} from "../mocks/Tokens.sol";

/// @notice Vaults with a mistake in them: a proof that does not refute these proves nothing about the one that ships. They
///         run the real code and then do one thing more, for whoever calls.
abstract contract BrokenVault {
    address private immutable _real;

    constructor(address real) {
        _real = real;
    }

    function _spoil() internal virtual;

    fallback() external payable {
        (bool ok, bytes memory answer) = _real.delegatecall(msg.data);
        if (ok && msg.sig != bytes4(keccak256("state()"))) _spoil();
        assembly ("memory-safe") {
            if iszero(ok) { revert(add(answer, 0x20), mload(answer)) }
            return(add(answer, 0x20), mload(answer))
        }
    }
}

contract ApprovingVault is BrokenVault {
    Token private immutable _token;
    address private immutable _spender;

    constructor(address real, Token token, address spender) BrokenVault(real) {
        (_token, _spender) = (token, spender);
    }

    function _spoil() internal override {
        _token.approve(_spender, 1);
    }
}

/// @notice Lets the slice come again that was expected before the last one.
contract ForgetfulVault is BrokenVault {
    constructor(address real) BrokenVault(real) {}

    function _spoil() internal override {
        assembly {
            sstore(0, and(sload(0), not(0xffff))) // the sequence in the hot word
        }
    }
}
