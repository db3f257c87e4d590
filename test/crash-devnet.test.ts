/** The same deaths on the rehearsal's chain: real V2 and V3 pools, four assets, and a node that mines each send at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFunctionData, keccak256 } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scenarioByName } from '../devnet/scenarios/catalogue.ts';
import { vaultAbi } from '../src/abi/Vault.ts';
import { decodeVaultEvents, eventTopic, type RawLog } from '../src/chain/vault.ts';
import { openWorld, type World } from '../src/cli/rehearsal/world.ts';
import type { Hex } from '../src/core/types.ts';
import { urlOf } from '../src/store/db.ts';
import type { Fault } from './crash/child.ts';
import { type KeeperProcess, play, spawnKeeper } from './crash/harness.ts';

const PATIENCE = 180_000;
let dataDir: string;
let world: World;
const running: KeeperProcess[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'keel-crash-'));
  world = await openWorld({ scenario: scenarioByName('flat'), seed: 3, dataDir, apiPort: 0 });
}, PATIENCE);
afterEach(async () => {
  for (const k of running.splice(0)) await k.kill();
  await world.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function keeper(fault: Fault | null): KeeperProcess {
  const { config, db, devnet } = world;
  if (db.server === null || config.keeper === null) throw new Error('the rehearsal has no server or no key');
  const started = spawnKeeper({
    rpcUrl: devnet.wsUrl,
    databaseUrl: urlOf(db.server),
    // The drill is about deaths, not about gas.
    config: { ...config, rule: { ...config.rule, maxGasPriceWei: null, maxGasUsdE8: null } },
    keyFile: config.keeper.keyFile,
    fault,
  });
  running.push(started);
  return started;
}

const clock = async (runAt: number): Promise<void> => {
  await world.devnet.market.step(runAt);
};

describe('a keeper that dies in the rehearsal', () => {
  it.each([
    { at: 'before-send', nth: 1 },
    { at: 'after-send', nth: 1 },
    { at: 'after-send', nth: 2 },
  ] as const)(
    '$at number $nth: every slice lands once',
    async (fault) => {
      const { client, config, db, devnet } = world;
      // The owner takes out all WETH: 40 % of the portfolio has to be bought back, in two slices of at most 25 %.
      const args = [config.contracts.weth, 2n ** 256n - 1n] as const;
      const hash = await client.request({
        method: 'eth_sendTransaction' as never,
        params: [
          {
            from: devnet.accounts.owner.address,
            to: config.vault,
            data: encodeFunctionData({ abi: vaultAbi, functionName: 'withdraw', args }),
          },
        ] as never,
      });
      await client.waitForTransactionReceipt({ hash: hash as Hex });
      const weiBefore = await client.getBalance({ address: devnet.accounts.keeper.address });
      const first = keeper(fault);
      expect(await play(first, clock)).toBeNull();
      expect((await first.exit).signal).toBe('SIGKILL');
      const { rows: before } = await db.pool.query<{ raw: Hex; hash: Hex; status: string }>(
        'select raw, hash, status from tx order by id',
      );
      expect(before.at(-1)?.status).toBe('SIGNED');

      const second = keeper(null);
      const record = await play(second, clock);
      expect(record?.outcome, record?.sentence).toBe('TRADED');
      const slices = record?.plan?.slices ?? [];
      expect(slices.length).toBeGreaterThan(1);
      const logs = (await client.request({
        method: 'eth_getLogs',
        params: [{ address: config.vault, fromBlock: '0x0', toBlock: 'latest', topics: [eventTopic('Filled')] }],
      })) as readonly RawLog[];
      const filled = decodeVaultEvents(config.vault, logs).flatMap((e) => (e.event === 'Filled' ? [e] : []));
      expect([...new Set(filled.map((f) => `${f.epoch}/${f.sequence}`))]).toEqual(slices.map((s) => `1/${s.sequence}`));
      expect([...new Set(filled.map((f) => f.txHash))]).toEqual(record?.txHashes);
      expect(filled.map((f) => f.amountIn)).toEqual(record?.realised?.fills.map((f) => f.amountIn));
      const { rows: after } = await db.pool.query<{ raw: Hex; hash: Hex; status: string }>(
        'select raw, hash, status from tx order by id',
      );
      expect(after.slice(0, before.length).map((r) => r.hash)).toEqual(before.map((r) => r.hash));
      expect(after.map((r) => [keccak256(r.raw), r.status])).toEqual(record?.txHashes.map((h) => [h, 'FINAL']));
      expect(await client.getTransactionCount({ address: devnet.accounts.keeper.address })).toBe(slices.length);
      const weiAfter = await client.getBalance({ address: devnet.accounts.keeper.address });
      expect(record?.realised?.gasWei).toBe(weiBefore - weiAfter);
    },
    PATIENCE,
  );
});
