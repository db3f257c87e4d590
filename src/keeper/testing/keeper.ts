/** A keeper on a private chain and a private database, whose events a test can wait for. */
import type { Chain } from '../../chain/clients.ts';
import { connectTo } from '../../chain/testing/anvil.ts';
import { signerOf } from '../../chain/testing/signer.ts';
import type { World } from '../../chain/testing/world.ts';
import type { DecisionRecord, KeeperRule } from '../../core/types.ts';
import type { Db } from '../../store/db.ts';
import type { KeeperConfig, KeeperDeps, Logger } from '../context.ts';
import type { KeeperEvent } from '../events.ts';
import { runKeeper } from '../loop.ts';

export const RULE: KeeperRule = {
  frequency: 'hourly',
  maxGasPriceWei: null,
  maxGasUsdE8: null,
  maxImpactBps: 100,
  maxPaybackDays: 3_650,
  volatilityBps: 8_000,
  riskAversionE2: 300,
  waitForGas: true,
  sides: {},
  buyOnlyWith: null,
  blockTimeS: 12,
};

export function configOf(world: World, rule: Partial<KeeperRule> = {}): KeeperConfig {
  const { contracts, vault, tokens, pools } = world.deployment;
  return {
    mode: 'REHEARSAL',
    chainId: world.anvil.chainId,
    contracts: { ...contracts, factory: contracts.hub },
    vault,
    tokens,
    pools,
    rule: { ...RULE, ...rule },
  };
}

export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export type TestKeeper = {
  readonly events: KeeperEvent[];
  readonly chain: Chain;
  /** Fulfils with the first event from `from` on that fits; rejects when the keeper ended with an error. */
  event<K extends KeeperEvent['kind']>(
    kind: K,
    fits?: (e: Extract<KeeperEvent, { kind: K }>) => boolean,
  ): Promise<Extract<KeeperEvent, { kind: K }>>;
  any(fits: (e: KeeperEvent) => boolean): Promise<KeeperEvent>;
  /** The next final record. */
  final(): Promise<DecisionRecord>;
  readonly ended: Promise<DecisionRecord | null>;
  stop(): Promise<DecisionRecord | null>;
};

/** Stands between the keeper and its node: gets every request, and answers what it likes. */
export type Tamper = (method: string, params: readonly unknown[], real: () => Promise<unknown>) => Promise<unknown>;

function tampered(chain: Chain, tamper: Tamper): Chain {
  type Request = { readonly method: string; readonly params?: readonly unknown[] };
  const client = new Proxy(chain.client, {
    get(target, key, receiver) {
      if (key !== 'request') return Reflect.get(target, key, receiver);
      return (r: Request) => tamper(r.method, r.params ?? [], () => target.request(r as never));
    },
  });
  return { ...chain, client };
}

export async function startKeeper(
  world: World,
  db: Db,
  options: Partial<Omit<KeeperDeps, 'db' | 'chain' | 'onEvent' | 'signal'>> & {
    readonly kind?: 'http' | 'ws';
    readonly tamper?: Tamper;
  } = {},
): Promise<TestKeeper> {
  const { kind, tamper, ...deps } = options;
  const node = await connectTo(world.anvil, kind ?? 'ws');
  const chain = tamper === undefined ? node : tampered(node, tamper);
  const events: KeeperEvent[] = [];
  const abort = new AbortController();
  let taken = 0;
  let wake: () => void = () => undefined;
  let failure: { error: unknown } | null = null;
  const ended = runKeeper({
    config: configOf(world),
    signer: signerOf(),
    log: SILENT,
    ...deps,
    db,
    chain,
    signal: abort.signal,
    onEvent: (e) => {
      events.push(e);
      wake();
    },
  });
  ended.catch((error: unknown) => {
    failure = { error };
    wake();
  });
  const keeper: TestKeeper = {
    events,
    chain,
    ended,
    async event(kind, fits = () => true) {
      type Wanted = Extract<KeeperEvent, { kind: typeof kind }>;
      return (await keeper.any((e) => e.kind === kind && fits(e as Wanted))) as Wanted;
    },
    async any(fits) {
      for (;;) {
        while (taken < events.length) {
          const e = events[taken++];
          if (e !== undefined && fits(e)) return e;
        }
        if (failure) throw failure.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    final: async () => (await keeper.event('check.final')).record,
    async stop() {
      abort.abort();
      try {
        return await ended;
      } finally {
        chain.close();
      }
    },
  };
  return keeper;
}

/** Mines whenever the keeper waits for chain time, until its next record is final. */
export async function untilFinal(world: World, keeper: TestKeeper): Promise<DecisionRecord> {
  for (;;) {
    const e = await keeper.any((x) => x.kind === 'check.final' || x.kind === 'run.parked');
    if (e.kind === 'check.final') return e.record;
    if (e.kind !== 'run.parked') continue;
    const { timestamp } = await world.anvil.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
    await world.mine(Math.max(1, e.runAt - Number(timestamp)));
  }
}
