/** What the owner commands read: the vault itself and its tokens. Never the oracle, the lens or the database. */
import { type DecodeFunctionResultReturnType, decodeFunctionResult, encodeFunctionData, erc20Abi } from 'viem';
import { vaultAbi } from '../../abi/Vault.ts';
import type { Chain } from '../../chain/clients.ts';
import type { Head } from '../../chain/head.ts';
import { requestAt } from '../../chain/read.ts';
import { rpcFailure } from '../../chain/rpc.ts';
import { tokensInRules } from '../../chain/rules.ts';
import type { Config } from '../../config/schema.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import type { Address, Hex } from '../../core/types.ts';

export type Holding = {
  readonly token: Address;
  readonly symbol: string;
  readonly decimals: number;
  /** null: the token does not even answer how much there is. */
  readonly balance: bigint | null;
};

export type OwnerView = {
  readonly owner: Address;
  readonly pausedUntil: number;
  readonly holdings: readonly Holding[];
};

type View = 'owner' | 'state' | 'raw';

async function readVaultView<N extends View>(
  chain: Chain,
  head: Head,
  vault: Address,
  functionName: N,
): Promise<DecodeFunctionResultReturnType<typeof vaultAbi, N>> {
  const wrong = (reason: string) =>
    new KeelError({
      code: 'NOT_A_VAULT',
      exit: EXIT.usage,
      field: 'vault',
      value: vault,
      reason,
      remedy: `Check "vault" in the config against chain ${chain.chainId}`,
    });
  let data: Hex;
  try {
    const call = { to: vault, data: encodeFunctionData({ abi: vaultAbi, functionName: functionName as View }) };
    data = await requestAt<Hex>(chain, head, 'eth_call', [call]);
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    throw wrong(`is a contract without ${functionName}()`);
  }
  if (data === '0x') throw wrong(`has no code on chain ${chain.chainId}`);
  return decodeFunctionResult({
    abi: vaultAbi,
    functionName: functionName as View,
    data,
  }) as DecodeFunctionResultReturnType<typeof vaultAbi, N>;
}

export async function readBalanceOf(chain: Chain, head: Head, token: Address, holder: Address): Promise<bigint | null> {
  const call = { to: token, data: encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [holder] }) };
  try {
    const data = await requestAt<Hex>(chain, head, 'eth_call', [call]);
    return data.length === 66 ? BigInt(data) : null;
  } catch (error) {
    if (rpcFailure(error)?.kind !== 'answered') throw error;
    return null;
  }
}

/** @throws KeelError NOT_A_VAULT, RPC_UNREACHABLE */
export async function readOwnerView(chain: Chain, config: Config, head: Head): Promise<OwnerView> {
  const { vault } = config;
  // Not assets(), which asks the hub for the ids of its feeds.
  const [owner, state, { rules }] = await Promise.all([
    readVaultView(chain, head, vault, 'owner'),
    readVaultView(chain, head, vault, 'state'),
    readVaultView(chain, head, vault, 'raw'),
  ]);
  const holdings = await Promise.all(
    tokensInRules(rules).map(async (asset): Promise<Holding> => {
      const known = config.tokens.find((t) => t.address.toLowerCase() === asset.token.toLowerCase());
      return {
        token: asset.token,
        symbol: known?.symbol ?? asset.token,
        decimals: asset.decimals,
        balance: await readBalanceOf(chain, head, asset.token, vault),
      };
    }),
  );
  return { owner, pausedUntil: state.pausedUntil, holdings };
}
