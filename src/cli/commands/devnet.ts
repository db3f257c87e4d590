import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Devnet, startDevnet } from '../../../devnet/devnet.ts';
import { writeAtomic } from '../../config/save.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import { type Call, integerOption, textOption } from '../command.ts';
import { chosenScenario } from '../scenario.ts';

const DEFAULT_SCENARIO = '2022-11-ftx';
/** A keeper beside it has minutes of chain time for a slice; much faster, and they pass between sign and send. */
const DEFAULT_SPEED = 60;
const MAX_SEED = 0xffff_ffff;

/** Keys of test accounts, derived from the seed; worthless elsewhere, and still never readable by others. */
function writeKey(path: string, key: string): string {
  writeAtomic(path, `${key}\n`, { field: 'key file', mode: 0o600, overwrite: true });
  chmodSync(path, 0o600);
  return path;
}

function writeDeployment(dir: string, devnet: Devnet): string {
  const { deployment, accounts } = devnet;
  const path = join(dir, 'deployment.json');
  writeKey(join(dir, 'owner.key'), accounts.owner.privateKey);
  writeKey(join(dir, 'keeper.key'), accounts.keeper.privateKey);
  const file = {
    schema: 'evenkeel.deployment/1',
    mode: 'REHEARSAL',
    chainId: devnet.chainId,
    rpcUrl: devnet.rpcUrl,
    wsUrl: devnet.wsUrl,
    contracts: deployment.contracts,
    tokens: deployment.tokens.map(({ symbol, address, decimals, feedId }) => ({ symbol, address, decimals, feedId })),
    pools: deployment.pools.map(({ venue, address }) => ({ venue, address })),
    owner: { address: accounts.owner.address, keyFile: 'owner.key' },
    keeper: { address: accounts.keeper.address, keyFile: 'keeper.key' },
  };
  writeAtomic(path, `${JSON.stringify(file, null, 2)}\n`, { field: 'deployment', mode: 0o644, overwrite: true });
  return path;
}

/** Until Ctrl-C, the end of the chain, or a step of the market that fails. */
function untilStopped(call: Call, devnet: Devnet): Promise<void> {
  return new Promise<void>((done, fail) => {
    const { interrupted } = call.io;
    if (interrupted.aborted) return done();
    interrupted.addEventListener('abort', () => done(), { once: true });
    devnet.market.start(fail);
    void devnet.ended.then((how) =>
      fail(
        new KeelError({
          code: 'DEVNET_ENDED',
          exit: EXIT.unreachable,
          field: 'anvil',
          value: how,
          reason: 'the local chain ended by itself',
          remedy: 'Start it again',
        }),
      ),
    );
  });
}

export async function run(call: Call): Promise<ExitCode> {
  const { output, io } = call;
  const scenario = chosenScenario(call, DEFAULT_SCENARIO);
  const seed = integerOption(call, '--seed', 0, MAX_SEED) ?? 1;
  const speed = integerOption(call, '--speed', 1, 14_400) ?? DEFAULT_SPEED;
  const port = integerOption(call, '--port', 0, 65_535) ?? 0;
  const dir = resolve(io.cwd, textOption(call, 'dir') ?? join('.keel', 'devnet'));
  output.progress('starting the chain and deploying the contracts');
  const devnet = await startDevnet({ scenario, seed, port });
  try {
    devnet.market.setSpeed(speed);
    const file = writeDeployment(dir, devnet);
    const { contracts, tokens, pools, feeds } = devnet.deployment;
    output.line(
      `chain ${devnet.chainId} on ${devnet.wsUrl}   tokens ${tokens.length}   feeds ${feeds.length}   pools ${pools.length}`,
    );
    output.line(`scenario ${scenario.name}, ${scenario.hours} hours, seed ${seed}, ${speed} chain seconds per second`);
    output.line(`factory ${contracts.factory}   hub ${contracts.hub}   lens ${contracts.lens}`);
    output.line(`owner ${devnet.accounts.owner.address}   keeper ${devnet.accounts.keeper.address}`);
    output.line(`wrote ${file}`);
    output.line(
      'Test money only. Ctrl-C stops it. Next, in another terminal: keel init --targets "WETH=40,WBTC=30,USDC=30"',
    );
    output.object({
      schema: 'evenkeel.devnet/1',
      chainId: devnet.chainId,
      rpcUrl: devnet.rpcUrl,
      wsUrl: devnet.wsUrl,
      pid: devnet.pid,
      scenario: scenario.name,
      seed,
      speed,
      deployment: file,
      contracts,
    });
    await untilStopped(call, devnet);
  } finally {
    await devnet.stop();
  }
  output.progress('stopped');
  return EXIT.ok;
}
