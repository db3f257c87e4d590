/**
 * One vault, its tokens and its price feeds as plain data, and what each call does to them. Written from the documentation
 * of the contracts, slowly and plainly, and sharing no code with src/: it exists to disagree.
 *
 * All numbers are bigint and all divisions floor, as on chain. Units are those of the Solidity members of the same name.
 */

export type Account = string;
export type TokenIndex = number;

/* ------------------------------------------------------ the world ------------------------------------------------------ */

/** What an aggregator answers. */
export type Source = {
  readonly answers: 'ok' | 'revert' | 'short';
  readonly answer: bigint;
  readonly startedAt: bigint;
  readonly updatedAt: bigint;
};

/** A feed that is registered with the hub: one aggregator in dollars, perhaps with a second opinion. */
export type Feed = {
  readonly source: number;
  readonly heartbeat: bigint;
  readonly decimals: bigint;
  readonly minPriceUsdE8: bigint;
  readonly maxPriceUsdE8: bigint;
  readonly second: null | {
    readonly source: number;
    readonly window: bigint;
    readonly decimals: bigint;
    readonly maxDivergenceBps: bigint;
  };
};

export type World = {
  now: bigint;
  /** In ascending order of their addresses, so that the order of indices is the order that targets must have. */
  readonly tokens: readonly { readonly decimals: bigint }[];
  readonly weth: TokenIndex;
  readonly feeds: readonly Feed[];
  sources: Source[];
  readonly sequencer: null | { readonly source: number; readonly graceS: bigint };
  balances: Record<Account, bigint[]>;
};

/* ------------------------------------------------------ the vault ------------------------------------------------------ */

export type Target = {
  readonly token: TokenIndex;
  readonly targetBps: bigint;
  readonly bandBps: bigint;
  readonly safe: boolean;
  readonly stopPriceUsdE8: bigint;
  readonly takePriceUsdE8: bigint;
  /** Index into World.feeds; beyond it, an id that nobody registered. */
  readonly feed: number;
};

export const POLICY_MEMBERS = [
  'destinationBps',
  'innerBandBps',
  'scheduleS',
  'cooldownS',
  'maxSlipBps',
  'lossBpsPerDay',
  'maxSliceBps',
  'sliceCooldownS',
  'minTradeUsdE2',
  'maxGasPriceMwei',
  'ttlS',
  'premiumBps',
  'relaxS',
  'snapshotS',
  'stopLossBps',
  'takeProfitBps',
  'confirmS',
  'tipBps',
  'maxTipUsdE2',
  'tipPerDayUsdE2',
] as const;

export type Policy = Readonly<Record<(typeof POLICY_MEMBERS)[number], bigint>> & { readonly open: boolean };

export type Vault = {
  owner: Account;
  pendingOwner: Account;
  guardian: Account;
  nextGuardianPauseAt: bigint;
  keepers: Account[];
  policy: Policy;
  assets: readonly Target[];
  state: {
    epoch: bigint;
    sequence: bigint;
    epochStart: bigint;
    lastSliceAt: bigint;
    epochEnd: bigint;
    pausedUntil: bigint;
    snapshotAt: bigint;
    epochNavUsdE8: bigint;
    lossUsdE8: bigint;
    sold: bigint;
    stopped: bigint;
    referenceLive: boolean;
    ownerMoved: boolean;
  };
  stop: { baseUsdE8: bigint; highUsdE8: bigint; armedAt: bigint; armed: bigint };
  tips: { dayUsdE8: bigint; day: bigint };
};

export type Model = { readonly world: World; readonly vault: Vault };

/* ------------------------------------------------------ the calls ------------------------------------------------------ */

export type Venue = 'Filler' | 'UniswapV4' | 'BalancerV3';

/** One fill, together with what the filler will do: hand back some of the input, bring the output, give a present. */
export type Fill = {
  readonly sell: number;
  readonly buy: number;
  readonly venue: Venue;
  readonly amountIn: bigint;
  readonly minOut: bigint;
  readonly back: bigint;
  readonly out: bigint;
  readonly gift: null | { readonly token: TokenIndex; readonly amount: bigint };
  /** Instead of paying: revert by itself, or call the vault's `finish` in the middle of the fill. */
  readonly mischief: 'none' | 'revert' | 'reenter';
};

export type Slice = {
  readonly epoch: bigint;
  readonly sequence: bigint;
  readonly deadline: bigint;
  readonly last: boolean;
};

export type Action =
  | { readonly do: 'deposit'; readonly token: TokenIndex; readonly amount: bigint }
  | { readonly do: 'depositEth'; readonly amount: bigint }
  | { readonly do: 'sendEther'; readonly amount: bigint }
  | { readonly do: 'withdraw'; readonly token: TokenIndex; readonly amount: bigint }
  | { readonly do: 'withdrawAll'; readonly skip: readonly TokenIndex[] }
  | { readonly do: 'setPolicy'; readonly policy: Policy }
  | { readonly do: 'setTargets'; readonly targets: readonly Target[] }
  | { readonly do: 'setKeeper'; readonly keeper: Account; readonly allowed: boolean }
  | { readonly do: 'setGuardian'; readonly account: Account }
  | { readonly do: 'pause' | 'resume' | 'resetStop' | 'acceptOwnership' | 'begin' | 'finish' | 'checkStop' }
  | { readonly do: 'transferOwnership'; readonly to: Account }
  | { readonly do: 'guardianPause'; readonly seconds: bigint }
  | { readonly do: 'fill' | 'beginAndFill'; readonly slice: Slice; readonly fills: readonly Fill[] }
  | { readonly do: 'donate'; readonly token: TokenIndex; readonly amount: bigint }
  | { readonly do: 'tell'; readonly sources: Readonly<Record<number, Source>> };

/** What happens in the block of time `at`, which is later than the one before. */
export type Call = { readonly at: bigint; readonly from: Account; readonly gasPrice: bigint } & Action;

export type Value = bigint | boolean | string;
export type Event = { readonly name: string; readonly args: Readonly<Record<string, Value>> };
/** `args` of an error: undefined where the model does not care. */
export type Outcome =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly error: string; readonly args: readonly (Value | undefined)[] };

/* ------------------------------------------------------ constants ------------------------------------------------------ */

