/** A keeper as a process of its own that dies where the test says: SIGKILL from inside, at the exact point. */
import { connect } from '../../src/chain/clients.ts';
import { loadSigner } from '../../src/chain/signer.ts';
import { type Submit, sendPublic } from '../../src/chain/submit/public.ts';
import { KeelError } from '../../src/core/errors.ts';
import { decodeJson, encodeJson } from '../../src/core/json.ts';
import type { KeeperConfig } from '../../src/keeper/context.ts';
import type { KeeperEvent } from '../../src/keeper/events.ts';
import { runKeeper } from '../../src/keeper/loop.ts';
import { openDb } from '../../src/store/db.ts';

export type Fault =
  /** Around the n-th transaction (1 = first) that this process hands to the node. */
  | { readonly at: 'before-send' | 'after-send'; readonly nth: number }
  /** When the n-th event of this kind is told. */
  | { readonly at: KeeperEvent['kind']; readonly nth: number };

export type ChildInput = {
  readonly rpcUrl: string;
  readonly databaseUrl: string;
  readonly config: KeeperConfig;
  readonly keyFile: string;
  readonly fault: Fault | null;
};

export type ChildLine =
  | { readonly type: 'event'; readonly event: KeeperEvent }
  | { readonly type: 'rss'; readonly bytes: number }
  | { readonly type: 'error'; readonly code: string; readonly exit: number; readonly message: string };

function say(line: ChildLine): void {
  process.stdout.write(`${encodeJson(line)}\n`);
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) {
    // SIGKILL is on its way; nothing below may run.
  }
}

async function main(input: ChildInput): Promise<void> {
  const { fault } = input;
  let sends = 0;
  const submit: Submit = async (chain, raw) => {
    sends += 1;
    if (fault?.at === 'before-send' && sends === fault.nth) die();
    const result = await sendPublic(chain, raw);
    if (fault?.at === 'after-send' && sends === fault.nth) die();
    return result;
  };
  let told = 0;
  const abort = new AbortController();
  process.on('SIGTERM', () => abort.abort());
  const signer = loadSigner({ keyFile: input.keyFile });
  const chain = await connect(input.rpcUrl, input.config.chainId);
  const db = await openDb({ dataDir: '/nonexistent', databaseUrl: input.databaseUrl });
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  try {
    await runKeeper({
      config: input.config,
      db,
      chain,
      signer,
      log: silent,
      signal: abort.signal,
      submit,
      onEvent: (event) => {
        if (event.kind === fault?.at) told += 1;
        if (event.kind === fault?.at && told === fault.nth) die();
        say({ type: 'event', event });
      },
    });
    say({ type: 'rss', bytes: process.memoryUsage.rss() });
  } finally {
    chain.close();
    await db.close();
  }
}

try {
  await main(decodeJson<ChildInput>(process.env.KEEL_TEST_CHILD ?? ''));
} catch (error) {
  if (!(error instanceof KeelError)) throw error;
  say({ type: 'error', code: error.code, exit: error.exit, message: error.message });
  process.exitCode = error.exit;
}
