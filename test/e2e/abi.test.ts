import { parseAbi } from 'viem';
import { expect, it } from 'vitest';
import { vaultAbi } from '../../src/abi/Vault.ts';
import { VAULT_FRAGMENTS } from '../../web/src/abi.ts';

/** Name, inputs and outputs: everything that decides what a call means. */
function shape(item: {
  type: string;
  name?: string;
  inputs?: readonly unknown[];
  outputs?: readonly unknown[];
}): string {
  const types = (list: readonly unknown[] = []): string => list.map((p) => (p as { type: string }).type).join();
  return `${item.type} ${item.name}(${types(item.inputs)}) returns (${types(item.outputs)})`;
}

it("every fragment the page knows is the contract's own", () => {
  const contract = new Set(vaultAbi.map((item) => shape(item)));
  for (const item of parseAbi(VAULT_FRAGMENTS)) expect(contract).toContain(shape(item));
});