export const ALL = 2n ** 256n - 1n;
export const FOREVER = 2n ** 32n - 1n;
const BPS = 10_000n;
const MILLION = 1_000_000n;
const DAY_S = 86_400n;
const CENT_E8 = 1_000_000n;
const WORD_72 = 2n ** 72n;
const LARGEST_ANSWER = 2n ** 104n - 1n;

class Refusal extends Error {
  readonly args: readonly (Value | undefined)[];
  constructor(name: string, args: readonly (Value | undefined)[]) {
    super(name);
    this.args = args;
  }
}

function refuse(name: string, ...args: (Value | undefined)[]): never {
  throw new Refusal(name, args);
}

function demand(met: boolean, name: string, ...args: (Value | undefined)[]): void {
  if (!met) refuse(name, ...args);
}

const best = (isBetter: (a: bigint, b: bigint) => boolean, values: readonly bigint[]): bigint =>
  values.reduce((kept, value) => (isBetter(value, kept) ? value : kept));
const least = (...values: bigint[]): bigint => best((a, b) => a < b, values);
const most = (...values: bigint[]): bigint => best((a, b) => a > b, values);
const orZero = (value: bigint): bigint => (value > 0n ? value : 0n);
const size = (value: bigint): bigint => (value < 0n ? -value : value);
const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const has = (bits: bigint, i: number): boolean => ((bits >> BigInt(i)) & 1n) === 1n;
const bit = (i: number): bigint => 1n << BigInt(i);

function at<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new RangeError(`nothing at ${i} of ${list.length}`);
  return item;
}

/* ------------------------------------------------------- prices -------------------------------------------------------- */

export const STATUS = [
  'OK',
  'PRICE_STALE',
  'PRICE_INVALID',
  'PRICE_OUT_OF_BOUNDS',
  'PRICE_UNREACHABLE',
  'PRICE_DIVERGED',
  'SEQUENCER_DOWN',
] as const;
export type Status = (typeof STATUS)[number];

/** @returns up since when; null while down or in grace */
function upSince(w: World): bigint | null {
  if (w.sequencer === null) return 0n;
  const { answers, answer, startedAt } = at(w.sources, w.sequencer.source);
  const told = answers === 'ok' && answer === 0n && startedAt !== 0n && startedAt <= w.now;
  if (!told || w.now - startedAt <= w.sequencer.graceS) return null;
  return startedAt + w.sequencer.graceS;
}

function read(w: World, source: number, heartbeat: bigint): { status: Status; answer: bigint } {
  const { answers, answer, updatedAt } = at(w.sources, source);
  let status: Status = 'OK';
  if (answers !== 'ok') status = 'PRICE_UNREACHABLE';
  else if (answer <= 0n || updatedAt === 0n) status = 'PRICE_INVALID';
  else if (updatedAt > w.now || w.now - updatedAt > heartbeat) status = 'PRICE_STALE';
  else if (answer > LARGEST_ANSWER) status = 'PRICE_OUT_OF_BOUNDS';
  return { status, answer };
}

const inE18 = (answer: bigint, decimals: bigint): bigint => (answer * 10n ** 18n) / 10n ** decimals;

/** @returns {USD E8} of one whole token */
export function priceOf(w: World, feed: Feed): { status: Status; usdE8: bigint } {
  const bad = (status: Status) => ({ status, usdE8: 0n });
  if (upSince(w) === null) return bad('SEQUENCER_DOWN');
  const first = read(w, feed.source, feed.heartbeat);
  if (first.status !== 'OK') return bad(first.status);
  const usdE8 = (first.answer * 10n ** 8n) / 10n ** feed.decimals;
  if (usdE8 <= feed.minPriceUsdE8 || usdE8 >= feed.maxPriceUsdE8) return bad('PRICE_OUT_OF_BOUNDS');
  if (feed.second === null) return { status: 'OK', usdE8 };

  const second = read(w, feed.second.source, feed.second.window);
  if (second.status !== 'OK') return bad(second.status);
  const firstE18 = inE18(first.answer, feed.decimals);
  const secondE18 = inE18(second.answer, feed.second.decimals);
  if (secondE18 >= 2n ** 128n) return bad('PRICE_OUT_OF_BOUNDS');
  if (size(firstE18 - secondE18) * BPS > feed.second.maxDivergenceBps * firstE18) return bad('PRICE_DIVERGED');
  return { status: 'OK', usdE8 };
}

/** Prices of all assets whose bit is set in `asked`; the others are 0. Refuses when one of them is bad. */
function goodPrices({ world, vault }: Model, asked: bigint): bigint[] {
  return vault.assets.map((a, i) => {
    if (!has(asked, i)) return 0n;
    const { status, usdE8 } = priceOf(world, at(world.feeds, a.feed));
    if (status !== 'OK') refuse('BadPrice', undefined, BigInt(STATUS.indexOf(status)), undefined);
    return usdE8;
  });
}

/* ------------------------------------------------------ valuation ------------------------------------------------------ */

const held = (m: Model, account: Account, token: TokenIndex): bigint => at(m.world.balances[account] ?? [], token);

const unitOf = (m: Model, i: number): bigint => 10n ** at(m.world.tokens, at(m.vault.assets, i).token).decimals;

const worthOf = (m: Model, i: number, amount: bigint, priceUsdE8: bigint): bigint =>
  (amount * priceUsdE8) / unitOf(m, i);

function valuesOf(m: Model, prices: readonly bigint[]): { values: bigint[]; nav: bigint } {
  const values = m.vault.assets.map((a, i) => worthOf(m, i, held(m, 'vault', a.token), at(prices, i)));
  return { values, nav: values.reduce((a, b) => a + b, 0n) };
}

/** A balance that no real token has is none. */
function checkBalance(m: Model, token: TokenIndex): void {
  demand(held(m, 'vault', token) < 2n ** 128n, 'BadBalance', `token${token}`);
}

function checkBalances(m: Model): void {
  for (const { token } of m.vault.assets) checkBalance(m, token);
}

type Aim = { readonly targetBps: bigint; readonly bandBps: bigint };

/** A stopped asset has neither target nor band; what it gave up goes to the safe ones by their targets, the rest of the
 *  division, or everything if they have none, to the first of them. */
