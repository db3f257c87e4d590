/** GET /api/status: the chain as it is now, joined with what the journal knows. Also what `keel status` prints. */

import type { Config } from '../config/schema.ts';
import { nextCheckAt } from '../core/checkTimes.ts';
import { UNSCALED_E4 } from '../core/gas.ts';
import { holdNavUsdE8 } from '../core/hold.ts';
import type { Address, AssetView, CheckSummary, Costs, DecisionRecord, Snapshot } from '../core/types.ts';
import { assetViews, firstBadPrice, firstUnknownBalance, nav } from '../core/value.ts';
import type { FlowsNow } from './flows.ts';
import { headlineOf } from './headline.ts';
import type { LiveAnswer, VaultView } from './live.ts';
import type { Status } from './types.ts';

export type Known = {
  readonly lastCheck: DecisionRecord | null;
  readonly lastSummary: CheckSummary | null;
  /** One sentence about the run under way; null = none. */
  readonly run: string | null;
  readonly costs: Costs;
  readonly keeperSeenS: number | null;
};

function viewsOf(config: Config, view: VaultView): readonly AssetView[] {
  const snapshot: Snapshot = {
    schema: 'evenkeel.snapshot/3',
    chainId: config.chainId,
    mode: config.mode,
    block: view.head,
    vault: view.vault,
    pools: [],
    leftOut: [],
    pathFiller: null,
    gas: { baseFeeWei: view.head.baseFeeWei, priorityFeeWei: 0n, scaleE4: UNSCALED_E4, nativeUsdE8: 0n },
    hourlyGas: null,
  };
  return assetViews(snapshot);
}

/**
 * @param live its `view` must not be null
 * @param flows null: they could not be read
 */
export function buildStatus(
  config: Config,
  keeper: Address,
  live: LiveAnswer & { readonly view: VaultView },
  known: Known,
  flows: FlowsNow | null,
): Status {
  const { vault, head } = live.view;
  const views = viewsOf(config, live.view);
  const { assets } = vault;
  const readable = firstBadPrice(assets) === undefined && firstUnknownBalance(assets) === undefined;
  const priced = live.down === null && readable;
  const navUsdE8 = priced ? nav(vault.assets) : null;
  const next =
    config.rule.frequency === 'every-block'
      ? null
      : known.lastCheck === null
        ? head.time
        : nextCheckAt(config.rule.frequency, known.lastCheck.block.time);
  const depositedUsdE8 = flows?.depositedUsdE8 ?? null;
  const words = headlineOf({
    vault,
    views,
    now: head.time,
    chainDown: live.down === null ? null : `${live.down.reason} at ${live.down.value}`,
    lastCheck: known.lastCheck,
    run: known.run,
    nextCheckAt: next,
    keeperSeenS: known.keeperSeenS,
  });
  return {
    schema: 'evenkeel.status/1',
    mode: config.mode,
    chainId: config.chainId,
    vault: vault.address,
    owner: vault.owner,
    weth: config.contracts.weth,
    ...words,
    block: { number: head.number, time: head.time },
    dataAgeS: live.dataAgeS,
    navUsdE8,
    holdNavUsdE8: navUsdE8 === null || flows === null ? null : holdNavUsdE8(flows.held, vault.assets),
    depositedUsdE8,
    sinceStartUsdE8: navUsdE8 === null || depositedUsdE8 === null ? null : navUsdE8 - depositedUsdE8,
    costs: known.costs,
    assets: views,
    pausedUntil: vault.state.pausedUntil,
    policy: vault.policy,
    rule: config.rule,
    lastCheck: known.lastSummary,
    nextCheckAt: next,
    keeper: { address: keeper, lastSeenS: known.keeperSeenS === null ? null : Math.floor(known.keeperSeenS) },
  };
}
