/** A wallet and a vault that answer as scripted: for the outcomes a real local chain does not produce on request. */
import { decodeFunctionData, encodeErrorResult, encodeFunctionResult, erc20Abi, type Hex, toHex } from 'viem';
import { vaultAbi } from '../../src/abi/Vault.ts';
import type { Rpc } from './fixture.ts';
import { CHAIN_ID, OWNER, VAULT, type World } from './fixtureData.ts';

export type Answer = 'accept' | 'refuse' | 'pending' | 'never';

export type FakeChain = {
  readonly rpc: Rpc;
  accounts: readonly Hex[];
  chainId: number;
  connect: Answer;
  sign: Answer;
  /** The vault's owner as the contract says it. */
  owner: Hex;
  /** A token whose transfer fails, unless skipped. */
  stuckToken: Hex | null;
  /** The transaction is mined but fails. */
  revert: boolean;
  /** What eth_sendTransaction was asked to send. */
  readonly sent: { readonly to: Hex; readonly from: Hex; readonly call: string; readonly args: readonly unknown[] }[];
};

const HASH: Hex = `0x${'7e'.repeat(32)}`;

function refuse(answer: Answer): void {
  if (answer === 'refuse') throw Object.assign(new Error('User rejected the request.'), { code: 4001 });
  if (answer === 'pending') throw Object.assign(new Error('Request already pending.'), { code: -32_002 });
}

export function fakeChain(world: () => World): FakeChain {
  const sent: FakeChain['sent'] = [];
  const chain: FakeChain = {
    accounts: [OWNER],
    chainId: CHAIN_ID,
    connect: 'accept',
    sign: 'accept',
    owner: OWNER,
    stuckToken: null,
    revert: false,
    sent,
    rpc: (method, params) => {
      if (method === 'eth_chainId') return toHex(chain.chainId);
      if (method === 'eth_accounts') return chain.accounts;
      if (method === 'eth_requestAccounts') {
        refuse(chain.connect);
        return chain.connect === 'never' ? new Promise(() => undefined) : chain.accounts;
      }
      if (method === 'eth_call') return call(params[0] as { to: Hex; data: Hex });
      if (method === 'eth_sendTransaction') return send(params[0] as { to: Hex; from: Hex; data: Hex });
      if (method === 'eth_getTransactionReceipt')
        return sent.length === 0 ? null : { status: chain.revert ? '0x0' : '0x1', blockNumber: toHex(19_204_120) };
      if (method === 'eth_getTransactionByHash') return { hash: HASH };
      throw Object.assign(new Error(`unexpected ${method}`), { code: -32_601 });
    },
  };

  function call({ to, data }: { to: Hex; data: Hex }): Hex {
    if (to.toLowerCase() !== VAULT.toLowerCase()) {
      const asset = world().status.assets.find((a) => a.token === to);
      if (asset === undefined) throw Object.assign(new Error(`eth_call to ${to}`), { code: -32_000 });
      return encodeFunctionResult({ abi: erc20Abi, functionName: 'balanceOf', result: BigInt(asset.balance) });
    }
    const decoded = decodeFunctionData({ abi: vaultAbi, data });
    if (decoded.functionName === 'owner')
      return encodeFunctionResult({ abi: vaultAbi, functionName: 'owner', result: chain.owner });
    if (decoded.functionName === 'withdrawAll' && chain.stuckToken !== null) {
      const [skip] = decoded.args;
      if (!skip.some((token) => token.toLowerCase() === chain.stuckToken?.toLowerCase())) {
        const args = [chain.stuckToken] as const;
        const reason = encodeErrorResult({ abi: vaultAbi, errorName: 'TransferFailed', args });
        throw Object.assign(new Error('execution reverted'), { code: 3, data: reason });
      }
    }
    return '0x';
  }

  function send({ to, from, data }: { to: Hex; from: Hex; data: Hex }): unknown {
    refuse(chain.sign);
    if (chain.sign === 'never') return new Promise(() => undefined);
    const decoded = decodeFunctionData({ abi: vaultAbi, data });
    sent.push({ to, from, call: decoded.functionName, args: decoded.args ?? [] });
    return HASH;
  }

  return chain;
}
