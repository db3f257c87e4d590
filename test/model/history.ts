/** Random histories of a vault, made up one call after the other by looking at the model, so that they get somewhere. */
import { type Random, seeded } from '../../src/core/testing/random.ts';
import {
  type Account,
  type Action,
  ALL,
  type Call,
  composeSlice,
  dueView,
  type Fill,
  isOpen,
  later,
  type Model,
  POLICY_MEMBERS,
  type Policy,
  priceOf,
  refusalOf,
  type Source,
  stopDueView,
  type Target,
  type Vault,
  type World,
} from './vaultModel.ts';

export const OWNER = 'owner';
export const HEIR = 'heir';
export const KEEPER = 'keeper';
export const SECOND_KEEPER = 'keeper2';
export const STRANGER = 'stranger';
export const GUARDIAN = 'guardian';
export const ACTORS: readonly Account[] = [OWNER, HEIR, KEEPER, SECOND_KEEPER, STRANGER, GUARDIAN];

const GWEI = 10n ** 9n;
const U128 = 2n ** 128n - 1n;
const HOUR_S = 3_600;
const DAY_S = 86_400;

export type Start = {
  readonly model: Model;
  readonly rules: { readonly policy: Policy; readonly targets: readonly Target[] };
};

/** What a vault is before its first call.
 * @param world with nobody's coins in the vault and all prices good
 * @param prices {USD E8} by token */
export function startOf(seed: number, world: World, prices: readonly bigint[]): Start {
  const r = seeded(seed);
  const targets = someTargets(r, world, prices, r.chance(0.75));
  let policy = somePolicy(r);
  while (refusalOf(world, policy, targets, [KEEPER]) !== null) policy = somePolicy(r);
  const state: Vault['state'] = {
    ...{ epoch: 0n, sequence: 0n, epochStart: 0n, lastSliceAt: 0n, epochEnd: 0n, pausedUntil: 0n, snapshotAt: 0n },
    ...{ epochNavUsdE8: 0n, lossUsdE8: 0n, sold: 0n, stopped: 0n, referenceLive: false, ownerMoved: false },
  };
  const vault: Vault = {
    owner: OWNER,
    pendingOwner: 'zero',
    guardian: 'zero',
    nextGuardianPauseAt: 0n,
    keepers: [KEEPER],
    policy,
    assets: targets,
    state,
    stop: { baseUsdE8: 0n, highUsdE8: 0n, armedAt: 0n, armed: 0n },
    tips: { dayUsdE8: 0n, day: 0n },
  };
  return { model: { world, vault }, rules: { policy, targets } };
}

/* -------------------------------------------------------- rules -------------------------------------------------------- */

function someTargets(r: Random, world: World, prices: readonly bigint[], stoppable: boolean): Target[] {
  const listable = world.tokens.length - 1;
  const count = r.int(2, Math.min(5, listable));
  const tokens = new Set<number>();
  while (tokens.size < count) tokens.add(r.int(0, listable - 1));
  const sorted = [...tokens].sort((a, b) => a - b);
  const safe = new Set([r.pick(sorted), ...(r.chance(0.25) ? [r.pick(sorted)] : [])]);
  const weights = sorted.map(() => (r.chance(0.08) ? 0 : r.int(1, 10)));
  const total = weights.reduce((a, b) => a + b, 0);
  let left = 10_000;
  return sorted.map((token, i) => {
    const isLast = i === sorted.length - 1;
    const share = isLast || total === 0 ? left : Math.floor((10_000 * (weights[i] ?? 0)) / total);
    left -= isLast ? left : share;
    const isSafe = stoppable && safe.has(token);
    const price = prices[token] ?? 1n;
    const own = stoppable && !isSafe && r.chance(0.3);
    return {
      token,
      targetBps: BigInt(share),
      bandBps: BigInt(r.pick([50, 100, 200, 500, 500, 1_000, 2_000])),
      safe: isSafe,
      stopPriceUsdE8: own ? (price * BigInt(r.int(60, 95))) / 100n : 0n,
      takePriceUsdE8: own && r.chance(0.5) ? (price * BigInt(r.int(110, 180))) / 100n : 0n,
      feed: 2 * token + (stoppable ? 1 : r.int(0, 1)),
    };
  });
}

