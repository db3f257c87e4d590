/** The table of assets in a vault's own code, for when nobody else can be asked. The layout is that of Rules.sol. */
import type { Address, Hex } from '../core/types.ts';

/** {bytes} policy 64, flags 1, number of keepers 1, number of assets 1; then 20 for each keeper and 28 for each asset. */
const FIXED = 67;
const KEEPERS_AT = 65;
const ASSETS_AT = 66;
const KEEPER = 20;
const HEAD = 28;

export type ListedToken = { readonly token: Address; readonly decimals: number };

export function tokensInRules(rules: Hex): ListedToken[] {
  const bytes = Buffer.from(rules.slice(2), 'hex');
  const keepers = bytes[KEEPERS_AT] ?? 0;
  const assets = bytes[ASSETS_AT] ?? 0;
  const from = FIXED + keepers * KEEPER;
  if (bytes.length < from + assets * HEAD) throw new RangeError('the rules of the vault are shorter than they say');
  return Array.from({ length: assets }, (_, i) => {
    const at = from + i * HEAD;
    return { token: `0x${bytes.toString('hex', at, at + 20)}`, decimals: bytes[at + 20] ?? 0 };
  });
}