export function inForce({ assets, state }: Vault): Aim[] {
  const stopped = (i: number): boolean => has(state.stopped, i);
  const freed = assets.reduce((sum, a, i) => (stopped(i) ? sum + a.targetBps : sum), 0n);
  const safe = assets.map((a, i) => ({ ...a, i })).filter(({ safe: flag, i }) => flag && !stopped(i));
  const safeSum = safe.reduce((sum, a) => sum + a.targetBps, 0n);
  const gains = new Map<number, bigint>();
  if (state.stopped !== 0n) {
    const [first, ...others] = safe;
    if (first === undefined) throw new Error('something was stopped though nothing is safe');
    for (const a of others) gains.set(a.i, safeSum === 0n ? 0n : (freed * a.targetBps) / safeSum);
    gains.set(
      first.i,
      [...gains.values()].reduce((left, gain) => left - gain, freed),
    );
  }
  return assets.map((a, i) =>
    stopped(i) ? { targetBps: 0n, bandBps: 0n } : { targetBps: a.targetBps + (gains.get(i) ?? 0n), bandBps: a.bandBps },
  );
}

const shareOf = (bps: bigint, nav: bigint): bigint => (bps * nav) / BPS;

/** {USD E8} that a pair wants to exchange: past neither target, and not past where both are within their destination. */
function wanted(policy: Policy, nav: bigint, sell: Aim, vSell: bigint, buy: Aim, vBuy: bigint): bigint {
  const stopAt = (aim: Aim): bigint => shareOf(policy.destinationBps, aim.bandBps);
  const surplus = orZero(vSell - shareOf(sell.targetBps, nav));
  const deficit = orZero(shareOf(buy.targetBps, nav) - vBuy);
  const overUpper = orZero(vSell - shareOf(sell.targetBps + stopAt(sell), nav));
  const underLower = orZero(shareOf(orZero(buy.targetBps - stopAt(buy)), nav) - vBuy);
  return least(surplus, deficit, most(overUpper, underLower));
}

/** Tries every pair. @param sold assets that may not be bought any more */
function isFillable(m: Model, values: readonly bigint[], nav: bigint, sold: bigint): boolean {
  const { policy } = m.vault;
  const smallest = policy.minTradeUsdE2 * CENT_E8;
  if (shareOf(policy.maxSliceBps, nav) < smallest) return false;
  const aims = inForce(m.vault);
  return aims.some((sell, i) =>
    aims.some(
      (buy, j) => i !== j && !has(sold, j) && wanted(policy, nav, sell, at(values, i), buy, at(values, j)) >= smallest,
    ),
  );
}

/* --------------------------------------------------------- due --------------------------------------------------------- */

export const DUE = ['None', 'Deviation', 'Schedule', 'Continue', 'Stop'] as const;
export type Due = {
  readonly kind: (typeof DUE)[number];
  readonly reason: string;
  readonly retryAt: bigint;
  /** {USD E8} 0 where no price was asked for */
  readonly nav: bigint;
};

export const isOpen = ({ world, vault }: Model): boolean => world.now < vault.state.epochEnd;

function due(m: Model): Due {
  const { policy, state, assets } = m.vault;
  const { now } = m.world;
  const none = (reason: string, retryAt = 0n, nav = 0n): Due => ({ kind: 'None', reason, retryAt, nav });
  if (state.pausedUntil > now) return none('PAUSED', state.pausedUntil);
  if (assets.length === 0) return none('NO_TARGETS');
  if (isOpen(m)) {
    // The last slice may have been one of an earlier epoch.
    const next = state.lastSliceAt + policy.sliceCooldownS;
    return { kind: 'Continue', reason: 'CONTINUE', retryAt: most(now, next), nav: 0n };
  }
  checkBalances(m);
  const quotes = assets.map((a) => priceOf(m.world, at(m.world.feeds, a.feed)));
  const bad = quotes.find((q) => q.status !== 'OK');
  if (bad !== undefined) return none(bad.status);
  const { values, nav } = valuesOf(
    m,
    quotes.map((q) => q.usdE8),
  );
  if (nav === 0n) return none('EMPTY');

  const aims = inForce(m.vault);
  const isStopped = (i: number): boolean => has(state.stopped, i);
  const drift = (i: number): bigint => size(at(values, i) * BPS - at(aims, i).targetBps * nav);
  const going = [...assets.keys()].filter((i) => !isStopped(i));
  // Half a percent of the portfolio, or less, waits until there is something else to do.
  const matters = (v: bigint): boolean => v >= policy.minTradeUsdE2 * CENT_E8 && v * BPS > 50n * nav;
  const stopHeld = values.some((v, i) => isStopped(i) && matters(v));
  const outside = going.some((i) => drift(i) > at(aims, i).bandBps * nav);
  const outsideInner = going.some((i) => drift(i) > policy.innerBandBps * nav);
  const possible = isFillable(m, values, nav, 0n);

  if (stopHeld && possible) return { kind: 'Stop', reason: 'STOPPED', retryAt: now, nav };
  if (outside && possible) {
    const cooledAt = state.epochEnd + policy.cooldownS;
    if (state.epoch > 0n && now < cooledAt) return none('COOLDOWN', cooledAt, nav);
    return { kind: 'Deviation', reason: 'DEVIATION', retryAt: now, nav };
  }
  let retryAt = 0n;
  if (policy.scheduleS > 0n && outsideInner && possible) {
    retryAt = state.epochEnd + most(policy.scheduleS, policy.cooldownS);
    if (now >= retryAt) return { kind: 'Schedule', reason: 'SCHEDULE', retryAt: now, nav };
  }
  return none(outside ? 'BELOW_MIN_TRADE' : 'IN_BAND', retryAt, nav);
}

/* -------------------------------------------------------- stops -------------------------------------------------------- */

type Judgement = {
  readonly act: '' | 'REFERENCE' | 'ARM' | 'DISARM' | 'FIRE';
  readonly reached: bigint;
  readonly fired: bigint;
  readonly referenceLive: boolean;
  readonly stop: Vault['stop'];
  readonly nav: bigint;
};