function somePolicy(r: Random): Policy {
  const sliceCooldownS = r.pick([0, 0, 0, 30, 300]);
  const ttlS = r.pick([60, 600, HOUR_S, HOUR_S, DAY_S, DAY_S]);
  const open = r.chance(0.3);
  const relaxing = open || r.chance(0.3);
  const stops = r.chance(0.75);
  const tips = r.chance(0.5);
  const n = (value: number): bigint => BigInt(value);
  return {
    destinationBps: n(r.pick([0, 0, 2_500, 5_000, 10_000])),
    innerBandBps: n(r.pick([0, 50, 100, 200])),
    scheduleS: n(r.pick([0, 0, 600, 600, HOUR_S, DAY_S])),
    cooldownS: n(sliceCooldownS + r.pick([0, 0, 60, 600, 2_000])),
    maxSlipBps: n(r.pick([1, 30, 100, 100, 300, 500])),
    lossBpsPerDay: n(r.pick([1, 20, 100, 100, 300])),
    maxSliceBps: n(r.pick([300, 1_000, 3_000, 10_000, 10_000])),
    sliceCooldownS: n(sliceCooldownS),
    minTradeUsdE2: n(r.pick([1, 100, 100, 10_000, 100_000])),
    maxGasPriceMwei: n(r.pick([0, 0, 3_000])),
    ttlS: n(ttlS),
    premiumBps: n(relaxing ? r.pick([1, 20, 100, 500]) : 0),
    relaxS: n(relaxing ? r.pick([60, Math.ceil(ttlS / 2), ttlS]) : 0),
    open,
    snapshotS: n(r.pick([0, 0, 60, Math.ceil(ttlS / 4) + 60])),
    stopLossBps: n(stops && r.chance(0.7) ? r.pick([300, 500, 1_000, 2_000]) : 0),
    takeProfitBps: n(stops && r.chance(0.4) ? r.pick([500, 2_000]) : 0),
    confirmS: n(r.pick([60, 60, 600])),
    tipBps: n(tips ? r.pick([1, 10, 20]) : 0),
    maxTipUsdE2: n(tips ? r.pick([100, 1_000, 100_000]) : 0),
    tipPerDayUsdE2: n(tips ? r.pick([150, 5_000, 1_000_000]) : 0),
  };
}

/** A good policy with one member that need not be. */
function spoiled(r: Random, policy: Policy): Policy {
  const narrow = {
    stopLossBps: 65_535,
    takeProfitBps: 65_535,
    ttlS: 100_000,
    relaxS: 100_000,
    confirmS: 700_000,
  };
  const member = r.pick(POLICY_MEMBERS);
  if (member === 'tipBps') return { ...policy, tipBps: BigInt(r.pick([0, 1, 20, 21, 255])) };
  const largest = (narrow as Record<string, number>)[member] ?? (member.endsWith('Bps') ? 12_000 : 60_000);
  return { ...policy, [member]: BigInt(r.pick([0, 1, 59, 60, 300, 301, 500, 501, largest])) };
}

function spoiledTargets(r: Random, targets: readonly Target[], world: World): Target[] {
  const i = r.int(0, targets.length - 1);
  const change = r.pick<Partial<Target>>([
    { bandBps: 49n },
    { bandBps: 2_001n },
    { targetBps: 9_999n },
    { feed: world.feeds.length },
    { token: world.tokens.length - 2 },
    { safe: true, stopPriceUsdE8: 5n },
    { stopPriceUsdE8: 10_000n, takePriceUsdE8: 0n, safe: false },
    { stopPriceUsdE8: 2n ** 63n, takePriceUsdE8: 0n, safe: false },
    { stopPriceUsdE8: 0n, takePriceUsdE8: 1n, safe: false },
    { takePriceUsdE8: 2n ** 63n },
    { safe: false },
  ]);
  if (r.chance(0.1)) return targets.slice(0, 1);
  return targets.map((t, k) => (k === i ? { ...t, ...change } : t));
}

