// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {BalancerSwap, BalancerSwapKind, IBalancerVault} from "../../src/interfaces/External.sol";

struct TokenInfo {
    uint8 tokenType;
    address rateProvider;
    bool paysYieldFees;
}

interface IPoolVault is IBalancerVault {
    function initialize(
        address pool,
        address to,
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256 minBptOut,
        bytes calldata userData
    ) external returns (uint256 bptOut);
    function getPoolTokenInfo(address pool)
        external
        view
        returns (
            address[] memory tokens,
            TokenInfo[] memory infos,
            uint256[] memory balances,
            uint256[] memory liveBalancesE18
        );
}

/// @notice Fills pools of Balancer's vault and swaps in them, so that quotes can be compared with what the vault does.
///         Each case is undone afterwards, before anything is paid: all cases of a call start from the same state.
contract BalancerCaller {
    struct Swap {
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
    }

    struct Result {
        bool ok; //            false: the vault reverted; the rest of its case was not tried
        uint256 spent;
        uint256 received;
        uint256[] balances; // {base units} of the pool, after the swap
        uint256[] balancesE18;
    }

    IPoolVault private immutable BALANCER;

    error Done(Result[] results);
    error NotBalancer();
    error Unexpected(bytes answer);

    constructor(IPoolVault balancer) {
        BALANCER = balancer;
    }

    modifier onlyBalancer() {
        require(msg.sender == address(BALANCER), NotBalancer());
        _;
    }

    function fill(address pool, address[] calldata tokens, uint256[] calldata amounts) external {
        BALANCER.unlock(abi.encodeCall(this.onFill, (pool, tokens, amounts)));
    }

    function onFill(address pool, address[] calldata tokens, uint256[] calldata amounts) external onlyBalancer {
        for (uint256 i; i < tokens.length; ++i) {
            IERC20(tokens[i]).transfer(address(BALANCER), amounts[i]);
            BALANCER.settle(tokens[i], amounts[i]);
        }
        BALANCER.initialize(pool, address(this), tokens, amounts, 0, "");
    }

    /// @param cases swaps that follow each other in the same pool
    function run(address pool, Swap[][] calldata cases) external returns (Result[][] memory results) {
        results = new Result[][](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            try BALANCER.unlock(abi.encodeCall(this.onRun, (pool, cases[i]))) {}
            catch (bytes memory answer) {
                require(bytes4(answer) == Done.selector, Unexpected(answer));
                assembly ("memory-safe") {
                    let size := mload(answer)
                    answer := add(answer, 4)
                    mstore(answer, sub(size, 4))
                }
                results[i] = abi.decode(answer, (Result[]));
            }
        }
    }

    function onRun(address pool, Swap[] calldata swaps) external onlyBalancer {
        Result[] memory results = new Result[](swaps.length);
        for (uint256 i; i < swaps.length; ++i) {
            Swap calldata s = swaps[i];
            BalancerSwap memory asked =
                BalancerSwap(BalancerSwapKind.ExactIn, pool, s.tokenIn, s.tokenOut, s.amountIn, 0, "");
            try BALANCER.swap(asked) returns (uint256, uint256 spent, uint256 received) {
                (results[i].ok, results[i].spent, results[i].received) = (true, spent, received);
                (,, results[i].balances, results[i].balancesE18) = BALANCER.getPoolTokenInfo(pool);
            } catch {
                break;
            }
        }
        revert Done(results);
    }
}
