import { concat, createPublicClient, getContractAddress, http } from 'viem';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { CREATE2_DEPLOYER, create2Address, create2Data, saltOf } from './create2.ts';
import { codeOfCreation } from './creation.ts';
import { latestHead } from './head.ts';
import { isRevert, rpcFailure } from './rpc.ts';
import { connectTo, startAnvil, type TestAnvil } from './testing/anvil.ts';
import { OWNER } from './testing/world.ts';

/** Returns as its code who made it and where it is. */
const LEAF: Hex = '0x335f523060205260405ff3';
/** Makes a leaf, then does the same. */
const PARENT = concat(['0x6a', LEAF, '0x5f52600b60155ff050', LEAF]);

let anvil: TestAnvil;
let chain: Chain;
beforeAll(async () => {
  anvil = await startAnvil();
  await anvil.rpc('evm_setAutomine', [true]);
  chain = await connectTo(anvil, 'http');
});
afterAll(async () => {
  chain.close();
  await anvil.stop();
});

it('computes the code of a contract and of what it makes, with their addresses in it, before and after', async () => {
  const salt = saltOf('parent');
  const parent = create2Address(salt, PARENT);
  const before = await codeOfCreation(chain, await latestHead(chain), PARENT, parent);
  expect(before.map((c) => c.address)).toEqual([parent, getContractAddress({ from: parent, nonce: 1n })]);
  const word = (address: string): string => `${'0'.repeat(24)}${address.slice(2).toLowerCase()}`;
  expect(before[0]?.code).toBe(`0x${word(CREATE2_DEPLOYER)}${word(parent)}`);

  const data = create2Data(salt, PARENT);
  const hash = await anvil.rpc<Hex>('eth_sendTransaction', [{ from: OWNER, to: CREATE2_DEPLOYER, data }]);
  const client = createPublicClient({ transport: http(anvil.http) });
  await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  for (const { address, code } of before) expect(await anvil.rpc('eth_getCode', [address, 'latest'])).toBe(code);
  expect(await codeOfCreation(chain, await latestHead(chain), PARENT, parent)).toEqual(before);
});

it('reverts as the creation does', async () => {
  const init: Hex = '0x63deadbeef5f526004601cfd';
  const failure = await codeOfCreation(chain, await latestHead(chain), init, OWNER).then(
    () => null,
    (error: unknown) => rpcFailure(error),
  );
  expect([isRevert(failure), failure?.kind === 'answered' && failure.data]).toEqual([true, '0xdeadbeef']);
});
