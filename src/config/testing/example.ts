/** A config file that is complete and correct, for tests that break one thing at a time. */
import type { ConfigFile } from '../schema.ts';

const A = (n: number) => `0x${n.toString(16).padStart(40, '0')}`;
const F = (n: number) => `0x${n.toString(16).padStart(64, '0')}`;

export function exampleConfig(): ConfigFile {
  return {
    schema: 'evenkeel.config/1',
    mode: 'REHEARSAL',
    chainId: 913377,
    rpcUrl: 'ws://127.0.0.1:8545',
    contracts: { factory: A(1), hub: A(2), lens: A(3), weth: A(4) },
    vault: A(5),
    tokens: [
      { symbol: 'WETH', address: A(4), decimals: 18, feedId: F(1) },
      { symbol: 'WBTC', address: A(6), decimals: 8, feedId: F(2) },
      { symbol: 'USDC', address: A(7), decimals: 6, feedId: F(3) },
    ],
    pools: [
      { venue: 'UNISWAP_V2', address: A(8) },
      { venue: 'UNISWAP_V3', address: A(9) },
    ],
    targets: [
      { symbol: 'WETH', percent: 40, band: { points: 5 } },
      { symbol: 'WBTC', percent: 30, band: { points: 5 } },
      { symbol: 'USDC', percent: 30, band: { relativePercent: 12.5 } },
    ],
    keeper: { keyFile: 'keeper.key' },
  };
}
