// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";

import {IBalancerVault} from "../../src/interfaces/External.sol";
import {Token} from "../mocks/Tokens.sol";
import {Venues} from "./Venues.sol";

struct TokenConfig {
    address token;
    uint8 tokenType;
    address rateProvider;
    bool paysYieldFees;
}

struct RoleAccounts {
    address pauseManager;
    address swapFeeManager;
    address poolCreator;
}

struct LiquidityManagement {
    bool disableUnbalancedLiquidity;
    bool enableAddLiquidityCustom;
    bool enableRemoveLiquidityCustom;
    bool enableDonation;
}

struct WeightedPoolParams {
    string name;
    string symbol;
    uint256 numTokens;
    uint256[] normalizedWeights;
    string version;
    uint256[] minTokenBalances;
}

interface IFullBalancerVault is IBalancerVault {
    function registerPool(
        address pool,
        TokenConfig[] calldata tokens,
        uint256 swapFee,
        uint32 pauseWindowEndTime,
        bool protocolFeeExempt,
        RoleAccounts calldata roles,
        address hooks,
        LiquidityManagement calldata liquidity
    ) external;
    function initialize(
        address pool,
        address to,
        address[] calldata tokens,
        uint256[] calldata exactAmountsIn,
        uint256 minBptAmountOut,
        bytes calldata userData
    ) external returns (uint256 bptAmountOut);
}

/// @notice Creates one contract after the other, so that addresses are known before.
contract Creator {
    function create(bytes memory code) external returns (address made) {
        assembly {
            made := create(0, add(code, 32), mload(code))
        }
        require(made != address(0), "not created");
    }
}

/// @notice Balancer's own V3 vault and weighted pools, at the prices of the fixture.
abstract contract RealBalancer is Venues {
    IFullBalancerVault internal balancer;

    function setUp() public virtual override {
        super.setUp();
        Creator creator = new Creator();
        address at = LibRLP.computeAddress(address(creator), 4);
        address admin =
            creator.create(_codeOf("BalancerVaultAdmin", abi.encode(at, uint32(0), uint32(0), uint256(1e6), uint256(1e4))));
        address extension = creator.create(_codeOf("BalancerVaultExtension", abi.encode(at, admin)));
        address fees = creator.create(_codeOf("BalancerProtocolFeeController", abi.encode(at, uint256(0), uint256(0))));
        address made = creator.create(_codeOf("BalancerVault", abi.encode(extension, address(this), fees)));
        assertEq(made, at, "Balancer's parts know each other's addresses");
        balancer = IFullBalancerVault(made);
        vm.label(made, "Balancer");
        installVenues(address(0), made);
    }

    function _codeOf(string memory name, bytes memory arguments) private view returns (bytes memory) {
        string memory text = vm.readFile(string.concat(".cache/vendor/artifacts/", name, ".json"));
        return abi.encodePacked(vm.parseBytes(vm.parseJsonString(text, ".bytecode")), arguments);
    }

    /// @return made half and half, `usdE8` dollars of each, at oracle prices, with a fee of 0.05 %
    function makeWeightedPool(uint8 a, uint8 b, uint256 usdE8) internal returns (address made) {
        uint256[] memory weights = new uint256[](2);
        (weights[0], weights[1]) = (0.5e18, 0.5e18);
        uint256[] memory least = new uint256[](2);
        (least[0], least[1]) = (1e6, 1e6);
        made = new Creator().create(
            _codeOf(
                "BalancerWeightedPool",
                abi.encode(WeightedPoolParams("pool", "POOL", 2, weights, "1", least), address(balancer))
            )
        );
        fund(made, a, b, usdE8);
    }

    /// @notice Registers any contract as a pool, as anybody may, and gives it `usdE8` dollars of each token.
    function fund(address made, uint8 a, uint8 b, uint256 usdE8) internal {
        (uint8 lower, uint8 upper) = a < b ? (a, b) : (b, a);
        TokenConfig[] memory tokens = new TokenConfig[](2);
        tokens[0].token = address(tokenOf(lower));
        tokens[1].token = address(tokenOf(upper));
        RoleAccounts memory nobody;
        LiquidityManagement memory plain;
        balancer.registerPool(made, tokens, 0.0005e18, 0, true, nobody, address(0), plain);
        uint256[] memory amounts = new uint256[](2);
        amounts[0] = usdE8 * 10 ** tokenOf(lower).decimals() / priceOf(lower);
        amounts[1] = usdE8 * 10 ** tokenOf(upper).decimals() / priceOf(upper);
        balancer.unlock(abi.encodeCall(this.initialise, (made, tokens[0].token, tokens[1].token, amounts)));
    }

    /// @notice Called back by Balancer: this test is the liquidity provider.
    function initialise(address made, address token0, address token1, uint256[] calldata amounts) external {
        require(msg.sender == address(balancer), "not Balancer");
        address[] memory tokens = new address[](2);
        (tokens[0], tokens[1]) = (token0, token1);
        for (uint256 i; i < 2; ++i) {
            Token(tokens[i]).mint(address(balancer), amounts[i]);
            balancer.settle(tokens[i], amounts[i]);
        }
        balancer.initialize(made, address(this), tokens, amounts, 0, "");
    }
}
