import type { ApiStatus } from '../api.ts';
import { percent, plainPercent, points } from '../format.ts';
import { PRICE_WORDS } from '../words.ts';

export type ApiAsset = ApiStatus['assets'][number];

/** Right end of the bars, in bps: the farthest of all weights and band edges, with some air, never past the whole. */
export function scaleEnd(assets: readonly ApiAsset[]): number {
  const farthest = assets.reduce((end, a) => Math.max(end, a.weightBps, a.targetBps + a.bandBps), 0);
  return Math.min(10_000, Math.max(1_000, Math.ceil((farthest * 1.04) / 500) * 500));
}

/** How far the drift is from acting: "2.9 to trigger", or how far it is past the band. */
export function roomText(asset: ApiAsset): string {
  const room = asset.bandBps - Math.abs(asset.driftBps);
  return room >= 0 ? `${points(room)} to trigger` : `${points(-room)} past the band`;
}

export function isOutside(asset: ApiAsset): boolean {
  return Math.abs(asset.driftBps) > asset.bandBps;
}

export function allocationSentence(asset: ApiAsset): string {
  const low = plainPercent(Math.max(0, asset.targetBps - asset.bandBps));
  const high = plainPercent(asset.targetBps + asset.bandBps);
  const price = asset.priceStatus === 'OK' ? '' : ` Its ${PRICE_WORDS[asset.priceStatus]}.`;
  const drift = `${points(Math.abs(asset.driftBps))} points ${asset.driftBps < 0 ? 'below' : 'above'} target`;
  const where = isOutside(asset) ? 'outside its band' : 'inside its band';
  return `${asset.symbol} is ${percent(asset.weightBps)} of the vault, target ${plainPercent(asset.targetBps)}%, band ${low}% to ${high}%: ${drift}, ${where}.${price}`;
}
