/**
 * An independent look at a finished rehearsal: everything here is rebuilt from the chain's own events, receipts and
 * balances, never from what the keeper says about itself. Returns one sentence per violated promise.
 */
import { type Address, type Hex, type PublicClient, parseAbi, parseEventLogs } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';

const erc20Abi = parseAbi([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Approval(address indexed owner, address indexed spender, uint256 value)',
  'function balanceOf(address) view returns (uint256)',
]);

export type AuditInputs = {
  readonly client: PublicClient;
  readonly vault: Address;
  readonly owner: Address;
  readonly keeper: Address;
  readonly tokens: readonly Address[];
  /** Whom the vault may pay besides its owner. */
  readonly counterparties: readonly Address[];
  readonly keeperWeiAtStart: bigint;
  /** What the records claim: gas paid by the keeper and the transactions they name. */
  readonly recordedGasWei: bigint;
  readonly recordedTxHashes: readonly Hex[];
};

const BLOCKS_PER_QUERY = 2_000n;

export async function auditRehearsal(inputs: AuditInputs): Promise<string[]> {
  const { client, vault, tokens } = inputs;
  const violations: string[] = [];
  const logs = await readVaultEvents(client, vault);
  const filled = logs.filter((l) => l.eventName === 'Filled');

  violations.push(...sliceViolations(filled.map((l) => ({ ...l.args, txHash: l.transactionHash }))));

  const assets = await client.readContract({ address: vault, abi: vaultAbi, functionName: 'assets' });
  for (const token of tokens) {
    const index = assets.findIndex((a) => a.token.toLowerCase() === token.toLowerCase());
    let expected = 0n;
    for (const log of logs) {
      if (log.eventName === 'Deposited' && same(log.args.token, token)) expected += log.args.amount;
      if (log.eventName === 'Withdrawn' && same(log.args.token, token)) expected -= log.args.amount;
      if (log.eventName === 'Filled' && log.args.buy === index) expected += log.args.amountOut;
      if (log.eventName === 'Filled' && log.args.sell === index) expected -= log.args.amountIn;
    }
    const balance = await balanceOf(client, token, vault);
    if (balance !== expected) violations.push(`${token}: events add up to ${expected}, the vault holds ${balance}`);
    if ((await balanceOf(client, token, inputs.keeper)) !== 0n) violations.push(`${token}: the keeper holds some`);
    violations.push(...(await transferViolations(inputs, token)));
  }

  const keeperWei = await client.getBalance({ address: inputs.keeper });
  const paid = inputs.keeperWeiAtStart - keeperWei;
  if (paid !== inputs.recordedGasWei) {
    violations.push(`the keeper paid ${paid} wei of gas, the records say ${inputs.recordedGasWei}`);
  }
  const onChain = new Set(filled.map((l) => l.transactionHash));
  const recorded = new Set(inputs.recordedTxHashes);
  for (const hash of onChain) if (!recorded.has(hash)) violations.push(`${hash} filled, but no record names it`);
  return violations;
}

type FilledSlice = { readonly epoch: number; readonly sequence: number; readonly txHash: Hex };

/** Each (epoch, sequence) belongs to one transaction, and they only ever grow. */
export function sliceViolations(fills: readonly FilledSlice[]): string[] {
  const violations: string[] = [];
  const txOf = new Map<string, Hex>();
  let last = { epoch: 0, sequence: -1 };
  for (const { epoch, sequence, txHash } of fills) {
    const key = `${epoch}/${sequence}`;
    const known = txOf.get(key);
    if (known !== undefined && known !== txHash) violations.push(`slice ${key} ran twice: ${known} and ${txHash}`);
    txOf.set(key, txHash);
    if (epoch < last.epoch || (epoch === last.epoch && sequence < last.sequence)) {
      violations.push(`slice ${key} ran after ${last.epoch}/${last.sequence}`);
    }
    last = { epoch, sequence };
  }
  return violations;
}

/** Every event of the vault, oldest first. */
export async function readVaultEvents(client: PublicClient, vault: Address) {
  const raw = await inRanges(client, (from, to) => client.getLogs({ address: vault, fromBlock: from, toBlock: to }));
  return parseEventLogs({ abi: vaultAbi, logs: raw });
}

/** The vault never approves anyone, and its coins only ever go to its owner or to a pool of the route. */
async function transferViolations(inputs: AuditInputs, token: Address): Promise<string[]> {
  const { client, vault } = inputs;
  const allowed = new Set([inputs.owner, ...inputs.counterparties].map((a) => a.toLowerCase()));
  const [approvals, sent] = await Promise.all([
    inRanges(client, (from, to) =>
      client.getContractEvents({
        address: token,
        abi: erc20Abi,
        eventName: 'Approval',
        args: { owner: vault },
        fromBlock: from,
        toBlock: to,
      }),
    ),
    inRanges(client, (from, to) =>
      client.getContractEvents({
        address: token,
        abi: erc20Abi,
        eventName: 'Transfer',
        args: { from: vault },
        fromBlock: from,
        toBlock: to,
        strict: true,
      }),
    ),
  ]);
  return [
    ...approvals.map((l) => `${token}: the vault approved somebody in ${l.transactionHash}`),
    ...sent
      .filter((l) => !allowed.has(l.args.to.toLowerCase()))
      .map((l) => `${token}: the vault paid ${l.args.to} in ${l.transactionHash}`),
  ];
}

async function inRanges<T>(
  client: PublicClient,
  query: (from: bigint, to: bigint) => Promise<readonly T[]>,
): Promise<T[]> {
  const latest = await client.getBlockNumber({ cacheTime: 0 });
  const all: T[] = [];
  for (let from = 0n; from <= latest; from += BLOCKS_PER_QUERY) {
    const to = from + BLOCKS_PER_QUERY - 1n;
    all.push(...(await query(from, to < latest ? to : latest)));
  }
  return all;
}

function balanceOf(client: PublicClient, token: Address, holder: Address): Promise<bigint> {
  return client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [holder] });
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