/* -------------------------------------------------------- calls -------------------------------------------------------- */

type Draft = Action & { readonly from: Account; readonly at?: bigint };

/** The maker of the calls of one history. It keeps what things are really worth, whatever the feeds say. */
export type Maker = { readonly next: (m: Model) => Call };

/** @param prices {USD E8} by token when the history begins */
export function makerOf(seed: number, start: Model, prices: readonly bigint[]): Maker {
  const r = seeded(seed ^ 0x5eed);
  const worth = [...prices];
  const sources = start.world.sources;
  const scales = scalesOf(start.world);
  let steps = 0;
  /** Some owners want more keepers than there may be. */
  const crowded = r.chance(0.1);

  /** All feeds in use tell what things are worth. */
  const retell = (m: Model, at: bigint): Record<number, Source> => {
    const told: Record<number, Source> = {};
    for (const a of m.vault.assets) {
      for (const source of [2 * a.token, 2 * a.token + 1]) {
        const answer = ((worth[a.token] ?? 1n) * 10n ** (scales[source] ?? 8n)) / 10n ** 8n;
        told[source] = { answers: 'ok', answer, startedAt: at, updatedAt: at };
      }
    }
    return told;
  };

  const shift = (token: number, percent: number): void => {
    const before = worth[token] ?? 1n;
    const after = (before * BigInt(Math.round(percent * 100))) / 10_000n;
    const low = (prices[token] ?? 1n) / 20n;
    const high = (prices[token] ?? 1n) * 50n;
    worth[token] = after < low ? low : after > high ? high : after;
  };

  const usd = (m: Model, token: number, dollars: number): bigint => {
    const unit = 10n ** (m.world.tokens[token]?.decimals ?? 0n);
    return (BigInt(Math.round(dollars * 100)) * 1_000_000n * unit) / (worth[token] ?? 1n);
  };

  const soon = (m: Model): bigint => {
    const { now } = m.world;
    const { state, policy, stop, assets } = m.vault;
    const nextSliceAt = state.lastSliceAt + policy.sliceCooldownS;
    if (isOpen(m) && nextSliceAt > now && r.chance(0.5)) return nextSliceAt;
    const confirmedAt = stop.armedAt + policy.confirmS;
    const waits = confirmedAt > now ? confirmedAt - now : 0n;
    if (stop.armed !== 0n && r.chance(0.4))
      return now + (waits > 0n && r.chance(0.5) ? waits : waits + BigInt(r.int(1, 20)));
    // A short pause in the middle of an epoch.
    const pauseLeft = state.pausedUntil - now;
    if (isOpen(m) && pauseLeft > 0n && pauseLeft < BigInt(HOUR_S) && r.chance(0.6)) return state.pausedUntil;
    if (r.chance(isOpen(m) ? 0.85 : 0.7)) return now + BigInt(r.int(1, 40));
    const edges = [
      state.epochEnd,
      state.epochEnd + policy.cooldownS,
      state.epochEnd + policy.scheduleS,
      state.lastSliceAt + policy.sliceCooldownS,
      state.epochStart + policy.relaxS,
      state.epochStart + policy.relaxS / 2n,
      state.snapshotAt + policy.snapshotS,
      stop.armedAt + policy.confirmS,
      state.pausedUntil,
      ...assets.flatMap((a) => lastGoodTimes(m.world, a.feed)),
    ].filter((edge) => edge > now && edge < now + BigInt(DAY_S));
    if (edges.length > 0 && assets.length > 0 && r.chance(0.7)) {
      const edge = r.pick(edges) + BigInt(r.int(-1, 1));
      return edge > now ? edge : now + 1n;
    }
    return now + BigInt(r.chance(0.9) ? r.int(40, 900) : r.int(900, 2 * DAY_S));
  };

  const operator = (m: Model): Account => {
    if (m.vault.policy.open && r.chance(0.3)) return STRANGER;
    if (r.chance(0.03)) return r.pick(ACTORS);
    const keepers = m.vault.keepers.filter((k) => ACTORS.includes(k));
    return keepers.length > 0 && r.chance(0.8) ? r.pick(keepers) : m.vault.owner;
  };

  const owner = (m: Model): Account => (r.chance(0.04) ? r.pick(ACTORS) : m.vault.owner);

  const listed = (m: Model): number => r.pick(m.vault.assets).token;
  const anyToken = (m: Model): number => (r.chance(0.9) ? listed(m) : r.int(0, m.world.tokens.length - 1));
  const balanceOf = (m: Model, who: Account, token: number): bigint => m.world.balances[who]?.[token] ?? 0n;

  const slice = (m: Model, at: bigint, from: Account, beginFirst: boolean): Draft => {
    const { state, assets } = m.vault;
    const epoch = state.epoch + (beginFirst ? 1n : 0n) + (r.chance(0.02) ? 1n : 0n);
    const sequence = (beginFirst ? 0n : state.sequence) + (r.chance(0.02) ? 1n : 0n);
    const deadline = at + BigInt(r.chance(0.02) ? -1 : r.int(0, 600));
    const shape = { epoch, sequence, deadline, last: r.chance(0.12) };
    const kind = beginFirst ? 'beginAndFill' : 'fill';
    const everything = assets.map((_, i) => fillOf(i, i === 0 ? 1 : 0));
    const draft = { do: kind, from, at, gasPrice: 2n * GWEI, slice: shape, fills: everything } as const;
    const count = r.chance(0.02) ? 0 : r.pick([1, 1, 1, 2, 2, 3]);
    const fills = composeSlice(m, draft, (sizeOf, _now, made) => {
      if (made >= count) return null;
      const pairs = assets.flatMap((_, i) => assets.map((__, j) => [i, j] as const)).filter(([i, j]) => i !== j);
      const able = r.chance(0.96) ? pairs.filter(([i, j]) => sizeOf(fillOf(i, j)) !== null) : [];
      // A second fill only where there is something left, or seldom: one bad fill takes the good ones with it.
      if (able.length === 0 && made > 0 && r.chance(0.9)) return null;
      const [sell, buy] = able.length > 0 ? r.pick(able) : r.chance(0.1) ? [r.int(0, 6), 255] : r.pick(pairs);
      return someFill(r, fillOf(sell, buy), sizeOf, m);
    });
    return { do: kind, from, at, slice: shape, fills };
  };

  type Choice = readonly [weight: number, make: () => Draft];

  const choices = (m: Model, at: bigint): Choice[] => {
    const then = later(m, at);
    const { vault, world } = m;
    const { state, policy } = vault;
    const open = isOpen(then);
    const judged = dueView(then);
    const { kind, reason, nav } = typeof judged === 'string' ? { kind: 'None', reason: judged, nav: 0n } : judged;
    const stuck = typeof judged === 'string' || nav >= 2n ** 72n;
    const paused = state.pausedUntil > at;
    const statuses = vault.assets.map((a) => {
      const feed = world.feeds[a.feed];
      return feed === undefined ? 'OK' : priceOf(then.world, feed).status;
    });
    const broken = statuses.some((status) => status !== 'OK');
    const sequencerDown = statuses.includes('SEQUENCER_DOWN');
    const looked = stopDueView(then);
    const isStopDue = typeof looked !== 'string' && looked.act !== '';
    const empty = reason === 'EMPTY' || vault.assets.every((a) => balanceOf(m, 'vault', a.token) === 0n);
    const calm = kind === 'None' && !open && !paused;
    const stops = policy.stopLossBps + policy.takeProfitBps > 0n || vault.assets.some((a) => a.stopPriceUsdE8 > 0n);
    const by = (from: Account, action: Action): Draft => ({ ...action, from });
    const tellAll = (change: Record<number, Source> = {}): Draft =>
      by(STRANGER, { do: 'tell', sources: { ...retell(m, at), ...change } });
    const trading = !paused && !broken && !empty;
    // The clock of the relaxation is running.
    const relaxing = open && policy.relaxS > 0n;
    return [
      [trading && open ? 60 : 2, () => slice(m, at, operator(m), false)],
      [trading && !open && kind !== 'None' ? 25 : 2, () => by(operator(m), { do: 'begin' })],
      [trading && !open && kind !== 'None' ? 30 : 2, () => slice(m, at, operator(m), true)],
      [open ? 3 : 1, () => by(r.chance(0.5) ? operator(m) : STRANGER, { do: 'finish' })],
      [isStopDue ? (looked.reached === 0n ? 14 : 40) : 2, () => by(r.pick([STRANGER, KEEPER]), { do: 'checkStop' })],
      [
        calm ? 25 : 3,
        () => {
          shift(listed(m), r.pick([r.int(90, 110), r.int(70, 90), r.int(112, 150)]));
          return tellAll();
        },
      ],
      [
        stops && state.stopped === 0n ? (calm ? 7 : 2) : 0,
        () => {
          for (const a of vault.assets) if (!a.safe) shift(a.token, r.pick([r.int(60, 92), r.int(108, 140)]));
          return tellAll();
        },
      ],
      [sequencerDown ? 1 : broken ? 40 : 4, () => tellAll()],
      [
        vault.assets.length === 0 ? 0 : 1.2,
        () => {
          const token = listed(m);
          const which = 2 * token + r.int(0, 1);
          const answer = ((worth[token] ?? 1n) * 10n ** (scales[which] ?? 8n)) / 10n ** 8n;
          const fine: Source = { answers: 'ok', answer, startedAt: at, updatedAt: at };
          const bad = r.pick<Partial<Source>>([
            { answers: 'revert' },
            { answers: 'short' },
            { answer: 0n },
            { answer: -answer },
            { updatedAt: 0n },
            { updatedAt: at - 3n * BigInt(DAY_S) },
            { updatedAt: at + 100n },
            { answer: 2n ** 110n },
            { answer: 1n },
            { answer: (answer * 98n) / 100n },
            { answer: (answer * 103n) / 100n },
            { answer: answer * 2n },
          ]);
          return by(STRANGER, { do: 'tell', sources: { [which]: { ...fine, ...bad } } });
        },
      ],
      [
        world.sequencer === null ? 0 : sequencerDown ? 30 : open ? 4 : 1,
        () => {
          // Mostly it is back already, and the grace just over.
          const up = r.chance(0.8);
          const grace = world.sequencer?.graceS ?? 0n;
          const startedAt = up && r.chance(0.8) ? at - grace - BigInt(r.pick([0, 1, r.int(2, 60)])) : at;
          const told: Source = { answers: 'ok', answer: up ? 0n : 1n, startedAt, updatedAt: startedAt };
          return by(STRANGER, { do: 'tell', sources: { [sources.length - 1]: told } });
        },
      ],
      [
        empty ? 60 : 3,
        () => {
          const token = anyToken(m);
          const rich = balanceOf(m, vault.owner, token);
          const amount = r.chance(0.03) ? rich + 1n : r.chance(0.03) ? 0n : usd(m, token, r.int(1, 30_000));
          return by(owner(m), { do: 'deposit', token, amount });
        },
      ],
      [
        0.6,
        () => by(owner(m), { do: 'depositEth', amount: r.chance(0.1) ? 0n : BigInt(r.int(1, 10 ** 9)) * 10n ** 9n }),
      ],
      [0.6, () => by(r.pick(ACTORS), { do: 'sendEther', amount: BigInt(r.int(1, 10 ** 9)) * 10n ** 9n })],
      [
        1.5,
        () => {
          const token = anyToken(m);
          const has = balanceOf(m, 'vault', token);
          const amount = r.pick([ALL, has, has + 1n, has / 3n, has / 10n, 1n, 0n]);
          return by(owner(m), { do: 'withdraw', token, amount });
        },
      ],
      [
        stuck ? 40 : paused ? 0.6 : 0.3,
        () => by(owner(m), { do: 'withdrawAll', skip: vault.assets.map((a) => a.token).filter(() => r.chance(0.3)) }),
      ],
      [2.5, () => donation(m)],
      [
        2.2,
        () => {
          let policy = somePolicy(r);
          const refusal = refusalOf(world, policy, vault.assets, vault.keepers);
          if (r.chance(0.4) || refusal !== null) policy = spoiled(r, refusal === null ? policy : vault.policy);
          return by(owner(m), { do: 'setPolicy', policy });
        },
      ],
      [
        state.stopped === 0n ? 1.2 : 0.3,
        () => {
          const targets = someTargets(r, world, worth, stops || r.chance(0.7));
          return by(owner(m), {
            do: 'setTargets',
            targets: r.chance(0.4) ? spoiledTargets(r, targets, world) : targets,
          });
        },
      ],
      [
        crowded ? 20 : 1,
        () => {
          const keeper = r.chance(0.05)
            ? 'zero'
            : r.chance(crowded ? 0.1 : 0.5)
              ? r.pick([KEEPER, SECOND_KEEPER])
              : `spare${r.int(0, 9)}`;
          return by(owner(m), {
            do: 'setKeeper',
            keeper,
            allowed: r.chance(keeper === KEEPER || crowded ? 0.95 : 0.7),
          });
        },
      ],
      [
        vault.guardian === GUARDIAN ? 0.3 : 4,
        () => by(owner(m), { do: 'setGuardian', account: r.chance(0.8) ? GUARDIAN : 'zero' }),
      ],
      [0.5, () => by(owner(m), { do: 'pause' })],
      [paused ? (state.pausedUntil < at + BigInt(HOUR_S) ? 2 : 25) : 0.3, () => by(owner(m), { do: 'resume' })],
      [
        vault.guardian !== GUARDIAN ? 0.1 : vault.nextGuardianPauseAt > at ? 2 : relaxing ? 15 : 1.5,
        () =>
          by(r.chance(0.9) ? GUARDIAN : STRANGER, {
            do: 'guardianPause',
            seconds: BigInt(relaxing && r.chance(0.8) ? 30 : r.pick([0, 30, 30, 300, 604_800, 604_801])),
          }),
      ],
      [state.stopped !== 0n && calm ? 8 : 0.5, () => by(owner(m), { do: 'resetStop' })],
      [0.6, () => by(owner(m), { do: 'transferOwnership', to: r.pick([OWNER, HEIR, HEIR, 'zero']) })],
      [
        vault.pendingOwner === 'zero' ? 0.1 : 4,
        () =>
          by(r.chance(0.2) || vault.pendingOwner === 'zero' ? r.pick([OWNER, HEIR]) : vault.pendingOwner, {
            do: 'acceptOwnership',
          }),
      ],
    ];
  };

  const donation = (m: Model): Draft => {
    const token = anyToken(m);
    const dust = r.chance(0.5);
    // More than the words of a vault can count.
    if (r.chance(0.01)) return { do: 'donate', from: STRANGER, token, amount: usd(m, token, 6e13) };
    if (r.chance(0.01) && token !== m.world.weth) return { do: 'donate', from: STRANGER, token, amount: 2n ** 128n };
    return { do: 'donate', from: STRANGER, token, amount: dust ? 1n : usd(m, token, r.int(1, 3_000)) };
  };

  return {
    next(m) {
      steps += 1;
      const gasPrice = r.chance(0.04) ? 5n * GWEI : 2n * GWEI;
      // A vault begins with something in it.
      const first = m.vault.assets[steps - 1];
      if (steps <= start.vault.assets.length && first !== undefined) {
        const dollars = Number(first.targetBps) * r.pick([1, 5, 10]) * (0.7 + r.int(0, 6) / 10);
        const amount = usd(m, first.token, dollars);
        return { at: m.world.now + 1n, from: STRANGER, gasPrice, do: 'donate', token: first.token, amount };
      }
      const at = soon(m);
      const options = choices(m, at);
      const total = options.reduce((sum, [weight]) => sum + weight, 0);
      let mark = (r.int(0, 999_999) / 1_000_000) * total;
      const made = options.find(([weight]) => {
        mark -= weight;
        return mark < 0;
      });
      if (made === undefined) throw new Error('no choice');
      return { at, gasPrice, ...made[1]() };
    },
  };
}

