/** What every part of one running keeper shares. */
import type { Chain } from '../chain/clients.ts';
import type { Signer } from '../chain/signer.ts';
import type { Submit } from '../chain/submit/public.ts';
import type { Config } from '../config/schema.ts';
import type { HoldBalances } from '../core/hold.ts';
import type { Mode, Snapshot } from '../core/types.ts';
import type { Db, Q } from '../store/db.ts';
import type { SignerKey } from '../store/signers.ts';
import type { KeeperEvent } from './events.ts';

/** The part of a Config that a keeper reads. */
export type KeeperConfig = Pick<Config, 'mode' | 'chainId' | 'contracts' | 'vault' | 'tokens' | 'pools' | 'rule'>;

/** pino's shape; a line is (fields, message). */
export type Logger = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type KeeperDeps = {
  readonly config: KeeperConfig;
  readonly db: Db;
  readonly chain: Chain;
  readonly signer: Signer;
  readonly log: Logger;
  /** Aborting ends the keeper after the database step under way. */
  readonly signal: AbortSignal;
  /** One check (or the end of the run that a crash left), then return its record. */
  readonly once?: boolean;
  /** Everything but signing; nothing of the decision is stored. */
  readonly dryRun?: boolean;
  readonly onEvent?: (event: KeeperEvent) => void;
  /** How signed bytes leave; the public mempool unless told otherwise. */
  readonly submit?: Submit;
  /** Blocks, the one with the receipt included, after which a receipt counts as final. */
  readonly confirmations?: number;
};

/** In memory only: losing it costs a few reads, never money. */
export type Memory = {
  /** Head number at which each transaction was last handed to the node. */
  readonly lastSent: Map<number, number>;
  /** Newest block that was searched for whoever used a nonce of which we have no receipt. */
  readonly strangeNonce: Map<number, number>;
  /** There may be transactions without a final receipt. */
  mayHaveOpenTx: boolean;
  mayHaveRun: boolean;
  snapshot: Snapshot | null;
  flows: FlowMemory | null;
  /** Chain time of the newest check, live or final. */
  lastCheckAt: number | null;
  /** The vault has stops, so every block is looked at. */
  watchesStops: boolean;
  /** Chain time of the newest check that a stop asked for out of turn, until it has acted. */
  stopCheckAt: number;
  /** Chain time up to which missed checks have been recorded. */
  skipsToldAt: number;
};

/** Scanned in memory up to `blockNumber`, in the database up to `storedTo`; nothing happened in between. */
export type FlowMemory = {
  readonly blockNumber: number;
  readonly storedTo: number | null;
  readonly held: HoldBalances;
};

export type Ctx = {
  readonly config: KeeperConfig;
  readonly q: Q;
  readonly chain: Chain;
  readonly signer: Signer;
  readonly key: SignerKey;
  readonly log: Logger;
  readonly submit: Submit;
  readonly confirmations: number;
  /** Id of this process, owner of its leases. */
  readonly owner: string;
  readonly vaultId: number;
  readonly memory: Memory;
  emit(event: KeeperEvent): void;
};

const CONFIRMATIONS: Readonly<Record<Mode, number>> = { REHEARSAL: 1, FORK: 1, TESTNET: 3, LIVE: 5 };

export function confirmationsOf(mode: Mode): number {
  return CONFIRMATIONS[mode];
}

/** {s} wall-clock age at which a head is too old to decide on; null where chain time is not wall time. */
export function maxHeadAgeS(mode: Mode): number | null {
  return mode === 'LIVE' || mode === 'TESTNET' ? 180 : null;
}

export function newMemory(): Memory {
  return {
    lastSent: new Map(),
    strangeNonce: new Map(),
    mayHaveOpenTx: true,
    mayHaveRun: true,
    snapshot: null,
    flows: null,
    lastCheckAt: null,
    watchesStops: true,
    stopCheckAt: 0,
    skipsToldAt: 0,
  };
}
