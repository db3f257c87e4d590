/** The bytes that tell the path filler its way (IPathFiller.sol). */
import { concatHex, encodePacked } from 'viem';
import { sameAddress } from '../core/address.ts';
import { EXIT, KeelError } from '../core/errors.ts';
import type { Address, Hex, Leg } from '../core/types.ts';

const KIND = { UNISWAP_V2: 0, UNISWAP_V3: 1, UNISWAP_V4: 2 } as const;
const V4_FROM_ETHER = 3;
const ETHER: Address = '0x0000000000000000000000000000000000000000';

function impossible(leg: Pick<Leg, 'hops'>, reason: string): KeelError {
  const value = leg.hops.map((h) => `${h.venue} ${h.pool}`).join(', ');
  const remedy = 'Remove one of these pools from the config, and report this as a bug.';
  return new KeelError({ code: 'PATH_IMPOSSIBLE', exit: EXIT.bug, field: 'path', value, reason, remedy });
}

/**
 * @param weth pools of ether itself count as pools of wrapped ether
 * @throws KeelError PATH_IMPOSSIBLE
 */
export function encodePath(leg: Pick<Leg, 'hops'>, weth: Address): Hex {
  let ether = false; // the hop before brought ether itself, which stays what it is for the V4 hop after it
  const hops = leg.hops.map((hop) => {
    if (hop.venue === 'BALANCER_V3') throw impossible(leg, 'a pool of Balancer cannot be part of a path');
    if (hop.venue !== 'UNISWAP_V4') {
      ether = false;
      return encodePacked(['uint8', 'address', 'address'], [KIND[hop.venue], hop.pool, hop.tokenOut]);
    }
    const brings = hop.native && sameAddress(hop.tokenOut, weth);
    const sells = hop.native && !brings;
    if (ether && !sells)
      throw impossible(leg, 'a pool of wrapped ether cannot follow a pool of ether inside Uniswap V4');
    const kind = sells && !ether ? V4_FROM_ETHER : KIND.UNISWAP_V4;
    ether = brings;
    return encodePacked(
      ['uint8', 'address', 'uint24', 'int24', 'address'],
      [kind, brings ? ETHER : hop.tokenOut, hop.keyFee, hop.tickSpacing, hop.hooks],
    );
  });
  return concatHex(hops);
}