/** {s} after which a feed is stale */
function lastGoodTimes({ feeds, sources }: World, index: number): bigint[] {
  const feed = feeds[index];
  if (feed === undefined) return [];
  const of = (source: number, heartbeat: bigint): bigint => (sources[source]?.updatedAt ?? 0n) + heartbeat;
  const { second } = feed;
  return [of(feed.source, feed.heartbeat), ...(second === null ? [] : [of(second.source, second.window)])];
}

/** Decimals of each source. */
const scalesOf = (w: World): bigint[] => {
  const scales = w.sources.map(() => 0n);
  for (const feed of w.feeds) {
    scales[feed.source] = feed.decimals;
    if (feed.second !== null) scales[feed.second.source] = feed.second.decimals;
  }
  return scales;
};

const fillOf = (sell: number, buy: number): Fill => ({
  sell,
  buy,
  venue: 'Filler',
  amountIn: U128,
  minOut: 0n,
  back: 0n,
  out: 0n,
  gift: null,
  mischief: 'none',
});

type SizeOf = (ask: Fill) => { readonly amountIn: bigint; readonly required: bigint } | null;

/** Mostly one that the vault accepts, often just so. */
function someFill(r: Random, ask: Fill, sizeOf: SizeOf, m: Model): Fill {
  const most = sizeOf(ask)?.amountIn ?? r.magnitude(1n, 10n ** 24n);
  let amountIn = r.pick([
    U128,
    U128,
    most,
    most + 1n,
    (most * 9n) / 10n,
    most / 2n,
    most / 2n,
    r.chance(0.1) ? 0n : most,
  ]);
  // Strangers know mostly that they have to take everything.
  if (sizeOf({ ...ask, amountIn }) === null && sizeOf(ask) !== null && r.chance(0.7)) amountIn = U128;
  const size = sizeOf({ ...ask, amountIn });
  const taken = size?.amountIn ?? most;
  let required = size?.required ?? 0n;
  let back = 0n;
  if (r.chance(0.1)) {
    back = r.pick([taken, taken / 2n, taken / 10n, 1n, taken + 1n]);
    required = back >= taken ? 0n : (required * (taken - back)) / taken + 1n;
  }
  const odd = r.chance(0.08);
  const out = odd
    ? r.pick([required > 0n ? required - 1n : 0n, 0n, (required * 6n) / 5n, required * 3n])
    : r.pick([required, required, required + 1n, (required * 10_020n) / 10_000n, (required * 10_100n) / 10_000n]);
  // The caller's bound is for what was asked, whatever the vault takes of it.
  const bound = amountIn === 0n || taken === 0n ? out : (out * amountIn) / taken;
  const minOut = r.chance(0.6) ? 0n : r.chance(0.9) ? bound : r.pick([bound + 1n, out, U128]);
  const token = r.chance(0.8) ? r.pick(m.vault.assets).token : m.world.tokens.length - 1;
  return {
    ...ask,
    venue: r.chance(0.985) ? 'Filler' : r.pick(['UniswapV4', 'BalancerV3']),
    amountIn,
    minOut: minOut > U128 ? U128 : minOut,
    back,
    out,
    gift: r.chance(0.08) ? { token, amount: r.magnitude(1n, 10n ** 18n) } : null,
    mischief: r.chance(0.98) ? 'none' : r.pick(['revert', 'reenter']),
  };
}
