import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as openSocket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPublicClient, http, webSocket } from 'viem';
import { describe, expect, it } from 'vitest';
import { KeelError } from '../src/core/errors.ts';
import { accountsOf } from './accounts.ts';
import { startAnvil } from './anvil.ts';

const { mnemonic, owner, keeper, deployer } = accountsOf(7);
const OPTIONS = { mnemonic, accounts: 3, genesisTime: 1_667_260_800 };

/** Processes of a group that still run; the guard belongs to anvil's group. */
function living(group: number): number[] {
  if (!existsSync('/proc/self/stat')) {
    try {
      process.kill(-group, 0);
      return [group];
    } catch {
      return [];
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(join('/proc', name, 'stat'), 'utf8');
      } catch {
        // It ended between the listing and the look.
        return '';
      }
    })
    .filter((stat) => {
      const [state, , pgid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(pgid) === group && state !== 'Z';
    })
    .map((stat) => Number.parseInt(stat, 10));
}

async function gone(group: number): Promise<void> {
  // A process that is nobody's child sends no event to wait for.
  while (living(group).length > 0) await delay(5);
}

describe('anvil', () => {
  it('listens for HTTP and WebSocket on one free port, on a random chain, with the accounts unlocked', async () => {
    const [a, b] = await Promise.all([startAnvil(OPTIONS), startAnvil(OPTIONS)]);
    try {
      expect(a.port).not.toBe(b.port);
      expect(a.chainId).not.toBe(b.chainId);
      for (const transport of [http(a.rpcUrl), webSocket(a.wsUrl)]) {
        expect(await createPublicClient({ transport }).getChainId()).toBe(a.chainId);
      }
      const unlocked = await a.rpc.call<string[]>('eth_accounts');
      expect(unlocked).toEqual([owner, keeper, deployer].map((account) => account.address.toLowerCase()));
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
    await Promise.all([gone(a.pid), gone(b.pid)]);
    expect(await a.ended).toBe('SIGKILL');
  });

  it('names the port in use and the remedy', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const error = await startAnvil({ ...OPTIONS, port }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(KeelError);
      expect(error).toMatchObject({ code: 'PORT_IN_USE', field: 'port', value: String(port), exit: 3 });
    } finally {
      server.close();
    }
  });

  it('dies with a parent that is killed without warning', async () => {
    const script = `
      import { startAnvil } from ${JSON.stringify(join(import.meta.dirname, 'anvil.ts'))};
      const anvil = await startAnvil(${JSON.stringify(OPTIONS)});
      process.stdout.write(anvil.pid + ' ' + anvil.port + '\\n');
      setInterval(() => {}, 1_000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const [pid, port] = line.toString().split(' ').map(Number);
    if (pid === undefined || port === undefined) throw new Error(line.toString());
    expect(living(pid)).toContain(pid);
    const socket = openSocket(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = new Promise<void>((done) => {
      socket.on('error', () => undefined);
      socket.on('close', () => done());
    });
    socket.resume();
    parent.kill('SIGKILL');
    await closed;
    await gone(pid);
  });

  it('tells how it ended when somebody else ends it', async () => {
    const anvil = await startAnvil(OPTIONS);
    process.kill(anvil.pid, 'SIGKILL');
    expect(await anvil.ended).toBe('SIGKILL');
    await gone(anvil.pid);
    await anvil.stop();
  });
});