function judgeStop(m: Model): Judgement {
  const { policy, state, assets } = m.vault;
  const { now } = m.world;
  const stop = { ...m.vault.stop };
  const whole = policy.stopLossBps > 0n || policy.takeProfitBps > 0n;
  const single = assets.some((a) => a.stopPriceUsdE8 > 0n || a.takePriceUsdE8 > 0n);
  const idle: Judgement = { act: '', reached: 0n, fired: 0n, referenceLive: state.referenceLive, stop, nav: 0n };
  if (!whole && !single && stop.armed === 0n) return idle;

  checkBalances(m);
  const prices = goodPrices(m, ALL);
  const { nav } = valuesOf(m, prices);
  let { referenceLive } = state;
  let moved = false;
  if (whole && nav > 0n && (!referenceLive || nav > stop.highUsdE8)) {
    if (nav >= WORD_72) refuse('SafeCastOverflowedUintDowncast', 72n, nav);
    if (!referenceLive) stop.baseUsdE8 = nav;
    stop.highUsdE8 = nav;
    referenceLive = true;
    moved = true;
  }

  const fallen = policy.stopLossBps > 0n && nav * BPS <= stop.highUsdE8 * (BPS - policy.stopLossBps);
  const risen = policy.takeProfitBps > 0n && nav * BPS >= stop.baseUsdE8 * (BPS + policy.takeProfitBps);
  let reached = 0n;
  assets.forEach((a, i) => {
    const price = at(prices, i);
    const low = a.stopPriceUsdE8 > 0n && price <= a.stopPriceUsdE8;
    const high = a.takePriceUsdE8 > 0n && price >= a.takePriceUsdE8;
    const portfolio = referenceLive && (fallen || risen);
    if (!a.safe && !has(state.stopped, i) && (portfolio || low || high)) reached |= bit(i);
  });

  const still = stop.armed & reached;
  const done = (act: Judgement['act'], fired: bigint): Judgement => ({
    act: act === '' && moved ? 'REFERENCE' : act,
    reached,
    fired,
    referenceLive,
    stop,
    nav,
  });
  // What is armed waits. Meanwhile it can only become less.
  if (still !== 0n && now < stop.armedAt + policy.confirmS) {
    if (still === stop.armed) return done('', 0n);
    stop.armed = still;
    return done('DISARM', 0n);
  }
  // It was seen twice, not too far apart.
  const confirmed = still !== 0n && now <= stop.armedAt + 2n * policy.confirmS + 3_600n;
  const fired = confirmed ? still : 0n;
  let act: Judgement['act'] = '';
  if (confirmed) act = 'FIRE';
  else if (reached !== 0n) act = 'ARM';
  else if (stop.armed !== 0n) act = 'DISARM';
  stop.armed = reached & ~fired;
  stop.armedAt = stop.armed === 0n ? 0n : now;
  return done(act, fired);
}

const confirmAt = (policy: Policy, stop: Vault['stop']): bigint =>
  stop.armed === 0n ? 0n : stop.armedAt + policy.confirmS;

export type StopDue = { readonly reached: bigint; readonly act: string; readonly retryAt: bigint };

