/** From the file's human units to the units of the vault; every rule that spans several fields. */
import { isAbsolute, resolve } from 'node:path';
import { parseUnits } from 'viem';
import { looksPerYear } from '../core/checkTimes.ts';
import { EXIT, KeelError } from '../core/errors.ts';
import { type AutoPortfolio, policyTargets } from '../core/policy/autoTargets.ts';
import { covarianceOf } from '../core/policy/trackingBall.ts';
import type { KeeperRule, VaultPolicy } from '../core/types.ts';
import { nearest } from './nearest.ts';
import type { ConfigFileFull, DraftConfig, KeyFile } from './schema.ts';

const GWEI_TO_MWEI = 1_000;
const WEI_PER_MWEI = 1_000_000n;
const USD_E8_PER_CENT = 1_000_000n;
const DAY_S = 86_400;

/** The schema has already refused more decimals than the unit can hold, so rounding only removes float noise. */
const scaled = (value: number, scale: number): number => Math.round(value * scale);

function wrong(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field, value, reason, remedy });
}

function policyOf(limits: ConfigFileFull['limits'], destinationBps: number): VaultPolicy {
  const { schedule } = limits;
  return {
    destinationBps,
    innerBandBps: scaled(limits.innerBandPoints, 100),
    scheduleS: schedule === 'off' ? 0 : schedule === 'daily' ? DAY_S : schedule,
    cooldownS: limits.cooldownS,
    maxSlipBps: scaled(limits.maxSlipPercent, 100),
    lossBpsPerDay: scaled(limits.lossPercentPerDay, 100),
    maxSliceBps: scaled(limits.maxSlicePercent, 100),
    sliceCooldownS: limits.sliceCooldownS,
    minTradeUsdE2: scaled(limits.minTradeUsd, 100),
    maxGasPriceMwei: limits.maxGasGwei === null ? 0 : scaled(limits.maxGasGwei, GWEI_TO_MWEI),
    ttlS: limits.ttlS,
    premiumBps: scaled(limits.premiumPercent, 100),
    relaxS: limits.relaxS,
    open: limits.openToAnyone,
    snapshotS: limits.snapshotS,
    stopLossBps: scaled(limits.stopLossPercent ?? 0, 100),
    takeProfitBps: scaled(limits.takeProfitPercent ?? 0, 100),
    confirmS: limits.confirmS,
    tipBps: scaled(limits.tipPercent, 100),
    maxTipUsdE2: scaled(limits.maxTipUsd, 100),
    tipPerDayUsdE2: scaled(limits.tipPerDayUsd, 100),
  };
}

/** {s} by chain id, where it is not that of Ethereum. */
const BLOCK_TIME_S: Readonly<Record<number, number>> = { 10: 2, 137: 2, 8453: 2, 42161: 0.25 };
const ETHEREUM_BLOCK_S = 12;

function ruleOf(rule: ConfigFileFull['rule'], chainId: number): KeeperRule {
  return {
    frequency: rule.frequency,
    maxGasPriceWei: rule.maxGasGwei === null ? null : BigInt(scaled(rule.maxGasGwei, GWEI_TO_MWEI)) * WEI_PER_MWEI,
    maxGasUsdE8: rule.maxGasUsd === null ? null : BigInt(scaled(rule.maxGasUsd, 100)) * USD_E8_PER_CENT,
    maxImpactBps: scaled(rule.maxImpactPercent, 100),
    maxPaybackDays: rule.maxPaybackDays,
    volatilityBps: scaled(rule.volatilityPercent, 100),
    riskAversionE2: scaled(rule.riskAversion, 100),
    waitForGas: rule.waitForGas,
    sides: rule.sides,
    buyOnlyWith: rule.buyOnlyWith,
    blockTimeS: rule.blockTimeS ?? BLOCK_TIME_S[chainId] ?? ETHEREUM_BLOCK_S,
  };
}

function refuseDuplicates<T>(
  items: readonly T[],
  list: string,
  key: string | ((item: T) => string),
  of: (item: T) => string,
): void {
  const keyOf = (item: T) => (typeof key === 'string' ? key : key(item));
  const seen = new Map<string, { readonly index: number; readonly item: T }>();
  items.forEach((item, index) => {
    const value = of(item);
    const first = seen.get(value.toLowerCase());
    if (first !== undefined)
      throw wrong(
        'DUPLICATE',
        `${list}[${index}].${keyOf(item)}`,
        value,
        `is the same as ${list}[${first.index}].${keyOf(first.item)}`,
        'Remove one of the two',
      );
    seen.set(value.toLowerCase(), { index, item });
  });
}

/** Pools of Uniswap V4 and of Balancer live inside one contract each. */
function refuseHomeless({ pools, contracts }: ConfigFileFull): void {
  for (const [venue, field, name] of [
    ['UNISWAP_V4', 'poolManager', "Uniswap V4's PoolManager"],
    ['BALANCER_V3', 'balancerVault', "Balancer's V3 vault"],
  ] as const) {
    const at = pools.findIndex((p) => p.venue === venue);
    if (at < 0 || contracts[field] !== null) continue;
    const remedy = `Set it to the address of ${name} on this chain, or remove the pool`;
    throw wrong('MISSING_KEY', `contracts.${field}`, '(missing)', `is required for pools[${at}]`, remedy);
  }
}

