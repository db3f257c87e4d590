/** `keel deploy` and `keel verify` against a chain that says it is Base, with a coin and feeds where Base has them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPublicClient,
  encodeFunctionData,
  http,
  keccak256,
  numberToHex,
  parseEventLogs,
  type TransactionReceipt,
  zeroAddress,
  zeroHash,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oracleHubAbi } from '../src/abi/OracleHub.ts';
import { vaultFactoryAbi } from '../src/abi/VaultFactory.ts';
import { connect } from '../src/chain/clients.ts';
import { planContracts } from '../src/chain/contracts.ts';
import {
  CREATE2_DEPLOYER,
  CREATE2_DEPLOYER_CODE,
  CREATE2_DEPLOYER_TRANSACTION,
  create2Data,
} from '../src/chain/create2.ts';
import { latestHead } from '../src/chain/head.ts';
import { startAnvil, type TestAnvil } from '../src/chain/testing/anvil.ts';
import { KEEPER, KEEPER_KEY, OWNER, STRANGER, WORLD_POLICY } from '../src/chain/testing/world.ts';
import { estimateCreation } from '../src/cli/deploy/survey.ts';
import { KeelError } from '../src/core/errors.ts';
import type { Address, Hex } from '../src/core/types.ts';
import { networkNamed } from '../src/networks/find.ts';
import type { Network } from '../src/networks/types.ts';
import { keelHere, type Ran } from './support/keelHere.ts';
import { type VaultOnDevnet, vaultOnDevnet } from './support/vaultOnDevnet.ts';

type Json = Record<string, unknown>;
type Row = { name: string; address: Address; status: string; codeHash: Hex; gas: string | null; txHash: Hex | null };
type Check = { name: string; level: string; code: string | null; value: string; detail: string };

const BASE = networkNamed('base') as Network;
const PLAN = planContracts(BASE);
const at = (name: string): Address => PLAN.find((p) => p.name === name)?.address ?? '0x';
/** Answers every call with five words: as decimals() the first counts, as latestRoundData() a fresh answer of 1e8. */
const answering = (first: number): Hex => {
  const word = `60${first.toString(16).padStart(2, '0')}`;
  return `0x${word}5f526305f5e10060205242604052426060526001608052${'60a05ff3'}`;
};

type Parameter = { readonly name?: string; readonly type: string; readonly components?: readonly Parameter[] };

/** The value of an ABI type with every member zero but those given: structs grow, what these tests mean does not. */
function filled({ type, components = [] }: Parameter, given: Readonly<Record<string, unknown>>): unknown {
  if (components.length > 0)
    return Object.fromEntries(
      components.map((c) => [c.name, c.name !== undefined && c.name in given ? given[c.name] : filled(c, {})]),
    );
  if (type === 'address') return zeroAddress;
  if (type === 'bool') return false;
  return type.startsWith('bytes') ? zeroHash : 0;
}

function inputOf(abi: readonly unknown[], name: string, input: string): Parameter {
  const item = (abi as readonly { name?: string; inputs?: readonly Parameter[] }[]).find((i) => i.name === name);
  const found = item?.inputs?.find((i) => i.name === input);
  if (found === undefined) throw new Error(`${name} has no parameter ${input}`);
  return found;
}

let cwd: string;
let anvil: TestAnvil;

async function baseLike(args: readonly string[] = []): Promise<TestAnvil> {
  // EIP-7825 is enforced by the chain itself, not only by keel
  const chain = await startAnvil(['--hardfork', 'osaka', '--enable-tx-gas-limit', ...args], BASE.chainId);
  await chain.rpc('evm_setAutomine', [true]);
  for (const { address } of PLAN.flatMap((p) => p.others)) await chain.rpc('anvil_setCode', [address, answering(18)]);
  return chain;
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'keel-deploy-'));
  writeFileSync(join(cwd, 'payer.key'), KEEPER_KEY, { mode: 0o600 });
  anvil = await baseLike();
});
afterAll(async () => {
  await anvil.stop();
  rmSync(cwd, { recursive: true });
});

function run(args: readonly string[], on: TestAnvil = anvil): Promise<Ran> {
  return keelHere(args, { cwd, env: { KEEL_RPC_URL: on.http } });
}

async function json(
  args: readonly string[],
  on: TestAnvil = anvil,
): Promise<{ code: number; body: Json; stderr: string }> {
  const { code, stdout, stderr } = await run([...args, '--json'], on);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return { code, body: JSON.parse(stdout) as Json, stderr };
}

