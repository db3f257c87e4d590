// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {PuppetOwner} from "./Strangers.sol";
import {Token} from "./Tokens.sol";

interface IERC1271 {
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4);
}

/// @notice EIP-2612, and the overload for contracts that USDC has.
contract PermitToken is Token {
    mapping(address => uint256) public nonces;

    constructor(uint8 decimals_) Token(decimals_) {}

    /// @return what the holder signs; the domain is the token's address
    function digest(address owner, address spender, uint256 value, uint256 deadline) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), owner, spender, value, nonces[owner], deadline));
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        address signer = ecrecover(digest(owner, spender, value, deadline), v, r, s);
        require(signer != address(0) && signer == owner, "signature");
        _allow(owner, spender, value, deadline);
    }

    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        bytes4 answer = IERC1271(owner).isValidSignature(digest(owner, spender, value, deadline), signature);
        require(answer == IERC1271.isValidSignature.selector, "signature");
        _allow(owner, spender, value, deadline);
    }

    function _allow(address owner, address spender, uint256 value, uint256 deadline) private {
        require(block.timestamp <= deadline, "deadline");
        nonces[owner] += 1;
        allowance[owner][spender] = value;
    }
}

/// @notice A wallet contract that answers for what it has signed.
contract SigningOwner is PuppetOwner, IERC1271 {
    mapping(bytes32 => bool) private _signed;

    function approveSignature(bytes32 hash, bytes calldata signature) external {
        _signed[keccak256(abi.encode(hash, signature))] = true;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return _signed[keccak256(abi.encode(hash, signature))] ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice An ERC-721 with the one function that the vault calls.
contract Nft {
    mapping(uint256 => address) public ownerOf;

    function mint(address to, uint256 id) external {
        ownerOf[id] = to;
    }

    function transferFrom(address from, address to, uint256 id) external {
        require(ownerOf[id] == from && msg.sender == from, "not yours");
        ownerOf[id] = to;
    }
}
