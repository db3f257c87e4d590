/**
 * What the HTTP API says. Every bigint of the core shapes arrives as a decimal string (see `Public`).
 * The zod schemas in src/api must describe exactly these types; docs/openapi.json is generated from them.
 */
import type {
  AssetView,
  CheckSummary,
  Costs,
  DecisionRecord,
  Hex,
  KeeperRule,
  Mode,
  VaultPolicy,
} from '../core/types.ts';

/** A core shape as it travels: bigint becomes a decimal string, everything else stays. */
export type Public<T> = T extends bigint
  ? string
  : T extends readonly (infer E)[]
    ? readonly Public<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Public<T[K]> }
      : T;

/** Live sub-state of a vault, in the words of the dashboard. */
export type Activity = 'WATCHING' | 'TRADING' | 'WAITING' | 'PAUSED' | 'CANNOT_ACT' | 'EMPTY' | 'KEEPER_SILENT';

/** GET /api/status */
export type Status = {
  readonly schema: 'evenkeel.status/1';
  readonly mode: Mode;
  readonly chainId: number;
  readonly vault: Hex;
  readonly owner: Hex;
  readonly weth: Hex;
  readonly activity: Activity;
  /** One sentence each: "Balanced. No trade is needed." and the detail under it. */
  readonly headline: string;
  readonly detail: string;
  /** Read from the chain when the request was answered. */
  readonly block: { readonly number: number; readonly time: number };
  /** Wall-clock seconds since the newest block was seen; null = the chain does not answer. */
  readonly dataAgeS: number | null;
  readonly navUsdE8: bigint | null;
  readonly holdNavUsdE8: bigint | null;
  readonly depositedUsdE8: bigint | null;
  readonly sinceStartUsdE8: bigint | null;
  readonly costs: Costs;
  readonly assets: readonly AssetView[];
  readonly pausedUntil: number;
  readonly policy: VaultPolicy;
  readonly rule: KeeperRule;
  readonly lastCheck: CheckSummary | null;
  /** Chain time of the next check. */
  readonly nextCheckAt: number | null;
  readonly keeper: { readonly address: Hex; readonly lastSeenS: number | null };
};

/** GET /api/checks?before=<checkId>&limit=<1..500>; newest first. */
export type Checks = {
  readonly schema: 'evenkeel.checks/1';
  readonly checks: readonly CheckSummary[];
  readonly nextBefore: number | null;
};

/** GET /api/checks/:id */
export type Check = DecisionRecord;

/** GET /api/series?hours=<1..8760>; oldest first, at most 2,000 points, trades never dropped. */
export type Series = {
  readonly schema: 'evenkeel.series/1';
  readonly symbols: readonly string[];
  readonly points: readonly {
    readonly time: number;
    readonly navUsdE8: bigint | null;
    readonly holdNavUsdE8: bigint | null;
    readonly driftBps: readonly (number | null)[];
  }[];
  readonly trades: readonly { readonly time: number; readonly checkId: number; readonly costUsdE8: bigint }[];
};

/** GET /api/events: server-sent events. `id` is the journal id, so Last-Event-ID resumes without a gap. */
export type ServerEvent =
  | { readonly type: 'check'; readonly id: number; readonly check: CheckSummary }
  | {
      readonly type: 'run';
      readonly id: number;
      readonly checkId: number;
      readonly state: string;
      readonly detail: string;
    };

/** Any 4xx or 5xx: application/problem+json. */
export type Problem = {
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly reason: string;
  readonly remedy: string;
};