const mined = (chain: TestAnvil, hash: Hex): Promise<TransactionReceipt> =>
  createPublicClient({ transport: http(chain.http) }).waitForTransactionReceipt({ hash, pollingInterval: 20 });

const DEPLOY = ['deploy', '--network', 'base'];
const SEND = [...DEPLOY, '--key-file', 'payer.key', '--yes'];
const codeAt = (address: Address, on: TestAnvil = anvil): Promise<Hex> =>
  on.rpc<Hex>('eth_getCode', [address, 'latest']);
const nonce = async (): Promise<number> => Number(await anvil.rpc<Hex>('eth_getTransactionCount', [KEEPER, 'latest']));

/** Runs `work` with other code at an address. */
async function withCode(address: Address, code: Hex, work: () => Promise<void>): Promise<void> {
  const before = await codeAt(address);
  expect(code).not.toBe(before);
  await anvil.rpc('anvil_setCode', [address, code]);
  try {
    await work();
  } finally {
    await anvil.rpc('anvil_setCode', [address, before]);
  }
}

describe('keel deploy refuses before anything is sent', () => {
  it.each<[string, string[], number, RegExp]>([
    ['no network', ['deploy'], 2, /^error BAD_OPTION: --network \(missing\).*ethereum, polygon/],
    [
      'a mistyped one',
      ['deploy', '--network', 'bsae'],
      2,
      /^error NETWORK_UNKNOWN: --network bsae: .*Did you mean base\?/,
    ],
    ['another chain', ['deploy', '--network', 'optimism'], 5, /^error CHAIN_MISMATCH: chainId 10: .*serves chain 8453/],
    ['no key', DEPLOY, 6, /^error DEPLOYER_KEY_MISSING: --key-file/],
    [
      'a key as an argument',
      [...DEPLOY, '--key-file', KEEPER_KEY],
      2,
      /^error SECRET_IN_SETTING: --key-file \(not shown\)/,
    ],
    ['a key file that is not there', [...DEPLOY, '--key-file', 'no.key'], 6, /^error KEY_FILE_MISSING/],
    ['nobody to ask', [...DEPLOY, '--key-file', 'payer.key'], 2, /^error CONFIRMATION_NEEDED/],
  ])('%s', async (_name, args, exit, says) => {
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
    expect(stderr).not.toContain(KEEPER_KEY.slice(2));
    expect(await nonce()).toBe(0);
  });

  it('no node', async () => {
    const { code, stderr } = await keelHere(DEPLOY, { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error BAD_OPTION: --rpc \(missing\).*KEEL_RPC_URL/)]);
  });

  it('a chain that lacks what the registry says', async () => {
    await withCode(BASE.wrappedNative.address, '0x', async () => {
      const { code, stderr } = await run([...DEPLOY, '--dry-run']);
      expect([code, stderr]).toEqual([5, expect.stringMatching(/^error NETWORK_CONTRACT_MISSING: base\.weth 0x4200/)]);
    });
  });

  it('a payer without money', async () => {
    const balance = await anvil.rpc<Hex>('eth_getBalance', [KEEPER, 'latest']);
    await anvil.rpc('anvil_setBalance', [KEEPER, '0x1']);
    const { code, stderr } = await run(SEND);
    expect([code, stderr]).toEqual([6, expect.stringMatching(/^error OUT_OF_GAS_MONEY: deployer 0x7099.*OracleHub/)]);
    await anvil.rpc('anvil_setBalance', [KEEPER, balance]);
  });

  it('a chain without the deployer, until its transaction is broadcast', async () => {
    const bare = await baseLike(['--disable-default-create2-deployer']);
    try {
      expect(await codeAt(CREATE2_DEPLOYER, bare)).toBe('0x');
      const { code, stderr } = await run([...DEPLOY, '--dry-run'], bare);
      const { from, raw } = CREATE2_DEPLOYER_TRANSACTION;
      expect([code, stderr]).toEqual([3, expect.stringMatching(/^error CREATE2_DEPLOYER_MISSING: deployer 0x4e59/)]);
      expect(stderr).toContain(`Send 0.010000 ETH to ${from}`);
      await bare.rpc('anvil_setBalance', [from, '0x2386f26fc10000']);
      await mined(bare, await bare.rpc('eth_sendRawTransaction', [raw]));
      expect(await codeAt(CREATE2_DEPLOYER, bare)).toBe(CREATE2_DEPLOYER_CODE);
      expect((await run([...DEPLOY, '--dry-run'], bare)).code).toBe(0);
      await bare.rpc('anvil_setCode', [CREATE2_DEPLOYER, '0x00']);
      const other = await run([...DEPLOY, '--dry-run'], bare);
      expect([other.code, other.stderr]).toEqual([3, expect.stringMatching(/MISSING.*is another contract than/)]);
    } finally {
      await bare.stop();
    }
  });
});

