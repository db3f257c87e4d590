import type { Address } from './types.ts';

/** Addresses compare by value: checksum case carries no meaning. */
export function sameAddress(a: Address, b: Address): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}

export function lower(address: string): Address {
  return address.toLowerCase() as Address;
}
