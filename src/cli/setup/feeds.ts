/** Are the tokens and feeds what the config says? Asked before a vault is made of them, and by `keel doctor`. */
import { erc20Abi, parseAbi } from 'viem';
import { oracleHubAbi } from '../../abi/OracleHub.ts';
import type { Chain } from '../../chain/clients.ts';
import { reach, rpcFailure } from '../../chain/rpc.ts';
import type { DraftConfig } from '../../config/schema.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import { durationText } from '../../core/format.ts';
import { type Address, PRICE_STATUSES, type PriceStatus } from '../../core/types.ts';

type Token = DraftConfig['tokens'][number];

export type FeedReport = {
  readonly symbol: string;
  readonly status: PriceStatus;
  /** {s} by chain time */
  readonly ageS: number;
  readonly heartbeatS: number;
  readonly problem: KeelError | null;
};

const decimalsAbi = parseAbi(['function decimals() view returns (uint8)']);

async function asked<T>(chain: Chain, call: () => Promise<T>): Promise<T | null> {
  try {
    return await reach(chain.label, call);
  } catch (error) {
    if (
      rpcFailure(error)?.kind === 'answered' ||
      (error instanceof Error && /returned no data|reverted/i.test(error.message))
    )
      return null;
    throw error;
  }
}

function wrong(code: string, exit: 2 | 5, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit, field, value, reason, remedy, retry: exit === EXIT.unreachable ? 'later' : 'no' });
}

async function tokenProblem(chain: Chain, token: Token): Promise<KeelError | null> {
  const field = `tokens.${token.symbol}`;
  const decimals = await asked(chain, () =>
    chain.client.readContract({ address: token.address, abi: erc20Abi, functionName: 'decimals' }),
  );
  if (decimals === null)
    return wrong(
      'TOKEN_UNREADABLE',
      2,
      `${field}.address`,
      token.address,
      'is no token on this chain',
      `Check the address on chain ${chain.chainId}`,
    );
  if (decimals !== token.decimals)
    return wrong(
      'TOKEN_DECIMALS_DIFFER',
      2,
      `${field}.decimals`,
      String(token.decimals),
      `the token has ${decimals} decimals`,
      `Set it to ${decimals}`,
    );
  return null;
}

const PRICE_REASON: Readonly<Record<Exclude<PriceStatus, 'OK'>, string>> = {
  STALE: 'its price is stale',
  INVALID: 'its price is zero, negative or incomplete',
  OUT_OF_BOUNDS: 'its price is outside the bounds of the feed',
  UNREACHABLE: 'the feed does not answer',
  DIVERGED: 'its two sources differ by more than they may',
  SEQUENCER_DOWN: 'the sequencer of the chain is down, or has only just come back',
};

export async function reportFeed(chain: Chain, hub: Address, token: Token, now: number): Promise<FeedReport> {
  const field = `tokens.${token.symbol}.feedId`;
  const config = await asked(chain, () =>
    chain.client.readContract({ address: hub, abi: oracleHubAbi, functionName: 'configOf', args: [token.feedId] }),
  );
  const broken = (problem: KeelError): FeedReport => ({
    symbol: token.symbol,
    status: 'UNREACHABLE',
    ageS: 0,
    heartbeatS: 0,
    problem,
  });
  if (config === null || config.heartbeat === 0)
    return broken(
      wrong(
        'FEED_UNKNOWN',
        2,
        field,
        token.feedId,
        'the oracle hub has no such feed',
        'Register the feed first, or correct the id',
      ),
    );
  const decimals = await asked(chain, () =>
    chain.client.readContract({ address: config.feed, abi: decimalsAbi, functionName: 'decimals' }),
  );
  if (decimals !== null && decimals !== config.decimals)
    return broken(
      wrong(
        'FEED_DECIMALS_DIFFER',
        2,
        field,
        token.feedId,
        `the feed ${config.feed} has ${decimals} decimals, it was registered with ${config.decimals}`,
        'Register the feed again and use the new id',
      ),
    );
  const prices = await asked(chain, () =>
    chain.client.readContract({ address: hub, abi: oracleHubAbi, functionName: 'peek', args: [[token.feedId]] }),
  );
  const price = prices?.[0];
  const status = PRICE_STATUSES[price?.status ?? 4] ?? 'UNREACHABLE';
  const ageS = price === undefined ? 0 : Math.max(0, now - price.updatedAt);
  const report = { symbol: token.symbol, status, ageS, heartbeatS: config.heartbeat };
  if (status === 'OK') return { ...report, problem: null };
  const age = status === 'STALE' ? ` (${durationText(ageS)} old, at most ${durationText(config.heartbeat)})` : '';
  return {
    ...report,
    problem: wrong(
      'FEED_NOT_FRESH',
      5,
      field,
      token.symbol,
      `${PRICE_REASON[status]}${age}`,
      'Wait for the next update of the feed; nothing is traded without a price',
    ),
  };
}

/** @throws KeelError TOKEN_UNREADABLE, TOKEN_DECIMALS_DIFFER, FEED_UNKNOWN, FEED_DECIMALS_DIFFER (2), FEED_NOT_FRESH (5) */
export async function checkTokens(chain: Chain, config: DraftConfig, now: number): Promise<void> {
  const used = new Set(config.targets.map((t) => t.symbol));
  for (const token of config.tokens.filter((t) => used.has(t.symbol))) {
    const problem =
      (await tokenProblem(chain, token)) ?? (await reportFeed(chain, config.contracts.hub, token, now)).problem;
    if (problem !== null) throw problem;
  }
}