describe('keel deploy', () => {
  it('shows every address and sends nothing with --dry-run, without a key', async () => {
    const { code, body } = await json([...DEPLOY, '--dry-run']);
    const rows = body.contracts as Row[];
    expect([code, body.schema, body.chainId, body.dryRun]).toEqual([0, 'evenkeel.deploy/1', 8_453, true]);
    expect(rows.map((r) => [r.name, r.address, r.status])).toEqual(PLAN.map((p) => [p.name, p.address, 'planned']));
    // what needs nothing of ours can be computed to the last byte before it is there
    const hub = rows.find((r) => r.name === 'OracleHub');
    expect([hub?.codeHash, Number(hub?.gas) > 100_000]).toEqual([expect.stringMatching(/^0x[0-9a-f]{64}$/), true]);
    for (const { address } of PLAN) expect(await codeAt(address)).toBe('0x');
  });

  it('puts each where it said, below the gas that one transaction may use', async () => {
    const planned = (await json([...DEPLOY, '--dry-run'])).body.contracts as Row[];
    const { code, body } = await json(SEND);
    const rows = body.contracts as Row[];
    expect([code, body.missing]).toEqual([0, []]);
    expect(rows.map((r) => [r.address, r.status])).toEqual(PLAN.map((p) => [p.address, 'deployed']));
    for (const row of rows) {
      expect(keccak256(await codeAt(row.address))).toBe(row.codeHash);
      expect(Number(row.gas)).toBeLessThanOrEqual(2 ** 24);
      const foretold = planned.find((p) => p.name === row.name);
      if (foretold?.codeHash !== null) expect(row.codeHash).toBe(foretold?.codeHash);
    }
    expect(await nonce()).toBe(PLAN.length);
  });

  it('has nothing to do the second time, not even without a key', async () => {
    const before = await nonce();
    const { code, body } = await json(DEPLOY);
    expect([code, (body.contracts as Row[]).map((r) => r.status)]).toEqual([0, PLAN.map(() => 'present')]);
    const text = await run(SEND);
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining('Everything is there already')]);
    expect(await nonce()).toBe(before);
  });

  it.each(PLAN.map((p) => p.name))('stops at wrong code where %s should be', async (name) => {
    const code = await codeAt(at(name));
    await withCode(at(name), `${code.slice(0, -2)}${code.endsWith('00') ? '01' : '00'}` as Hex, async () => {
      const { code: exit, stderr } = await run(SEND);
      expect([exit, stderr]).toEqual([7, expect.stringMatching(new RegExp(`^error CODE_DIFFERS: ${name} 0x`))]);
    });
  });
});

describe('an estimate', () => {
  let empty: TestAnvil;
  beforeAll(async () => {
    empty = await baseLike();
  });
  afterAll(() => empty.stop());

  const estimate = async (name: string, network: Network, more = 0): Promise<string> => {
    const chain = await connect(empty.http, BASE.chainId);
    const contract = PLAN.find((p) => p.name === name);
    if (contract === undefined) throw new Error(`${name} is not planned`);
    const longer = { ...contract, initCode: `${contract.initCode}${'00'.repeat(more)}` as Hex };
    try {
      return String(await estimateCreation(chain, await latestHead(chain), network, longer, STRANGER));
    } catch (error) {
      if (error instanceof KeelError) return `${error.exit} ${error.code}: ${error.reason}`;
      throw error;
    } finally {
      chain.close();
    }
  };

  it('passes on why a constructor refuses', async () => {
    expect(await estimate('VaultFactory', BASE)).toBe(
      '7 CREATION_REVERTED: its constructor refuses: ZeroAddress(rulebook)',
    );
  });

  it('stops at more bytes than a chain accepts', async () => {
    const bytes = ((PLAN.find((p) => p.name === 'OracleHub')?.initCode.length ?? 0) - 2) / 2;
    expect(await estimate('OracleHub', BASE, 49_152 - bytes)).toMatch(/^\d+$/);
    expect(await estimate('OracleHub', BASE, 49_153 - bytes)).toMatch(/^7 CREATION_TOO_LARGE: .*\(49152\)/);
  });

  it('stops at more gas than a transaction of the network may use', async () => {
    const gas = await estimate('OracleHub', BASE);
    expect(gas).toMatch(/^\d+$/);
    expect(await estimate('OracleHub', { ...BASE, maxTxGas: Number(gas) })).toBe(gas);
    expect(await estimate('OracleHub', { ...BASE, maxTxGas: Number(gas) - 1 })).toMatch(
      /^7 CREATION_TOO_EXPENSIVE: .*Base/,
    );
  });
});

