/** What happens on a devnet, and when. Plain data: everything random is drawn from the seed when it is played. */
import type { TokenSymbol } from '../layout.ts';

export type DayRow = {
  readonly day: string;
  /** Close of the 23:00 hour. USDC null = no quote that day: one dollar. */
  readonly close: Readonly<Record<Exclude<TokenSymbol, 'USDC'>, number>> & { readonly USDC: number | null };
  /** Lowest hourly close of the day. */
  readonly low: { readonly WETH: number; readonly WBTC: number; readonly USDC: number | null };
};

/** A price that the market passes through at an hour after the start. */
export type Turn = { readonly hour: number; readonly price: Readonly<Record<TokenSymbol, number>> };

export type MarketSource =
  | { readonly kind: 'daily'; readonly days: readonly DayRow[] }
  | { readonly kind: 'turns'; readonly turns: readonly Turn[]; readonly volatilityPercentPerYear: number }
  /** Element h is the price h hours after the start. */
  | { readonly kind: 'hourly'; readonly prices: Readonly<Record<TokenSymbol, readonly number[]>> };

export type ScenarioEvent =
  | { readonly kind: 'FREEZE_FEED'; readonly symbol: TokenSymbol; readonly fromHour: number; readonly toHour: number }
  | { readonly kind: 'GAS'; readonly gwei: number; readonly fromHour: number; readonly toHour: number }
  /** `pools` by name in layout.ts; the liquidity providers leave this share behind. */
  | {
      readonly kind: 'DRAIN_POOLS';
      readonly pools: readonly string[];
      readonly keepBps: number;
      readonly atHour: number;
    };

export type Scenario = {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** Unix seconds, on the hour. */
  readonly startTime: number;
  readonly hours: number;
  readonly gasMeanGwei: number;
  readonly market: MarketSource;
  readonly events: readonly ScenarioEvent[];
};
