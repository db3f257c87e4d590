/**
 * Tables as Kysely sees them; migrations.ts makes them. int8 and numeric arrive as bigint. Texts named record, snapshot, plan,
 * data and payload hold `encodeJson`: jsonb would reorder keys. Addresses are lower case. Columns ending in `_at` or `_until`
 * of type timestamptz are the database's own clock; `block_time` and `not_before` are chain time in unix seconds.
 */
import type { ColumnType, Generated } from 'kysely';
import type { Outcome, Reason } from '../core/types.ts';

type Written<T> = ColumnType<T, T, never>;
type Clock = ColumnType<Date, never, Date>;

export type VaultTable = {
  id: Generated<bigint>;
  chain_id: Written<bigint>;
  address: Written<string>;
  owner: string;
  created_at: Clock;
};

export type JournalTable = {
  id: Generated<bigint>;
  kind: Written<string>;
  vault_id: Written<bigint | null>;
  check_id: Written<bigint | null>;
  execution_id: Written<bigint | null>;
  payload: Written<string>;
  at: ColumnType<Date, never, never>;
};

export type CheckTable = {
  check_id: ColumnType<bigint, bigint, never>;
  vault_id: Written<bigint>;
  status: 'RUNNING' | 'FINAL';
  block_number: bigint;
  block_hash: string;
  block_time: bigint;
  outcome: Outcome;
  reason: Reason;
  sentence: string;
  nav_usd_e8: bigint;
  hold_nav_usd_e8: bigint | null;
  max_drift_bps: number;
  symbols: string[];
  drift_bps: number[];
  tx_hashes: string[];
  gas_usd_e8: bigint | null;
  fee_usd_e8: bigint | null;
  impact_usd_e8: bigint | null;
  slippage_usd_e8: bigint | null;
  cost_usd_e8: bigint | null;
  record: string;
  snapshot: Written<string>;
  opened_at: Clock;
  final_at: ColumnType<Date | null, Date | null, Date>;
};

export const EXECUTION_STATES = ['READY', 'DONE', 'FAILED', 'CANCELLED'] as const;
export type ExecutionState = (typeof EXECUTION_STATES)[number];

export type ExecutionTable = {
  id: Generated<bigint>;
  vault_id: Written<bigint>;
  check_id: Written<bigint>;
  plan: Written<string>;
  state: ExecutionState;
  step: string;
  data: string;
  run_at: ColumnType<Date, never, Date>;
  not_before: ColumnType<bigint, bigint | undefined, bigint>;
  wakes: ColumnType<bigint, never, bigint>;
  lease_owner: string | null;
  lease_until: ColumnType<Date | null, never, Date | null>;
  fence: ColumnType<bigint, never, bigint>;
  attempts: ColumnType<number, never, number>;
  error: string | null;
  created_at: Clock;
  updated_at: Clock;
};

export const TX_STATUSES = ['SIGNED', 'MINED', 'FINAL', 'REPLACED', 'REVERTED', 'EXPIRED'] as const;
export type TxStatus = (typeof TX_STATUSES)[number];

export type TxTable = {
  id: Generated<bigint>;
  execution_id: Written<bigint>;
  slice: Written<number>;
  attempt: Written<number>;
  chain_id: Written<bigint>;
  signer: Written<string>;
  nonce: Written<bigint>;
  /** 0 for the first transaction with this nonce, 1 for what replaces it, ... */
  bump: Written<number>;
  raw: Written<string>;
  hash: Written<string>;
  max_fee_wei: Written<bigint>;
  priority_fee_wei: Written<bigint>;
  deadline: Written<bigint>;
  status: TxStatus;
  sends: ColumnType<number, never, number>;
  last_error: string | null;
  block_number: bigint | null;
  block_hash: string | null;
  gas_used: bigint | null;
  effective_gas_price_wei: bigint | null;
  final: ColumnType<boolean, never, boolean>;
  created_at: Clock;
  updated_at: Clock;
};

export type SignerTable = {
  chain_id: Written<bigint>;
  address: Written<string>;
  next_nonce: bigint;
  halted: string | null;
  updated_at: Clock;
};

export type WatchLeaseTable = {
  name: Written<string>;
  owner: string;
  host: string;
  pid: number;
  process_start: string;
  lease_until: Clock;
  heartbeat_at: Clock;
  fence: bigint;
};

export type FlowTable = {
  id: Generated<bigint>;
  vault_id: Written<bigint>;
  chain_id: Written<bigint>;
  kind: Written<'DEPOSIT' | 'WITHDRAWAL'>;
  token: Written<string>;
  amount: Written<bigint>;
  value_usd_e8: bigint | null;
  block_number: Written<bigint>;
  block_hash: Written<string>;
  block_time: Written<bigint>;
  tx_hash: Written<string>;
  log_index: Written<number>;
};

export type ScanTable = {
  vault_id: Written<bigint>;
  block_number: bigint;
  block_hash: string;
};

export type Schema = {
  vault: VaultTable;
  journal: JournalTable;
  check_record: CheckTable;
  execution: ExecutionTable;
  tx: TxTable;
  signer: SignerTable;
  watch_lease: WatchLeaseTable;
  flow: FlowTable;
  scan: ScanTable;
  schema_version: { v: number };
};
