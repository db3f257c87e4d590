// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

abstract contract Moody {
    Feed.Mode public mode;

    function setMode(Feed.Mode mode_) external {
        mode = mode_;
    }

    /// @param honest what it answers when all is well
    function _reply(bytes memory honest) internal view {
        Feed.Mode m = mode;
        if (m == Feed.Mode.Revert) revert("no answer");
        if (m == Feed.Mode.BurnGas) while (true) {}
        assembly {
            if eq(m, 2) { return(add(honest, 0x20), sub(mload(honest), 1)) }
            if eq(m, 3) { return(add(honest, 0x1000), 100000) }
            if eq(m, 4) { revert(add(honest, 0x1000), 100000) }
            return(add(honest, 0x20), mload(honest))
        }
    }
}

/// @notice A Chainlink-style feed; with answers 0 and 1, an L2 uptime feed.
contract Feed is Moody {
    /// @notice Every way in which a source may fail that the hub must survive.
    enum Mode {
        Ok,
        Revert,
        Short, //      the honest answer but for its last byte
        Bomb, //       a huge answer, meant to make the caller pay for copying it
        RevertBomb, // the same as the reason of a revert
        BurnGas
    }

    uint8 public decimals;
    int256 public answer;
    uint256 public startedAt;
    uint256 public updatedAt;

    constructor(uint8 decimals_, int256 answer_) {
        decimals = decimals_;
        set(answer_);
    }

    function set(int256 answer_) public {
        answer = answer_;
        startedAt = block.timestamp;
        updatedAt = block.timestamp;
    }

    function setUpdatedAt(uint256 at) external {
        updatedAt = at;
    }

    function setStartedAt(uint256 at) external {
        startedAt = at;
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        _reply(abi.encode(1, answer, startedAt, updatedAt, 1));
    }
}

interface IHeld {
    function balanceOf(address account) external view returns (uint256);
}

/// @notice The part of an ERC-4626 that the hub asks. Its shares are worth what it holds, donations included.
contract Wrapper is Moody {
    uint8 public decimals;
    uint256 public asset; // an address, or what a broken one answers
    uint256 public supply;
    uint256 private _assetsOfAny;

    constructor(address asset_, uint8 decimals_, uint256 supply_) {
        asset = uint160(asset_);
        decimals = decimals_;
        supply = supply_;
    }

    function setAsset(uint256 asset_) external {
        asset = asset_;
    }

    /// @param assets {base units of the asset} told from now on, whatever was asked
    function setAnswer(uint256 assets) external {
        _assetsOfAny = assets;
    }

    function setSupply(uint256 supply_) external {
        supply = supply_;
    }

    function convertToAssets(uint256 shares) external view returns (uint256) {
        uint256 assets = _assetsOfAny;
        if (assets == 0) assets = shares * IHeld(address(uint160(asset))).balanceOf(address(this)) / supply;
        _reply(abi.encode(assets));
    }
}

/// @notice The oracle of a Uniswap V3 pool, its answers made up.
contract PuppetOracle is Moody {
    address public token0;
    address public token1;
    uint16 public cardinality;
    bytes private _answer;
    uint32 public asked; //  {s} the window it answers for; another one makes it revert

    constructor(address token0_, address token1_, uint16 cardinality_) {
        (token0, token1, cardinality) = (token0_, token1_, cardinality_);
    }

    function setCardinality(uint16 cardinality_) external {
        cardinality = cardinality_;
    }

    function setToken0(address token) external {
        token0 = token;
    }

    /// @param travelled {ticks * s}
    function set(uint32 window, int256 before, int256 travelled) external {
        asked = window;
        _answer = abi.encode(0x40, 0xa0, 2, before, before + travelled, 2, 1, 2);
    }

    function setRaw(uint32 window, bytes calldata answer) external {
        (asked, _answer) = (window, answer);
    }

    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool) {
        return (1 << 96, 0, 0, cardinality, type(uint16).max, 0, true);
    }

    function observe(uint32[] calldata secondsAgos) external view returns (int56[] memory, uint160[] memory) {
        require(secondsAgos.length == 2 && secondsAgos[0] == asked && secondsAgos[1] == 0, "OLD");
        _reply(_answer);
    }
}

/// @notice Gives everybody the same bytes, whatever was asked.
contract Parrot {
    bytes private _answer;
    bool private _reverts;

    function set(bytes calldata answer, bool reverts) external {
        (_answer, _reverts) = (answer, reverts);
    }

    fallback() external {
        bytes memory answer = _answer;
        bool reverts = _reverts;
        assembly {
            if reverts { revert(add(answer, 0x20), mload(answer)) }
            return(add(answer, 0x20), mload(answer))
        }
    }
}