it('goes on where somebody stopped: it does not matter who deployed what is there', async () => {
  const half = await baseLike();
  try {
    const hub = PLAN.find((p) => p.name === 'OracleHub');
    if (hub === undefined) throw new Error('no hub is planned');
    const data = create2Data(hub.salt, hub.initCode);
    await mined(half, await half.rpc('eth_sendTransaction', [{ from: STRANGER, to: CREATE2_DEPLOYER, data }]));
    const { code, body } = await json(SEND, half);
    expect([code, (body.contracts as Row[]).map((r) => r.status)]).toEqual([
      0,
      PLAN.map((p) => (p.name === 'OracleHub' ? 'present' : 'deployed')),
    ]);
  } finally {
    await half.stop();
  }
});

/** {decimals} of the two coins of the vault: wrapped ether and dollars. */
const COINS = BASE.tokens.filter((t) => t.symbol === 'WETH' || t.symbol === 'USDC');

function feedOf(pair: string): { feed: Address; heartbeat: number; decimals: number } {
  const feed = BASE.feeds.find((f) => f.pair === pair);
  if (feed === undefined || feed.heartbeatS === null) throw new Error(`no feed ${pair}`);
  return { feed: feed.address, heartbeat: feed.heartbeatS, decimals: feed.decimals };
}

async function send(to: Address, data: Hex, from: Address = OWNER): Promise<TransactionReceipt> {
  const hash = await anvil.rpc<Hex>('eth_sendTransaction', [{ from, to, data, gas: '0x1000000' }]);
  const receipt = await mined(anvil, hash);
  expect(receipt.status).toBe('success');
  return receipt;
}

async function register(pair: string): Promise<Hex> {
  const wanted = { ...feedOf(pair), minPriceUsdE8: 10_000n, maxPriceUsdE8: 10n ** 15n };
  const config = filled(inputOf(oracleHubAbi, 'register', 'config'), wanted) as typeof wanted;
  await anvil.rpc('anvil_setCode', [wanted.feed, answering(wanted.decimals)]);
  const data = encodeFunctionData({ abi: oracleHubAbi, functionName: 'register', args: [config as never] });
  const id = await anvil.rpc<Hex>('eth_call', [{ to: at('OracleHub'), data }, 'latest']);
  await send(at('OracleHub'), data);
  return id;
}

let vaults = 0;
async function makeVault(factory: Address, pairs: Readonly<Record<string, string>>): Promise<Address> {
  const targets = [];
  for (const coin of COINS) {
    await anvil.rpc('anvil_setCode', [coin.address, answering(coin.decimals)]);
    const pair = pairs[coin.symbol] ?? coin.pricedBy[0] ?? '';
    const target = { token: coin.address, targetBps: 5_000, bandBps: 500, feedId: await register(pair) };
    const type = inputOf(vaultFactoryAbi, 'create', 'targets');
    targets.push(filled({ ...type, type: 'tuple' }, target) as typeof target);
  }
  targets.sort((a, b) => (a.token.toLowerCase() < b.token.toLowerCase() ? -1 : 1));
  const salt = numberToHex(++vaults, { size: 32 });
  const policy = filled(inputOf(vaultFactoryAbi, 'create', 'policy'), WORLD_POLICY) as typeof WORLD_POLICY;
  const args = [OWNER, KEEPER, policy, targets, salt] as const;
  const data = encodeFunctionData({ abi: vaultFactoryAbi, functionName: 'create', args: args as never });
  const receipt = await send(factory, data);
  const [event] = parseEventLogs({ abi: vaultFactoryAbi, eventName: 'VaultCreated', logs: receipt.logs });
  if (event === undefined) throw new Error('no vault was created');
  return event.args.vault;
}

