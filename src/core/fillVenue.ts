/** Which of the vault's venues carries a leg, and whom the fill names as its target. */
import type { Address, Hop, Leg } from './types.ts';

/** In the order of `enum Venue` of IVault.sol. */
export const FILL_VENUES = ['UNISWAP_V2', 'UNISWAP_V3', 'FILLER', 'UNISWAP_V4', 'BALANCER_V3'] as const;
export type FillVenue = (typeof FILL_VENUES)[number];
export type FillTarget = { readonly venue: FillVenue; readonly target: Address };

/** The only hop, when the vault can trade with its pool by itself; null: the path filler must. */
export function directHop(hops: Leg['hops']): Hop | null {
  const [only, ...more] = hops;
  if (only === undefined || more.length > 0) return null;
  return only.venue === 'UNISWAP_V4' && only.native ? null : only;
}

/** null: the leg needs a path filler, and there is none. */
export function fillTargetOf(leg: Pick<Leg, 'hops'>, pathFiller: Address | null): FillTarget | null {
  const hop = directHop(leg.hops);
  if (hop !== null) return { venue: hop.venue, target: hop.venue === 'UNISWAP_V4' ? hop.hooks : hop.pool };
  return pathFiller === null ? null : { venue: 'FILLER', target: pathFiller };
}
