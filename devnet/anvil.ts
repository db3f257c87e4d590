/**
 * anvil as a child that cannot outlive us.
 *
 * The platform package's binary is started directly, so that its pid is the one that `stop` kills. A parent that dies
 * by SIGKILL cannot clean up, and anvil does not watch its stdin. Hence the guard: a shell forks a subshell that blocks
 * on a pipe (fd 3) which only we hold open, and then becomes anvil by `exec`, keeping its pid. When we die in whatever
 * way, the kernel closes the pipe and the subshell kills that pid. There is no moment at which anvil runs unguarded.
 * prctl(PR_SET_PDEATHSIG) would need a native helper and exists on Linux only. On Windows libuv already puts children
 * into a job object that dies with us.
 *
 * anvil gets its own process group: Ctrl-C on the terminal must reach our shutdown, not the chain under its feet.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { EXIT, KeelError } from '../src/core/errors.ts';
import { connect, type Rpc } from './rpc.ts';

export type AnvilOptions = {
  /** 0 or absent = any free port. */
  readonly port?: number;
  /** Random when absent, so that no signature made on one devnet is valid on another. */
  readonly chainId?: number;
  readonly mnemonic: string;
  readonly accounts: number;
  /** Unix seconds of block 0. */
  readonly genesisTime: number;
  /** More of anvil's own arguments. */
  readonly extra?: readonly string[];
};

export type Anvil = {
  readonly port: number;
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly chainId: number;
  readonly pid: number;
  readonly rpc: Rpc;
  /** Resolves with anvil's exit code or signal, whenever and why ever it ends. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
};

/** Ether of every account before the deployment takes it away again. */
const BALANCE_ETH = 1_000_000_000;
const GAS_LIMIT_WHILE_DEPLOYING = 2_000_000_000;
/** Blocks whose state can still be read. Without a limit anvil spills old states to the home directory. */
const KEPT_STATES = 128;

const GUARD = '(read -r _ <&3 || kill -9 $$) >/dev/null 2>&1 & exec "$0" "$@" 3<&-';

function binaryPath(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  try {
    const main = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
    return main.resolve(`${name}/bin/${file}`);
  } catch (cause) {
    throw new KeelError({
      code: 'DEVNET_UNAVAILABLE',
      exit: EXIT.unreachable,
      field: 'anvil',
      value: name,
      reason: 'the local chain has no binary for this machine in node_modules',
      remedy: 'Run npm ci without --omit=optional on Linux, macOS (x64, arm64) or Windows (x64)',
      cause,
    });
  }
}

function launch(args: readonly string[]): ChildProcess {
  const binary = binaryPath();
  if (process.platform === 'win32') return spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return spawn('/bin/sh', ['-c', GUARD, binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

function startFailure(port: number, output: string, outcome: string): KeelError {
  if (/address already in use/i.test(output)) {
    return new KeelError({
      code: 'PORT_IN_USE',
      exit: EXIT.actionNeeded,
      field: 'port',
      value: String(port),
      reason: 'another program listens on this port of 127.0.0.1',
      remedy: 'Stop that program, or choose another port, or 0 for any free one',
    });
  }
  return new KeelError({
    code: 'DEVNET_UNAVAILABLE',
    exit: EXIT.unreachable,
    field: 'anvil',
    value: outcome,
    reason: `the local chain ended before it listened: ${output.trim().split('\n').at(-1) ?? 'no output'}`,
    remedy: 'Run npm ci again; if it stays, run the anvil binary by hand to see why',
  });
}

export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const wantedPort = options.port ?? 0;
  const chainId = options.chainId ?? randomInt(100_000, 2_000_000_000);
  const child = launch([
    ...['--host', '127.0.0.1', '--port', String(wantedPort), '--chain-id', String(chainId)],
    ...['--mnemonic', options.mnemonic, '--accounts', String(options.accounts), '--balance', String(BALANCE_ETH)],
    ...['--timestamp', String(options.genesisTime), '--gas-limit', String(GAS_LIMIT_WHILE_DEPLOYING)],
    // Its accounts are unlocked: no web page may talk to it, the dashboard goes through its own server.
    ...['--no-mining', '--prune-history', String(KEPT_STATES), '--no-cors'],
    ...(options.extra ?? []),
  ]);
  const guard = child.stdio[3] as Writable | undefined;
  // The guard may already be gone when its pipe is written to; that is what we wanted.
  guard?.on('error', () => undefined);

  let output = '';
  const ended = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => {
      guard?.end('over\n');
      done(signal ?? `exit code ${code}`);
    });
  });
  const listening = new Promise<number>((done) => {
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      const line = /Listening on 127\.0\.0\.1:(\d+)/.exec(output);
      if (line) done(Number(line[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });

  const port = await Promise.race([listening, ended]);
  if (typeof port === 'string') throw startFailure(wantedPort, output, port);
  const rpc = connect(port);
  await rpc.call('anvil_setLoggingEnabled', false);
  return {
    port,
    rpcUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    chainId,
    pid: child.pid ?? 0,
    rpc,
    ended,
    stop: async () => {
      rpc.close();
      child.kill('SIGKILL');
      await ended;
    },
  };
}
