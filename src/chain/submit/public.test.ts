import { keccak256 } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hex } from '../../core/types.ts';
import type { Chain } from '../clients.ts';
import type { SliceTransaction } from '../signer.ts';
import { connectTo, startAnvil, type TestAnvil } from '../testing/anvil.ts';
import { signerOf } from '../testing/signer.ts';
import { sendPublic } from './public.ts';

let anvil: TestAnvil;
let chain: Chain;
const signer = signerOf();

beforeAll(async () => {
  anvil = await startAnvil();
  chain = await connectTo(anvil);
});
afterAll(async () => {
  chain.close();
  await anvil.stop();
});

function signed(change: Partial<SliceTransaction> = {}): Promise<Hex> {
  return signer.signTransaction({
    type: 'eip1559',
    chainId: anvil.chainId,
    to: '0x1111111111111111111111111111111111111111',
    data: '0x',
    value: 0n,
    nonce: 0,
    gas: 21_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 10n ** 9n,
    ...change,
  });
}

describe('sendPublic', () => {
  it('is accepted once, and then the same bytes are to be looked up', async () => {
    const raw = await signed();
    expect(await sendPublic(chain, raw)).toEqual({ status: 'accepted', hash: keccak256(raw) });
    expect(await sendPublic(chain, raw)).toMatchObject({ status: 'lookup', hash: keccak256(raw) });
    await anvil.rpc('evm_mine');
    expect(await sendPublic(chain, raw)).toMatchObject({ status: 'lookup', hash: keccak256(raw) });
  });

  it('is rejected only when the node proves that these bytes cannot be included', async () => {
    expect(await sendPublic(chain, await signed({ nonce: 1, value: 10n ** 30n }))).toMatchObject({
      status: 'rejected',
      reason: 'OUT_OF_GAS_MONEY',
    });
    expect(await sendPublic(chain, await signed({ nonce: 1, chainId: 5 }))).toMatchObject({
      status: 'rejected',
      reason: 'INVALID',
    });
  });

  it('is unknown when the node says anything else, or nothing', async () => {
    await sendPublic(chain, await signed({ nonce: 1 }));
    const cheap = await signed({ nonce: 1, gas: 22_000n });
    expect(await sendPublic(chain, cheap)).toMatchObject({ status: 'unknown', hash: keccak256(cheap) });
    const raw = await signed({ nonce: 2 });
    await anvil.stop();
    expect(await sendPublic(chain, raw)).toMatchObject({ status: 'unknown', hash: keccak256(raw) });
  });
});