/** 0n = none. Through text, because a float times 1e8 is not exact. */
function priceUsdE8(usd: number | null): bigint {
  return usd === null ? 0n : parseUnits(usd.toFixed(8) as `${number}`, 8);
}

function portfolioOf({ auto, rule, targets }: ConfigFileFull): AutoPortfolio | null {
  if (auto === undefined) return null;
  const given = auto.volatilitiesPercent;
  const missing = targets.find((t) => given !== null && given[t.symbol] === undefined);
  if (missing !== undefined)
    throw wrong(
      'MISSING_KEY',
      `auto.volatilitiesPercent.${missing.symbol}`,
      '(missing)',
      'is needed as soon as one volatility is given',
      'Add the yearly volatility of this target in percent, or remove "volatilitiesPercent"',
    );
  const volatilities = targets.map((t) => (given?.[t.symbol] ?? 0) / 100);
  return {
    portfolioUsd: auto.portfolioUsd,
    gasUsd: auto.gasUsd,
    preference:
      auto.maxTrackingErrorPercent === null
        ? { riskAversion: rule.riskAversion }
        : { trackingError: auto.maxTrackingErrorPercent / 100 },
    risk:
      given === null
        ? { relativeVolatility: rule.volatilityPercent / 100 }
        : { covariance: covarianceOf(volatilities, auto.correlationPercent / 100) },
    looksPerYear: looksPerYear(rule.frequency),
    varianceScale: auto.targetMotion,
  };
}

type Targets = { readonly targets: DraftConfig['targets']; readonly destinationBps: number };

function targetsOf(file: ConfigFileFull): Targets {
  refuseDuplicates(file.targets, 'targets', 'symbol', (t) => t.symbol);
  const known = new Map(file.tokens.map((t) => [t.symbol, t]));
  file.targets.forEach((target, index) => {
    if (known.has(target.symbol)) return;
    const meant = nearest(target.symbol, [...known.keys()]);
    throw wrong(
      'UNKNOWN_TOKEN',
      `targets[${index}].symbol`,
      target.symbol,
      'is not one of the tokens of this file',
      meant === null ? `Add it to "tokens", or use one of ${[...known.keys()].join(', ')}` : `Did you mean ${meant}?`,
    );
  });
  const asked = new Map(file.targets.map((t) => [t.symbol, t]));
  const { destinationPercentOfBand } = file.limits;
  const destination = destinationPercentOfBand === null ? null : scaled(destinationPercentOfBand, 100);
  const chosen = policyTargets(file.targets, portfolioOf(file), destination);
  const targets = chosen.targets.map((target) => {
    const token = known.get(target.symbol);
    const own = asked.get(target.symbol);
    if (token === undefined || own === undefined) throw new Error(`target ${target.symbol} lost its token`);
    return {
      ...target,
      token: token.address,
      feedId: token.feedId,
      safe: own.safe,
      stopPriceUsdE8: priceUsdE8(own.stopPriceUsd),
      takePriceUsdE8: priceUsdE8(own.takePriceUsd),
    };
  });
  return { targets, destinationBps: chosen.destinationBps };
}

/** Names in the rule that no target has. */
function refuseStrangers({ rule, targets }: ConfigFileFull): void {
  const known = targets.map((t) => t.symbol);
  const named = Object.keys(rule.sides).map((symbol) => ({ field: `rule.sides.${symbol}`, symbol }));
  if (rule.buyOnlyWith !== null) named.push({ field: 'rule.buyOnlyWith', symbol: rule.buyOnlyWith });
  for (const { field, symbol } of named) {
    if (known.includes(symbol)) continue;
    throw wrong('UNKNOWN_TOKEN', field, symbol, 'is not one of the targets', `Use one of ${known.join(', ')}`);
  }
}

function keyFileOf(file: ConfigFileFull['keeper'], absolute: (path: string) => string): KeyFile | null {
  if (file === undefined) return null;
  const { keyFile, passwordFile } = file;
  return passwordFile === undefined
    ? { keyFile: absolute(keyFile) }
    : { keyFile: absolute(keyFile), passwordFile: absolute(passwordFile) };
}

