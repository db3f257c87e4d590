/** Pools of Balancer's V3 vault, as their next swap will find them. */
import { decodeAbiParameters, encodeDeployData, parseAbiParameters } from 'viem';
import { balancerPoolReaderAbi, balancerPoolReaderBytecode } from '../../abi/BalancerPoolReader.ts';
import { lower } from '../../core/address.ts';
import type { Address, BalancerPoolState, BlockRef, LeftOutPool } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import { answerOf } from '../deployless.ts';

/** `struct BalancerAnswer` of PoolReader.sol. */
const ANSWER = parseAbiParameters([
  '(bool registered, bool initialised, bool paused, bool hooked, bool stuck, address[] tokens, uint256[] scalingFactors, uint256[] ratesE18, uint256[] balancesE18, uint256 swapFeeE18, uint256 aggregateFeeE18, uint256[] weightsE18, uint256 amp, uint256 ampPrecision, bool ampMoves) answer',
]);
/** What stable pools scale their amplification by. */
const AMP_PRECISION = 1_000n;

export async function readBalancerPool(
  chain: Chain,
  vault: Address,
  block: BlockRef,
  address: Address,
): Promise<BalancerPoolState | LeftOutPool> {
  const pool = lower(address);
  const leftOut = (reason: string): LeftOutPool => ({ venue: 'BALANCER_V3', pool, reason });
  const args = [vault, address] as const;
  const creation = encodeDeployData({ abi: balancerPoolReaderAbi, bytecode: balancerPoolReaderBytecode, args });
  const raw = await answerOf(chain, block, creation, 'contracts.balancerVault', vault);
  const [a] = decodeAbiParameters(ANSWER, raw);
  if (!a.registered) return leftOut(`Balancer's vault ${vault} does not know it`);
  if (!a.initialised) return leftOut('it has never been initialised');
  if (a.paused) return leftOut("it is paused, or all of Balancer's vault is");
  if (a.hooked) return leftOut('its hooks have a say in swaps, so it cannot be quoted');
  if (a.stuck) return leftOut('its balances cannot be told, so a rate provider of its tokens must be failing');
  const weighted = a.weightsE18.length === a.tokens.length;
  const stable = a.amp > 0n && a.ampPrecision === AMP_PRECISION;
  if (weighted === stable) return leftOut('it is neither a weighted nor a stable pool');
  if (stable && a.ampMoves) return leftOut('its amplification is being changed, so each block has another');
  return {
    venue: 'BALANCER_V3',
    address: pool,
    tokens: a.tokens.map(lower),
    balancesE18: a.balancesE18,
    scalingFactors: a.scalingFactors,
    ratesE18: a.ratesE18,
    swapFeeE18: a.swapFeeE18,
    aggregateFeeE18: a.aggregateFeeE18,
    curve: weighted ? { kind: 'WEIGHTED', weightsE18: a.weightsE18 } : { kind: 'STABLE', ampE3: a.amp },
  };
}