/** @returns the name of the error when the view reverts */
function viewed<T>(view: () => T): T | string {
  try {
    return view();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

export const dueView = (m: Model): Due | string => viewed(() => due(m));

export const stopDueView = (m: Model): StopDue | string =>
  viewed(() => {
    const { reached, act } = judgeStop(m);
    const paused = m.vault.state.pausedUntil > m.world.now;
    return { reached, act: paused ? '' : act, retryAt: confirmAt(m.vault.policy, m.vault.stop) };
  });

/* -------------------------------------------------------- rules -------------------------------------------------------- */

function checkTarget(cond: boolean, field: string, value: bigint): void {
  demand(cond, 'BadTarget', field, undefined, value);
}

/** What a table of targets must fulfil by itself, before anything else is looked at. */
function checkNew(w: World, targets: readonly Target[]): void {
  checkTarget(targets.length >= 2 && targets.length <= 32, 'count', BigInt(targets.length));
  for (const t of targets) demand(t.feed < w.feeds.length, 'UnknownFeed', undefined);
}

/** Everything that rules have to fulfil together. */
function checkRules(w: World, policy: Policy, assets: readonly Target[], keepers: readonly Account[]): void {
  const whole = policy.stopLossBps > 0n || policy.takeProfitBps > 0n;
  const own = (a: Target): boolean => a.stopPriceUsdE8 > 0n || a.takePriceUsdE8 > 0n;
  const stops = whole || assets.some(own);
  let previous = -1;
  assets.forEach((a, i) => {
    const feed = at(w.feeds, a.feed);
    checkTarget(a.token > previous, 'order', BigInt(i));
    checkTarget(a.bandBps >= 50n && a.bandBps <= 2_000n, 'bandBps', a.bandBps);
    const [stop, take] = [a.stopPriceUsdE8, a.takePriceUsdE8];
    const inBounds = (price: bigint): boolean => price > feed.minPriceUsdE8 && price < feed.maxPriceUsdE8;
    checkTarget(stop === 0n || (!a.safe && inBounds(stop)), 'stopPriceUsdE8', stop);
    checkTarget(take === 0n || (!a.safe && inBounds(take) && take > stop), 'takePriceUsdE8', take);
    if (whole || own(a)) checkTarget(feed.second !== null, 'secondSource', 0n);
    previous = a.token;
  });
  checkTarget(!stops || assets.some((a) => a.safe), 'safe', 0n);
  const sum = assets.reduce((total, a) => total + a.targetBps, 0n);
  demand(assets.length === 0 || sum === BPS, 'TargetsDoNotSumTo10000', sum);
  checkPolicy(policy, stops);
  demand(keepers.length <= 8, 'TooManyKeepers', 8n);
  demand(!keepers.includes('zero'), 'NotKeeper', 'zero');
}

function checkPolicy(p: Policy, stops: boolean): void {
  const within = (field: (typeof POLICY_MEMBERS)[number], min: bigint, max: bigint): void =>
    demand(p[field] >= min && p[field] <= max, 'BadPolicy', field, p[field], min, max);
  const year = 365n * DAY_S;
  within('destinationBps', 0n, BPS);
  within('innerBandBps', 0n, 2_000n);
  within('scheduleS', 0n, year);
  within('cooldownS', p.sliceCooldownS, year);
  within('maxSlipBps', 1n, 500n);
  within('lossBpsPerDay', 1n, 300n);
  within('maxSliceBps', 1n, BPS);
  within('minTradeUsdE2', 1n, FOREVER);
  within('ttlS', 60n, DAY_S);
  within('premiumBps', p.open ? 1n : 0n, p.relaxS === 0n ? 0n : 500n);
  within('relaxS', p.open ? 60n : 0n, p.ttlS);
  if (p.snapshotS !== 0n) within('snapshotS', 60n, p.ttlS);
  within('stopLossBps', 0n, 9_000n);
  within('takeProfitBps', 0n, 60_000n);
  within('confirmS', stops ? 60n : 0n, 7n * DAY_S);
  within('tipBps', 0n, 20n);
  const [low, high] = p.tipBps === 0n ? [0n, 0n] : [1n, FOREVER];
  within('maxTipUsdE2', low, high);
  within('tipPerDayUsdE2', low, high);
}

/* ------------------------------------------------------ transitions ---------------------------------------------------- */

/** One transaction at work on its own copy of the model. */
type Tx = { readonly m: Model; readonly from: Account; readonly gasPrice: bigint; readonly events: Event[] };

const tell = (tx: Tx, name: string, args: Event['args'] = {}): void => {
  tx.events.push({ name, args });
};

function closeEpoch(tx: Tx): void {
  if (!isOpen(tx.m)) return;
  const { state } = tx.m.vault;
  state.epochEnd = tx.m.world.now;
  tell(tx, 'EpochClosed', { epoch: state.epoch, slices: state.sequence });
}

/** The owner moves coins. */
function onFlow(tx: Tx): void {
  closeEpoch(tx);
  tx.m.vault.state.referenceLive = false;
}

function onlyOwner(tx: Tx): void {
  demand(tx.from === tx.m.vault.owner, 'NotOwner', tx.from);
}

/** @returns false when there is not so much */
function move(m: Model, from: Account, to: Account, token: TokenIndex, amount: bigint): boolean {
  const { balances } = m.world;
  const [source, drain] = [balances[from], balances[to]];
  if (source === undefined || drain === undefined) throw new Error(`no account ${from} or ${to}`);
  if (at(source, token) < amount) return false;
  source[token] = at(source, token) - amount;
  drain[token] = at(drain, token) + amount;
  return true;
}

const isListed = (m: Model, token: TokenIndex): boolean => m.vault.assets.some((a) => a.token === token);

function send(tx: Tx, token: TokenIndex, amount: bigint): void {
  demand(move(tx.m, 'vault', tx.from, token, amount), 'TransferFailed', `token${token}`);
  tell(tx, 'Withdrawn', { token: `token${token}`, amount, remaining: held(tx.m, 'vault', token) });
}

function receiveEther(tx: Tx, amount: bigint): void {
  const { weth, balances } = tx.m.world;
  const own = balances.vault;
  if (own === undefined) throw new Error('no vault');
  own[weth] = at(own, weth) + amount;
  tell(tx, 'Deposited', { token: `token${weth}`, from: tx.from, amount });
}

function isTrusted({ m, from }: Tx): boolean {
  return m.vault.keepers.includes(from) || m.vault.owner === from;
}

function mayTrade(tx: Tx): void {
  const { policy, state } = tx.m.vault;
  demand(isTrusted(tx) || policy.open, 'NotKeeper', tx.from);
  demand(state.pausedUntil <= tx.m.world.now, 'Paused', state.pausedUntil);
  const cap = policy.maxGasPriceMwei * MILLION;
  demand(cap === 0n || tx.gasPrice <= cap, 'GasPriceAboveCap', tx.gasPrice, cap);
}

const lossCap = (policy: Policy, nav: bigint): bigint => shareOf(policy.lossBpsPerDay, nav);

function snapshot(tx: Tx, nav: bigint): void {
  const { policy, state } = tx.m.vault;
  if (nav >= WORD_72) refuse('SafeCastOverflowedUintDowncast', 72n, nav);
  state.snapshotAt = tx.m.world.now;
  state.epochNavUsdE8 = nav;
  state.lossUsdE8 = least(state.lossUsdE8, lossCap(policy, nav));
}

function begin(tx: Tx): void {
  const { policy, state } = tx.m.vault;
  const { now } = tx.m.world;
  demand(!isOpen(tx.m), 'EpochIsOpen', state.epoch);
  const { kind, reason, retryAt, nav } = due(tx.m);
  demand(kind !== 'None', 'NotDue', reason, retryAt);
  state.epoch += 1n;
  state.sequence = 0n;
  state.sold = 0n;
  state.epochStart = now;
  state.epochEnd = now + policy.ttlS;
  snapshot(tx, nav);
  tell(tx, 'EpochOpened', { epoch: state.epoch, kind: BigInt(DUE.indexOf(kind)), navUsdE8: nav });
}

/* -------------------------------------------------------- slices ------------------------------------------------------- */

/** A slice on its way. */
type Run = {
  readonly tx: Tx;
  readonly prices: readonly bigint[];
  readonly aims: readonly Aim[];
  /** What the vault last saw of each asset; it looks at an asset when a fill first touches it, and at both after a fill. */
  readonly seen: Map<number, bigint>;
  /** {s} of the relaxation */
  readonly elapsedS: bigint;
  soldUsdE8: bigint;
  bought: number;
};

function openSlice(tx: Tx, slice: Slice, fills: readonly Fill[], beginFirst: boolean): Run {
  const { m } = tx;
  const { policy, state, assets } = m.vault;
  const { now } = m.world;
  demand(!fills.some((f) => f.venue === 'UniswapV4'), 'VenueUnavailable', 3n);
  mayTrade(tx);
  if (beginFirst) begin(tx);
  demand(now <= slice.deadline, 'DeadlinePassed', slice.deadline);
  demand(isOpen(m), 'NoOpenEpoch');
  const isNext = slice.epoch === state.epoch && slice.sequence === state.sequence;
  demand(isNext, 'WrongSlice', state.epoch, state.sequence);
  const pausedUntil = state.lastSliceAt + policy.sliceCooldownS;
  demand(now >= pausedUntil, 'SliceCooldown', pausedUntil);
  demand(fills.length > 0, 'NothingToTrade', 0n, 0n);

  const seen = new Map<number, bigint>();
  const tooOld = !beginFirst && policy.snapshotS !== 0n && now >= state.snapshotAt + policy.snapshotS;
  const all = beginFirst || tooOld;
  const asked = all ? ALL : fills.reduce((bits, f) => bits | bit(f.sell) | bit(f.buy), 0n);
  const prices = goodPrices(m, asked);
  if (all) {
    checkBalances(m);
    for (const [i, a] of assets.entries()) seen.set(i, held(m, 'vault', a.token));
  }
  if (tooOld) {
    const { nav } = valuesOf(m, prices);
    snapshot(tx, nav);
    tell(tx, 'SnapshotTaken', { epoch: state.epoch, navUsdE8: nav });
  }
  const since = upSince(m.world) ?? now;
  const elapsedS = now - most(state.epochStart, state.pausedUntil, since);
  return { tx, prices, aims: inForce(m.vault), seen, elapsedS, soldUsdE8: 0n, bought: 0 };
}

function look(run: Run, i: number): bigint {
  const known = run.seen.get(i);
  if (known !== undefined) return known;
  const { token } = at(run.tx.m.vault.assets, i);
  checkBalance(run.tx.m, token);
  const balance = held(run.tx.m, 'vault', token);
  run.seen.set(i, balance);
  return balance;
}

/** {1e-6} of the oracle value that a fill must bring: from the premium down to the allowed slip. */
function requiredMillionths(policy: Policy, elapsedS: bigint): bigint {
  const last = MILLION - policy.maxSlipBps * 100n;
  if (elapsedS >= policy.relaxS) return last;
  const span = (policy.premiumBps + policy.maxSlipBps) * 100n;
  return last + ceil(span * (policy.relaxS - elapsedS), policy.relaxS);
}

function requiredOut(run: Run, f: Fill, spent: bigint): bigint {
  const { m } = run.tx;
  const [pSell, pBuy] = [at(run.prices, f.sell), at(run.prices, f.buy)];
  const share = requiredMillionths(m.vault.policy, run.elapsedS);
  return ceil(spent * pSell * share * unitOf(m, f.buy), pBuy * unitOf(m, f.sell) * MILLION);
}

type Sized = { readonly amountIn: bigint; readonly minOut: bigint; readonly required: bigint };

function sizeFill(run: Run, f: Fill): Sized {
  const { m } = run.tx;
  const { policy, state, assets } = m.vault;
  const [sell, buy] = [BigInt(f.sell), BigInt(f.buy)];
  demand(f.sell < assets.length && f.buy < assets.length && f.sell !== f.buy, 'NothingToTrade', sell, buy);
  demand(!has(state.sold, f.buy), 'SoldBefore', buy);
  const bSell = look(run, f.sell);
  const vSell = worthOf(m, f.sell, bSell, at(run.prices, f.sell));
  const vBuy = worthOf(m, f.buy, look(run, f.buy), at(run.prices, f.buy));
  const nav = state.epochNavUsdE8;
  const cap = shareOf(policy.maxSliceBps, nav);
  demand(run.soldUsdE8 < cap, 'SliceAboveCap', run.soldUsdE8, cap);
  const wants = wanted(policy, nav, at(run.aims, f.sell), vSell, at(run.aims, f.buy), vBuy);
  demand(wants > 0n, 'NothingToTrade', sell, buy);
  const allowed = least((least(wants, cap - run.soldUsdE8) * unitOf(m, f.sell)) / at(run.prices, f.sell), bSell);
  const amountIn = least(f.amountIn, allowed);
  demand(isTrusted(run.tx) || amountIn === allowed, 'TooLittle', amountIn, allowed);
  const value = worthOf(m, f.sell, amountIn, at(run.prices, f.sell));
  const smallest = policy.minTradeUsdE2 * CENT_E8;
  demand(amountIn > 0n && value >= smallest, 'BelowMinTrade', value, smallest);
  return { amountIn, minOut: ceil(f.minOut * amountIn, f.amountIn), required: requiredOut(run, f, amountIn) };
}

/** What the filler does with the input. */
function trade(run: Run, f: Fill, amountIn: bigint): void {
  const { m } = run.tx;
  const [tokenIn, tokenOut] = [at(m.vault.assets, f.sell).token, at(m.vault.assets, f.buy).token];
  demand(f.venue === 'Filler', 'VenueUnavailable', 4n);
  const paid = (ok: boolean): void => {
    if (!ok) throw new Error('the history let somebody run out of coins');
  };
  paid(move(m, 'vault', 'filler', tokenIn, amountIn));
  demand(f.mischief !== 'revert', 'Refused');
  demand(f.mischief !== 'reenter', 'ReentrancyGuardReentrantCall');
  paid(move(m, 'filler', 'vault', tokenIn, f.back));
  paid(move(m, 'filler', 'vault', tokenOut, f.out));
  if (f.gift !== null) paid(move(m, 'filler', 'vault', f.gift.token, f.gift.amount));
}

function applyFill(run: Run, f: Fill): void {
  const { m } = run.tx;
  const { policy, state, assets } = m.vault;
  const { amountIn, minOut } = sizeFill(run, f);
  const [sellBefore, buyBefore] = [look(run, f.sell), look(run, f.buy)];
  trade(run, f, amountIn);
  checkBalance(m, at(assets, f.sell).token);
  checkBalance(m, at(assets, f.buy).token);
  const sellAfter = held(m, 'vault', at(assets, f.sell).token);
  const buyAfter = held(m, 'vault', at(assets, f.buy).token);
  run.seen.set(f.sell, sellAfter);
  run.seen.set(f.buy, buyAfter);

  const spent = orZero(sellBefore - sellAfter);
  const out = orZero(buyAfter - buyBefore);
  demand(isTrusted(run.tx) || spent === amountIn, 'TooLittle', spent, amountIn);
  demand(out >= minOut, 'BelowCallersMinOut', out, minOut);
  const required = requiredOut(run, f, spent);
  demand(out >= required, 'SlippageAboveCap', out, required);

  const [pSell, pBuy] = [at(run.prices, f.sell), at(run.prices, f.buy)];
  const worthSell = (amount: bigint): bigint => worthOf(m, f.sell, amount, pSell);
  const worthBuy = (amount: bigint): bigint => worthOf(m, f.buy, amount, pBuy);
  const spentUsdE8 = worthSell(spent);
  const nav = state.epochNavUsdE8;
  const sellTarget = shareOf(at(run.aims, f.sell).targetBps, nav);
  const buyTarget = shareOf(at(run.aims, f.buy).targetBps, nav);
  // What a fill may win of a value that was rounded down, and the base unit that the required output was rounded up by.
  const won = ceil(most(policy.maxSlipBps, policy.premiumBps) * (spentUsdE8 + 1n), 10_000n);
  const tolerance = won + ceil(pBuy, unitOf(m, f.buy));
  demand(worthBuy(buyAfter) <= buyTarget + tolerance, 'Overshoot', BigInt(f.buy));
  const apart = (sell: bigint, buy: bigint): bigint =>
    size(worthSell(sell) - sellTarget) + size(worthBuy(buy) - buyTarget);
  demand(apart(sellAfter, buyAfter) < apart(sellBefore, buyBefore), 'DriftDidNotShrink');
  const smallest = policy.minTradeUsdE2 * CENT_E8;
  demand(spentUsdE8 >= smallest, 'BelowMinTrade', spentUsdE8, smallest);

  const loss = orZero(spentUsdE8 - worthBuy(out));
  const cap = lossCap(policy, nav);
  // The bucket leaks its whole size per day, and has leaked once already when this is not the first fill.
  const leakedS = run.soldUsdE8 === 0n ? m.world.now - state.lastSliceAt : 0n;
  const level = orZero(state.lossUsdE8 - (cap * leakedS) / DAY_S) + loss;
  demand(level <= cap, 'LossBudgetExceeded', level, cap);

  state.lossUsdE8 = level;
  state.sold |= bit(f.sell);
  run.soldUsdE8 += spentUsdE8;
  run.bought = f.buy;
  tell(run.tx, 'Filled', {
    epoch: state.epoch,
    sequence: state.sequence,
    keeper: run.tx.from,
    sell: BigInt(f.sell),
    buy: BigInt(f.buy),
    venue: 2n,
    target: 'filler',
    amountIn: spent,
    amountOut: out,
    lossUsdE8: loss,
  });
}

function closeSlice(run: Run, last: boolean): void {
  const { tx } = run;
  const { state } = tx.m.vault;
  state.sequence += 1n;
  state.lastSliceAt = tx.m.world.now;
  if (last && isTrusted(tx)) closeEpoch(tx);
  tip(run);
}

function tip(run: Run): void {
  const { tx } = run;
  const { vault, world } = tx.m;
  const { policy, tips } = vault;
  const today = world.now / DAY_S;
  const paid = tips.day === today ? tips.dayUsdE8 : 0n;
  const left = orZero(policy.tipPerDayUsdE2 * CENT_E8 - paid);
  const valueUsdE8 = least(shareOf(policy.tipBps, run.soldUsdE8), policy.maxTipUsdE2 * CENT_E8, left);
  const amount = (valueUsdE8 * unitOf(tx.m, run.bought)) / at(run.prices, run.bought);
  if (amount === 0n) return;
  vault.tips = { dayUsdE8: paid + valueUsdE8, day: today };
  const { token } = at(vault.assets, run.bought);
  if (!move(tx.m, 'vault', tx.from, token, amount)) throw new Error('a tip larger than what was bought');
  tell(tx, 'Tipped', { keeper: tx.from, token: `token${token}`, amount, valueUsdE8 });
}

/* --------------------------------------------------------- step -------------------------------------------------------- */

function act(tx: Tx, call: Call): void {
  const { m } = tx;
  const { vault, world } = m;
  const { state } = vault;
  switch (call.do) {
    case 'deposit': {
      onlyOwner(tx);
      demand(isListed(m, call.token), 'UnknownToken', `token${call.token}`);
      demand(call.amount > 0n, 'NothingToDeposit');
      onFlow(tx);
      checkBalance(m, call.token);
      const isWeth = call.token === world.weth;
      // WETH9 gives no reason.
      const broke = isWeth ? 'Error' : 'ERC20InsufficientBalance';
      demand(move(m, tx.from, 'vault', call.token, call.amount), broke, undefined);
      checkBalance(m, call.token);
      tell(tx, 'Deposited', { token: `token${call.token}`, from: tx.from, amount: call.amount });
      return;
    }
    case 'depositEth':
      onlyOwner(tx);
      demand(call.amount > 0n, 'NothingToDeposit');
      demand(isListed(m, world.weth), 'UnknownToken', `token${world.weth}`);
      onFlow(tx);
      receiveEther(tx, call.amount);
      return;
    case 'sendEther':
      if (tx.from === vault.owner) onFlow(tx);
      receiveEther(tx, call.amount);
      return;
    case 'withdraw':
      onlyOwner(tx);
      onFlow(tx);
      send(tx, call.token, call.amount === ALL ? held(m, 'vault', call.token) : call.amount);
      return;
    case 'withdrawAll':
      onlyOwner(tx);
      onFlow(tx);
      for (const { token } of vault.assets) {
        const amount = held(m, 'vault', token);
        if (!call.skip.includes(token) && amount > 0n) send(tx, token, amount);
      }
      return;
    case 'setPolicy':
      onlyOwner(tx);
      checkRules(world, call.policy, vault.assets, vault.keepers);
      closeEpoch(tx);
      if (
        call.policy.stopLossBps !== vault.policy.stopLossBps ||
        call.policy.takeProfitBps !== vault.policy.takeProfitBps
      )
        state.referenceLive = false;
      vault.policy = call.policy;
      tell(tx, 'PolicySet');
      return;
    case 'setTargets':
      onlyOwner(tx);
      demand(state.stopped === 0n, 'StopIsLatched', state.stopped);
      checkNew(world, call.targets);
      checkRules(world, vault.policy, call.targets, vault.keepers);
      closeEpoch(tx);
      forgetStops(vault);
      vault.assets = call.targets;
      tell(tx, 'TargetsSet');
      return;
    case 'setKeeper':
      setKeeper(tx, call.keeper, call.allowed);
      return;
    case 'setGuardian':
      onlyOwner(tx);
      vault.guardian = call.account;
      tell(tx, 'GuardianSet', { guardian: call.account });
      return;
    case 'pause':
      onlyOwner(tx);
      closeEpoch(tx);
      pauseUntil(tx, FOREVER);
      return;
    case 'resume':
      onlyOwner(tx);
      pauseUntil(tx, 0n);
      return;
    case 'guardianPause':
      demand(tx.from === vault.guardian, 'NotGuardian', tx.from);
      demand(call.seconds <= 7n * DAY_S, 'PauseTooLong', call.seconds, 7n * DAY_S);
      demand(world.now >= vault.nextGuardianPauseAt, 'PauseTooSoon', vault.nextGuardianPauseAt);
      vault.nextGuardianPauseAt = world.now + 4n * call.seconds;
      pauseUntil(tx, most(state.pausedUntil, world.now + call.seconds));
      return;
    case 'resetStop':
      onlyOwner(tx);
      demand(state.stopped > 0n || state.referenceLive || vault.stop.armed > 0n, 'NothingToStop');
      closeEpoch(tx);
      state.stopped = 0n;
      forgetStops(vault);
      tell(tx, 'StopReset');
      return;
    case 'transferOwnership':
      onlyOwner(tx);
      vault.pendingOwner = call.to;
      tell(tx, 'PendingOwnerSet', { pendingOwner: call.to });
      return;
    case 'acceptOwnership':
      demand(tx.from === vault.pendingOwner, 'NotPendingOwner', tx.from);
      vault.owner = tx.from;
      vault.pendingOwner = 'zero';
      state.ownerMoved = true;
      tell(tx, 'OwnerSet', { owner: tx.from });
      return;
    case 'begin':
      mayTrade(tx);
      begin(tx);
      return;
    case 'fill':
    case 'beginAndFill': {
      const run = openSlice(tx, call.slice, call.fills, call.do === 'beginAndFill');
      for (const f of call.fills) applyFill(run, f);
      closeSlice(run, call.slice.last);
      return;
    }
    case 'finish':
      finish(tx);
      return;
    case 'checkStop':
      checkStop(tx);
      return;
    case 'donate':
      if (!move(m, tx.from, 'vault', call.token, call.amount)) throw new Error('the history gave what it had not');
      return;
    case 'tell':
      for (const [i, source] of Object.entries(call.sources)) world.sources[Number(i)] = source;
      return;
  }
}

function forgetStops(vault: Vault): void {
  vault.state.referenceLive = false;
  vault.stop = { baseUsdE8: 0n, highUsdE8: 0n, armedAt: 0n, armed: 0n };
}

function setKeeper(tx: Tx, keeper: Account, allowed: boolean): void {
  onlyOwner(tx);
  const { vault, world } = tx.m;
  if (vault.keepers.includes(keeper) !== allowed) {
    const others = vault.keepers.filter((k) => k !== keeper);
    const keepers = allowed ? [...others, keeper] : others;
    checkRules(world, vault.policy, vault.assets, keepers);
    vault.keepers = keepers;
  }
  tell(tx, 'KeeperSet', { keeper, allowed });
}

function pauseUntil(tx: Tx, until: bigint): void {
  tx.m.vault.state.pausedUntil = until;
  tell(tx, 'PausedUntil', { until });
}

function finish(tx: Tx): void {
  const { m } = tx;
  const { policy, state } = m.vault;
  demand(isOpen(m), 'NoOpenEpoch');
  if (!isTrusted(tx)) {
    checkBalances(m);
    const { values, nav } = valuesOf(m, goodPrices(m, ALL));
    const tooOld = policy.snapshotS !== 0n && m.world.now >= state.snapshotAt + policy.snapshotS;
    demand(!isFillable(m, values, tooOld ? nav : state.epochNavUsdE8, state.sold), 'NotKeeper', tx.from);
  }
  closeEpoch(tx);
}

function checkStop(tx: Tx): void {
  const { vault, world } = tx.m;
  demand(vault.state.pausedUntil <= world.now, 'Paused', vault.state.pausedUntil);
  const judged = judgeStop(tx.m);
  demand(judged.act !== '', 'NothingToStop');
  vault.stop = judged.stop;
  vault.state.referenceLive = judged.referenceLive;
  vault.state.stopped |= judged.fired;
  if (judged.fired !== 0n) {
    tell(tx, 'StopFired', { assets: judged.fired, navUsdE8: judged.nav });
    closeEpoch(tx);
  }
  if (judged.act !== 'REFERENCE' && (judged.stop.armed !== 0n || judged.fired === 0n)) {
    tell(tx, 'StopArmed', { assets: judged.stop.armed, confirmAt: confirmAt(vault.policy, judged.stop) });
  }
}

/** What the call does, at its time. Refused calls change nothing but the time. */
export function step(model: Model, call: Call): { readonly model: Model; readonly outcome: Outcome } {
  const before = later(model, call.at);
  const m = structuredClone(before);
  const tx: Tx = { m, from: call.from, gasPrice: call.gasPrice, events: [] };
  try {
    act(tx, call);
    return { model: m, outcome: { ok: true, events: tx.events } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { model: before, outcome: { ok: false, error: error.message, args: error.args } };
  }
}

export const later = (model: Model, now: bigint): Model => ({ ...model, world: { ...model.world, now } });

/* ---------------------------------------------------- for who makes up calls ------------------------------------------- */

/** @returns the error with which such rules would be refused */
export function refusalOf(
  w: World,
  policy: Policy,
  targets: readonly Target[],
  keepers: readonly Account[],
): string | null {
  try {
    checkNew(w, targets);
    checkRules(w, policy, targets, keepers);
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/**
 * Makes up the fills of a slice one after the other, each knowing how the ones before will have gone.
 *
 * `call.fills` only tells which assets are looked at. `next` gets what the vault would take and must get for `ask`, and
 * answers the fill to try, or null for no more. Returned are the fills that came through, and the one that did not, if
 * there was one.
 */
export function composeSlice(
  model: Model,
  call: Call & { readonly do: 'fill' | 'beginAndFill' },
  next: (sizeOf: (ask: Fill) => Sized | null, m: Model, made: number) => Fill | null,
): Fill[] {
  const tx: Tx = { m: structuredClone(later(model, call.at)), from: call.from, gasPrice: call.gasPrice, events: [] };
  const fills: Fill[] = [];
  const quiet = <T>(what: () => T): T | null => {
    try {
      return what();
    } catch (error) {
      if (error instanceof Refusal) return null;
      throw error;
    }
  };
  const run = quiet(() => openSlice(tx, call.slice, call.fills, call.do === 'beginAndFill'));
  for (;;) {
    const f = next((ask) => (run === null ? null : quiet(() => sizeFill(run, ask))), tx.m, fills.length);
    if (f === null) return fills;
    fills.push(f);
    const sold = run?.soldUsdE8;
    if (run !== null) quiet(() => applyFill(run, f));
    if (run === null || run.soldUsdE8 === sold) return fills;
  }
}
