import { NETWORKS } from './data.ts';
import type { Network } from './types.ts';

export function networkNamed(name: string): Network | null {
  return NETWORKS.find((n) => n.id === name) ?? null;
}

export function networkOfChain(chainId: number): Network | null {
  return NETWORKS.find((n) => n.chainId === chainId) ?? null;
}
