/** What the model says of a vault, in the words in which the contract is asked, and where the two differ. */
import type { LiveVault, Seen, Views } from './chain.ts';
import {
  type Call,
  dueView,
  type Event,
  type Model,
  type Outcome,
  step,
  stopDueView,
  type Value,
} from './vaultModel.ts';

function viewsOf(m: Model): Views {
  const { vault, world } = m;
  const judged = dueView(m);
  const { owner, pendingOwner, guardian, nextGuardianPauseAt } = vault;
  return {
    state: vault.state,
    stop: vault.stop,
    tips: vault.tips,
    due: typeof judged === 'string' ? judged : { kind: judged.kind, reason: judged.reason, retryAt: judged.retryAt },
    stopDue: stopDueView(m),
    people: { owner, pendingOwner, guardian, nextGuardianPauseAt, keepers: vault.keepers.join() },
    policy: vault.policy,
    assets: vault.assets.map((a) => ({
      token: `token${a.token}`,
      decimals: world.tokens[a.token]?.decimals ?? -1n,
      targetBps: a.targetBps,
      bandBps: a.bandBps,
      safe: a.safe,
      stopPriceUsdE8: a.stopPriceUsdE8,
      takePriceUsdE8: a.takePriceUsdE8,
      feed: BigInt(a.feed),
    })),
    balances: world.balances,
  };
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner)) ?? 'nothing';

/** As lines "what: model … contract …"; keys may come in any order. */
function differences(what: string, model: unknown, contract: unknown): string[] {
  if (typeof model === 'object' && model !== null && typeof contract === 'object' && contract !== null) {
    const keys = new Set([...Object.keys(model), ...Object.keys(contract)]);
    const [a, b] = [model as Record<string, unknown>, contract as Record<string, unknown>];
    return [...keys].flatMap((key) => differences(`${what}.${key}`, a[key], b[key]));
  }
  return model === contract ? [] : [`${what}: model ${show(model)}, contract ${show(contract)}`];
}

const told = (events: readonly Event[]): Record<string, unknown> =>
  Object.fromEntries(events.map(({ name, args }, i) => [`${i} ${name}`, args]));

function outcomeDifferences(model: Outcome, contract: Outcome): string[] {
  if (model.ok && contract.ok) return differences('events', told(model.events), told(contract.events));
  if (model.ok || contract.ok || model.error !== contract.error) {
    return [`outcome: model ${show(model)}, contract ${show(contract)}`];
  }
  const known = (_: Value | undefined, i: number): boolean => model.args[i] !== undefined;
  return differences(model.error, model.args.filter(known), contract.args.filter(known));
}

export type Step = {
  readonly before: Model;
  readonly after: Model;
  readonly outcome: Outcome;
  readonly wrong: string[];
};

/** The same call to both. */
export async function playBoth(model: Model, live: LiveVault, call: Call): Promise<Step> {
  const { model: after, outcome } = step(model, call);
  const seen: Seen = await live.play(
    call,
    model.vault.assets.map((a) => a.token),
  );
  const wrong = [...outcomeDifferences(outcome, seen.outcome), ...differences('views', viewsOf(after), seen.views)];
  return { before: model, after, outcome, wrong };
}

export const callText = (call: Call): string => show(call);