const implementationOf = (factory: Address): Promise<Address> =>
  anvil
    .rpc<Hex>('eth_call', [
      { to: factory, data: encodeFunctionData({ abi: vaultFactoryAbi, functionName: 'implementation' }) },
      'latest',
    ])
    .then((word) => `0x${word.slice(26)}` as Address);

describe('keel verify', () => {
  let vault: Address;
  beforeAll(async () => {
    expect((await run(SEND)).code).toBe(0);
    vault = await makeVault(at('VaultFactory'), {});
  });

  const verify = (address: Address, more: readonly string[] = []) =>
    json(['verify', address, '--network', 'base', ...more]);
  const failures = (body: Json): [string | null, string][] =>
    (body.checks as Check[]).filter((c) => c.level === 'FAIL').map((c) => [c.code, c.name]);

  it('proves a vault of ours: factory, clone, everything below it, parties and feeds', async () => {
    const { code, body, stderr } = await verify(vault, ['--owner', OWNER]);
    expect([code, stderr, body.ok, body.schema]).toEqual([0, '', true, 'evenkeel.verify/1']);
    const checks = body.checks as Check[];
    expect(checks.filter((c) => c.level !== 'ok')).toEqual([]);
    const names = checks.map((c) => c.name);
    for (const name of ['vault code', 'made by', 'factory code', 'implementation code', 'rulebook code', 'hub code'])
      expect(names).toContain(name);
    expect(checks.find((c) => c.name === 'implementation code')?.value.toLowerCase()).toBe(
      await implementationOf(at('VaultFactory')),
    );
    expect((body.parties as { role: string; address: string }[]).map((p) => [p.role, p.address.toLowerCase()])).toEqual(
      [
        ['owner', OWNER],
        ['keeper', KEEPER],
      ],
    );
    expect(checks.find((c) => c.name === 'feed of WETH')?.detail).toMatch(/^ETH \/ USD in the registry: feed 0x7104/);
  });

  it('reads as a table, with one error line per failure', async () => {
    const good = await run(['verify', vault, '--network', 'base']);
    expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/^ok +factory code +0x.*\n/m)]);
    expect(good.stdout).toContain('This vault is what this version of keel makes.');
    const bad = await run(['verify', vault, '--network', 'base', '--owner', STRANGER]);
    expect([bad.code, bad.stderr]).toEqual([9, expect.stringMatching(/^error OWNER_DIFFERS: owner 0x[^\n]*\n$/)]);
  });

  it('refuses what is no address, has no code, or is on another chain', async () => {
    const text = await run(['verify', '0x12', '--network', 'base']);
    expect([text.code, text.stderr]).toEqual([2, expect.stringMatching(/^error BAD_ADDRESS: vault 0x12/)]);
    const mistyped = vault.replace(/[a-f]/i, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
    expect((await run(['verify', mistyped, '--network', 'base'])).stderr).toMatch(/^error BAD_ADDRESS_CHECKSUM/);
    const empty = await run(['verify', STRANGER, '--network', 'base']);
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringMatching(/^error NOT_A_VAULT: vault 0x.*no code/)]);
    const other = await run(['verify', vault, '--network', 'ethereum']);
    expect([other.code, other.stderr]).toEqual([5, expect.stringMatching(/^error CHAIN_MISMATCH/)]);
  });

  it('is not fooled by code that differs in one byte', async () => {
    const code = await codeAt(vault);
    await withCode(vault, `0x35${code.slice(4)}`, async () => {
      const { code: exit, body, stderr } = await verify(vault);
      expect([exit, body.ok, failures(body)]).toEqual([9, false, [['VAULT_CODE_DIFFERS', 'vault code']]]);
      expect(stderr).toMatch(/^error VAULT_CODE_DIFFERS: vault code 0x/);
      expect([body.parties, body.assets]).toEqual([[], []]);
    });
  });

  it("is not fooled by somebody else's clone of the real implementation", async () => {
    const twin: Address = '0x00000000000000000000000000000000000f00d1';
    await anvil.rpc('anvil_setCode', [twin, await codeAt(vault)]);
    const { code, body } = await verify(twin);
    expect([code, failures(body)]).toEqual([9, expect.arrayContaining([['NOT_FROM_FACTORY', 'made by']])]);
  });

  it('is not fooled by a clone of a look-alike that names the real factory', async () => {
    const real = await implementationOf(at('VaultFactory'));
    const evil: Address = '0x00000000000000000000000000000000000f00d2';
    const twin: Address = '0x00000000000000000000000000000000000f00d3';
    await anvil.rpc('anvil_setCode', [evil, `${await codeAt(real)}00`]);
    await anvil.rpc('anvil_setCode', [twin, (await codeAt(vault)).replace(real.slice(2), evil.slice(2))]);
    const { code, body } = await verify(twin);
    expect(code).toBe(9);
    expect(failures(body)).toEqual(
      expect.arrayContaining([
        ['IMPLEMENTATION_DIFFERS', 'vault code'],
        ['NOT_FROM_FACTORY', 'made by'],
      ]),
    );
  });

  it('is not fooled by altered code anywhere below the vault', async () => {
    const implementation = await implementationOf(at('VaultFactory'));
    for (const [name, address] of [
      ['factory code', at('VaultFactory')],
      ['hub code', at('OracleHub')],
      ['implementation code', implementation],
      ['rulebook code', at('Rulebook')],
    ] as const)
      await withCode(address, `${await codeAt(address)}00`, async () => {
        const { code, body } = await verify(vault);
        expect([code, failures(body)]).toEqual([9, [['CODE_DIFFERS', name]]]);
      });
  });

  it('is not fooled by a factory of the same code with another hub or another coin', async () => {
    const twisted = { ...BASE, wrappedNative: { address: CREATE2_DEPLOYER, source: 'nowhere' } };
    const factory = planContracts(twisted).find((p) => p.name === 'VaultFactory');
    if (factory === undefined) throw new Error('no factory is planned');
    const other = factory.address;
    expect(other).not.toBe(at('VaultFactory'));
    await send(CREATE2_DEPLOYER, create2Data(factory.salt, factory.initCode), STRANGER);
    const theirs = await makeVault(other, {});
    const { code, body } = await verify(theirs);
    expect([code, failures(body)]).toEqual([9, [['FACTORY_UNKNOWN', 'factory']]]);
  });

  it('points at a price of another token, without failing: the owner chose it', async () => {
    const odd = await makeVault(at('VaultFactory'), { WETH: 'LINK / USD' });
    const { code, body } = await verify(odd);
    const doubts = (body.checks as Check[]).filter((c) => c.level === 'warn');
    expect([code, doubts.map((c) => [c.code, c.name])]).toEqual([0, [['FEED_OF_ANOTHER_TOKEN', 'feed of WETH']]]);
  });
});

