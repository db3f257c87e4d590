import { latestHead } from '../../chain/head.ts';
import { readSnapshot } from '../../chain/snapshot.ts';
import { type Decision, decide } from '../../core/decide.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { durationText, leftOutText, usdText } from '../../core/format.ts';
import { loadCallConfig } from '../callConfig.ts';
import { type Call, flagOption, orInterrupted } from '../command.ts';
import { withChain } from '../data.ts';
import { assetTable, guardCount, guardLines, planLines } from '../decisionText.ts';

/** Opt-in, so that a scheduled `keel plan` does not fail on every ordinary drift. */
function exitOf(decision: Decision): ExitCode {
  if (decision.due.reason === 'PAUSED') return EXIT.paused;
  if (decision.proposal === 'TRADE') return EXIT.actionNeeded;
  return decision.proposal === 'HELD_BACK' ? EXIT.heldBack : EXIT.ok;
}

function print({ output }: Call, decision: Decision): void {
  const oldest = decision.assets.reduce((age, a) => Math.max(age, a.priceAgeS), 0);
  output.line(`Value ${usdText(decision.navUsdE8)}   oldest price ${durationText(oldest)} old`);
  for (const line of assetTable(decision.assets, decision.plan)) output.line(line);
  if (decision.plan !== null) for (const line of planLines(decision.plan)) output.line(line);
  output.line(guardCount(decision.guards));
  for (const line of guardLines(
    decision.guards.filter((g) => !g.pass),
    output,
  ))
    output.line(line);
  output.line(decision.sentence);
  if (decision.counterfactual !== null) output.line(decision.counterfactual);
  output.line(
    decision.proposal === 'TRADE' ? 'Would trade now. Nothing was sent.' : 'Would not trade now. Nothing was sent.',
  );
}

export async function run(call: Call): Promise<ExitCode> {
  const { config } = loadCallConfig(call);
  return withChain(config, async (chain) => {
    const head = await orInterrupted(call.io, latestHead(chain));
    const snapshot = await readSnapshot(chain, config, config.mode, head);
    const decision = decide(snapshot, config.rule, { now: head.time, runInProgress: false });
    print(call, decision);
    for (const p of snapshot.leftOut) call.output.line(`Left out: ${leftOutText(p)}.`);
    call.output.object({
      schema: 'evenkeel.preview/1',
      chainId: config.chainId,
      mode: config.mode,
      vault: config.vault,
      block: snapshot.block,
      ...decision,
    });
    return flagOption(call, 'exitCode') ? exitOf(decision) : EXIT.ok;
  });
}