/** What the vault would refuse, in the words of the file. */
function refuseLimits(policy: VaultPolicy, targets: DraftConfig['targets']): void {
  const refuse = (field: string, value: number | string, reason: string, remedy: string): void => {
    throw wrong('LIMITS_CONFLICT', field, String(value), reason, remedy);
  };
  const { relaxS, snapshotS, ttlS, confirmS, tipBps } = policy;
  if (relaxS > ttlS)
    refuse('limits.relaxS', relaxS, `is longer than a rebalance lasts (limits.ttlS ${ttlS})`, `Use at most ${ttlS}`);
  if (snapshotS !== 0 && (snapshotS < 60 || snapshotS > ttlS))
    refuse('limits.snapshotS', snapshotS, 'is neither 0 nor from 60 to limits.ttlS', `Use 0, or 60 to ${ttlS}`);
  if (policy.open && (policy.premiumBps === 0 || relaxS < 60))
    refuse(
      'limits.openToAnyone',
      'true',
      'lets strangers trade, who must bid from above the oracle value downwards',
      'Set limits.premiumPercent above 0 and limits.relaxS to at least 60',
    );
  if (policy.premiumBps > 0 && relaxS === 0)
    refuse(
      'limits.premiumPercent',
      policy.premiumBps / 100,
      'would never relax, so that hardly any fill could meet it',
      'Set limits.relaxS above 0',
    );
  const ofAll = policy.stopLossBps !== 0 || policy.takeProfitBps !== 0;
  const stops = ofAll || targets.some((t) => t.stopPriceUsdE8 !== 0n || t.takePriceUsdE8 !== 0n);
  if (stops && confirmS < 60)
    refuse('limits.confirmS', confirmS, 'is too short for a stop to be confirmed', 'Use at least 60');
  if (stops && !targets.some((t) => t.safe))
    refuse('targets', '(none is safe)', 'stops have nothing to sell into', 'Mark one target with "safe": true');
  for (const t of targets) {
    const own = t.stopPriceUsdE8 !== 0n || t.takePriceUsdE8 !== 0n;
    if (own && t.safe)
      refuse(`targets.${t.symbol}`, 'safe', 'is what stops sell into, so it has none itself', 'Remove its prices');
    if (t.takePriceUsdE8 !== 0n && t.takePriceUsdE8 <= t.stopPriceUsdE8)
      refuse(`targets.${t.symbol}.takePriceUsd`, 'too low', 'is not above its stopPriceUsd', 'Raise it');
  }
  if (tipBps > 0 && (policy.maxTipUsdE2 === 0 || policy.tipPerDayUsdE2 === 0))
    refuse('limits.tipPercent', tipBps / 100, 'is a tip without caps', 'Set limits.maxTipUsd and limits.tipPerDayUsd');
  if (tipBps === 0 && (policy.maxTipUsdE2 !== 0 || policy.tipPerDayUsdE2 !== 0))
    refuse('limits.tipPercent', 0, 'is no tip, but it has caps', 'Remove limits.maxTipUsd and limits.tipPerDayUsd');
}

/**
 * @param baseDir directory of the config file; relative paths in it start there
 * @throws KeelError DUPLICATE, UNKNOWN_TOKEN, INNER_BAND_WIDER_THAN_BAND and everything core/bands throws
 */
export function resolveConfig(file: ConfigFileFull, baseDir: string): DraftConfig {
  const absolute = (path: string): string => (isAbsolute(path) ? path : resolve(baseDir, path));
  refuseDuplicates(file.tokens, 'tokens', 'symbol', (t) => t.symbol);
  refuseDuplicates(file.tokens, 'tokens', 'address', (t) => t.address);
  refuseDuplicates(
    file.pools,
    'pools',
    (p) => (p.venue === 'UNISWAP_V4' ? 'key' : 'address'),
    (p) => (p.venue === 'UNISWAP_V4' ? Object.values(p.key).join(' ') : p.address),
  );
  refuseHomeless(file);
  refuseStrangers(file);
  const { targets, destinationBps } = targetsOf(file);
  const policy = policyOf(file.limits, destinationBps);
  if (policy.cooldownS < policy.sliceCooldownS)
    throw wrong(
      'COOLDOWN_SHORTER_THAN_SLICES',
      'limits.cooldownS',
      String(policy.cooldownS),
      `is shorter than limits.sliceCooldownS (${policy.sliceCooldownS}), so slices could be taken as rebalances`,
      `Use at least ${policy.sliceCooldownS}`,
    );
  refuseLimits(policy, targets);
  const narrowest = targets.reduce((a, b) => (b.bandBps < a.bandBps ? b : a));
  if (policy.scheduleS > 0 && policy.innerBandBps > narrowest.bandBps)
    throw wrong(
      'INNER_BAND_WIDER_THAN_BAND',
      'limits.innerBandPoints',
      String(file.limits.innerBandPoints),
      `is wider than the band of ${narrowest.symbol} (${narrowest.bandBps / 100} points)`,
      `Use at most ${narrowest.bandBps / 100}`,
    );
  return {
    mode: file.mode,
    chainId: file.chainId,
    rpcUrl: file.rpcUrl,
    wsUrl: file.wsUrl ?? null,
    contracts: file.contracts,
    vault: file.vault ?? null,
    tokens: file.tokens,
    pools: file.pools,
    targets,
    policy,
    rule: ruleOf(file.rule, file.chainId),
    keeper: keyFileOf(file.keeper, absolute),
    owner: keyFileOf(file.owner, absolute),
    dataDir: absolute(file.dataDir),
    databaseUrl: file.databaseUrl ?? null,
    api: file.api,
  };
}