describe('keel verify with a config file, on a chain that no registry knows', () => {
  let on: VaultOnDevnet;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'keel-verify-'));
    on = await vaultOnDevnet(dir);
  });
  afterAll(async () => {
    await on.stop();
    rmSync(dir, { recursive: true });
  });

  const check = async (contracts: Partial<typeof on.config.contracts> = {}): Promise<{ code: number; body: Json }> => {
    const file = { ...on.file, contracts: { ...on.file.contracts, ...contracts } };
    writeFileSync(join(dir, 'keel.config.json'), JSON.stringify(file));
    const { code, stdout } = await keelHere(['verify', on.config.vault, '--json'], { cwd: dir });
    return { code, body: JSON.parse(stdout) as Json };
  };

  it('takes the factory, the hub and the coin of the config', async () => {
    const { code, body } = await check();
    expect([code, body.ok, body.network]).toEqual([0, true, null]);
    const checks = body.checks as Check[];
    expect(checks.filter((c) => c.level === 'FAIL')).toEqual([]);
    expect(checks.find((c) => c.name === 'factory')?.detail).toBe('the address in the config');
    expect(checks.map((c) => c.name)).toEqual(expect.arrayContaining(['factory weth', 'implementation code']));
    expect(checks.filter((c) => c.name === 'keeper').map((c) => c.value)).toEqual([on.devnet.accounts.keeper.address]);
  });

  it('fails when the config means others', async () => {
    const somewhere = '0x00000000000000000000000000000000000f00d4';
    for (const [change, code] of [
      [{ factory: somewhere }, 'FACTORY_UNKNOWN'],
      [{ hub: somewhere }, 'HUB_UNKNOWN'],
      [{ weth: somewhere }, 'ARGUMENT_DIFFERS'],
    ] as const) {
      const { code: exit, body } = await check(change);
      const codes = (body.checks as Check[]).filter((c) => c.level === 'FAIL').map((c) => c.code);
      expect([exit, codes]).toEqual([9, [code]]);
    }
  });
});
