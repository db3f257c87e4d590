import { statusOnce } from '../../api/sources.ts';
import type { Status } from '../../api/types.ts';
import { loadSigner } from '../../chain/signer.ts';
import type { Config } from '../../config/schema.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { durationText, usdText } from '../../core/format.ts';
import type { Address } from '../../core/types.ts';
import { loadCallConfig } from '../callConfig.ts';
import type { Call } from '../command.ts';
import { withChain, withDb } from '../data.ts';
import { assetTable } from '../decisionText.ts';

const ZERO: Address = `0x${'0'.repeat(40)}`;

/** Shown only; a status must not fail because this user may not read the keeper's key. */
function keeperAddress(config: Config): Address {
  if (config.keeper === null) return ZERO;
  try {
    return loadSigner(config.keeper).address;
  } catch {
    return ZERO;
  }
}

function signedUsd(value: bigint): string {
  return `${value > 0n ? '+' : ''}${usdText(value)}`;
}

function print({ output }: Call, s: Status): void {
  const check =
    s.lastCheck === null
      ? 'no check yet'
      : `last check ${s.lastCheck.checkId}, ${durationText(s.block.time - s.lastCheck.time)} ago`;
  const next =
    s.nextCheckAt === null
      ? 'at every block'
      : s.nextCheckAt <= s.block.time
        ? 'now'
        : `in ${durationText(s.nextCheckAt - s.block.time)}`;
  const keeper = s.keeper.lastSeenS === null ? 'never ran' : `seen ${durationText(s.keeper.lastSeenS)} ago`;
  output.line(
    `${s.mode}  ${s.activity.toLowerCase().replaceAll('_', ' ')}   ${check}   next ${next}   keeper ${keeper}`,
  );
  output.line(s.headline);
  output.line(s.detail);
  const money = [
    `value ${s.navUsdE8 === null ? 'unknown' : usdText(s.navUsdE8)}`,
    ...(s.sinceStartUsdE8 === null ? [] : [`since start ${signedUsd(s.sinceStartUsdE8)}`]),
    ...(s.holdNavUsdE8 === null ? [] : [`held instead ${usdText(s.holdNavUsdE8)}`]),
    `costs ${usdText(s.costs.totalUsdE8)}`,
  ];
  output.line(money.join('   '));
  for (const line of assetTable(s.assets)) output.line(line);
}

function exitOf(s: Status): ExitCode {
  if (s.activity === 'PAUSED') return EXIT.paused;
  return s.activity === 'CANNOT_ACT' ? EXIT.unreachable : EXIT.ok;
}

export async function run(call: Call): Promise<ExitCode> {
  const { config } = loadCallConfig(call);
  const status = await withChain(config, (chain) =>
    withDb(config, (db) => statusOnce({ config, chain, db, keeper: keeperAddress(config) })),
  );
  print(call, status);
  call.output.object({ ...status });
  return exitOf(status);
}
