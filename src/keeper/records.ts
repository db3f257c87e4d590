/** Decision records, from a decision and what became of it. */
import type { Decision } from '../core/decide.ts';
import { type HoldBalances, holdNavUsdE8 as holdNav } from '../core/hold.ts';
import type { DecisionRecord, Hex, Outcome, Realised, Reason, Snapshot } from '../core/types.ts';

export type Judged = {
  readonly snapshot: Snapshot;
  readonly decision: Decision;
  readonly held: HoldBalances;
};

export type Verdict = {
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly secondary: readonly Reason[];
  readonly sentence: string;
  readonly counterfactual: string | null;
};

/** The verdict of a decision that nothing came between. */
export function verdictOf(decision: Decision): Verdict {
  const { proposal, reason, secondary, sentence, counterfactual, plan } = decision;
  const acted = plan?.kind === 'STOP_CHECK' ? 'NO_TRADE' : 'TRADED';
  return { outcome: proposal === 'TRADE' ? acted : proposal, reason, secondary, sentence, counterfactual };
}

/** Something after the decision kept the trade from happening; the decision's own reason becomes a secondary one. */
export function heldBack(decision: Decision, reason: Reason, sentence: string, counterfactual: string): Verdict {
  return {
    outcome: 'HELD_BACK',
    reason,
    secondary: others(reason, [decision.reason, ...decision.secondary]),
    sentence,
    counterfactual,
  };
}

export function others(primary: Reason, reasons: readonly Reason[]): readonly Reason[] {
  return [...new Set(reasons)].filter((r) => r !== primary);
}

export function buildRecord(checkId: number, judged: Judged, verdict: Verdict): DecisionRecord {
  const { snapshot, decision, held } = judged;
  return {
    schema: 'evenkeel.decision/3',
    checkId,
    chainId: snapshot.chainId,
    mode: snapshot.mode,
    vault: snapshot.vault.address,
    block: snapshot.block,
    ...verdict,
    due: decision.due,
    navUsdE8: decision.navUsdE8,
    holdNavUsdE8: holdNav(held, snapshot.vault.assets),
    gas: decision.gas,
    assets: decision.assets,
    guards: decision.guards,
    plan: decision.plan,
    txHashes: [],
    realised: null,
  };
}

/** What became of an opened check. */
export function closeRecord(
  draft: DecisionRecord,
  verdict: Verdict,
  done: { readonly txHashes: readonly Hex[]; readonly realised: Realised | null },
): DecisionRecord {
  return { ...draft, ...verdict, txHashes: done.txHashes, realised: done.realised };
}
