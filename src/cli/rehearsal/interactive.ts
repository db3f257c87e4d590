/** The rehearsal a person watches: the market runs by the clock, the keeper and the page live beside it. */
import { join } from 'node:path';
import { startApi } from '../../api/serve.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import type { Io, Output } from '../output.ts';
import { followKeeper } from './follow.ts';
import { startKeeper } from './keeperProcess.ts';
import { checkLine } from './lines.ts';
import { createPace } from './pace.ts';
import type { World } from './world.ts';

const BLOCK_S = 12;

export type InteractiveOptions = {
  readonly world: World;
  readonly speed: number;
  readonly io: Io;
  readonly output: Output;
};

/** Runs until Ctrl-C. @throws KeelError when a part of the rehearsal ends by itself */
export async function runInteractive({ world, speed, io, output }: InteractiveOptions): Promise<void> {
  const { devnet, db, chain, config } = world;
  const logPath = join(config.dataDir, 'keeper.log');
  const api = await startApi({
    config,
    db,
    chain,
    keeper: devnet.accounts.keeper.address,
    log: output.progress,
  });
  const follower = await followKeeper(db);
  const keeper = startKeeper(world.configPath, logPath);
  const failed = Promise.withResolvers<never>();
  void keeper.ended.then((how) => failed.reject(ended('the keeper', how, `Read ${logPath}`)));
  void devnet.ended.then((how) => failed.reject(ended('the local chain', how, 'Start the rehearsal again')));
  const stopped = new Promise<void>((done) => {
    if (io.interrupted.aborted) done();
    io.interrupted.addEventListener('abort', () => done(), { once: true });
  });
  let afterEnd: NodeJS.Timeout | undefined;
  const pace = createPace(devnet.market, config.rule.frequency);
  try {
    output.line(`Dashboard  ${api.url}`);
    output.line(`Chain      ${devnet.rpcUrl}   chain id ${devnet.chainId}, test money only`);
    output.line(`Config     ${world.configPath}   for npm run keel -- status --config ...`);
    output.line(`Market     ${devnet.market.scenario.title}, ${speed} times as fast as life. Ctrl-C stops everything.`);
    output.line();
    devnet.market.setSpeed(speed);
    let announced = false;
    for (let first = true; ; first = false) {
      const news = await Promise.race([follower.next(), stopped, failed.promise]);
      if (news === undefined) return;
      pace.hear(news);
      if (news.kind !== 'CHECK') continue;
      output.line(checkLine(news.check, output.paint));
      // The market waits for the first check, so that nobody misses the beginning.
      if (first) devnet.market.start(failed.reject, pace.settled);
      if (news.check.time >= devnet.market.endTime && !announced) {
        announced = true;
        output.line(`\nThe market has reached its end: prices stand still. Pause and withdraw at ${api.url}`);
        // A chain without blocks would look broken: it goes on as in life.
        afterEnd = setInterval(() => {
          devnet.market.step(devnet.market.time + BLOCK_S).catch(failed.reject);
        }, BLOCK_S * 1_000);
      }
    }
  } finally {
    clearInterval(afterEnd);
    pace.end();
    await devnet.market.stop();
    await keeper.stop();
    await follower.close();
    await api.stop();
  }
}

function ended(what: string, how: string, remedy: string): KeelError {
  return new KeelError({
    code: 'REHEARSAL_BROKEN',
    exit: EXIT.unreachable,
    field: what,
    value: how,
    reason: 'it ended by itself',
    remedy,
  });
}
