/**
 * Everything that needs viem. Loaded on the first wallet use only: import it with `import('./chain.ts')`, never
 * statically.
 */
import {
  BaseError,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  isAddressEqual,
  parseAbi,
} from 'viem';
import { ERC20_FRAGMENTS, VAULT_FRAGMENTS } from '../abi.ts';
import type { Connected, Hex } from './connection.ts';
import { errorMessage, revertData } from './provider.ts';

const vaultAbi = parseAbi(VAULT_FRAGMENTS);
/** What `require(x, "text")` and arithmetic of a token can end with. */
const errorAbi = [...vaultAbi, ...parseAbi(['error Error(string message)', 'error Panic(uint256 code)'])] as const;
const erc20Abi = parseAbi(ERC20_FRAGMENTS);

export type VaultCall =
  | { readonly name: 'pause' }
  | { readonly name: 'resume' }
  | { readonly name: 'withdrawAll'; readonly skip: readonly Hex[] };

export function calldata(call: VaultCall): Hex {
  if (call.name === 'withdrawAll')
    return encodeFunctionData({ abi: vaultAbi, functionName: 'withdrawAll', args: [call.skip] });
  return encodeFunctionData({ abi: vaultAbi, functionName: call.name });
}

/** With EIP-55 checksum. */
export function checksummed(address: string): Hex {
  return getAddress(address);
}

export function sameAddress(a: Hex, b: Hex): boolean {
  return isAddressEqual(a, b);
}

export type Symbols = (token: Hex) => string;
export type Failure = { readonly reason: string; readonly failingToken: Hex | null };

/** The error of a failed call in plain words. */
export function explain(error: unknown, symbolOf: Symbols): Failure {
  const data = revertData(error);
  if (data === null || data === '0x') return { reason: errorMessage(error), failingToken: null };
  try {
    const decoded = decodeErrorResult({ abi: errorAbi, data });
    if (decoded.errorName === 'TransferFailed') {
      const [token] = decoded.args;
      return { reason: `${symbolOf(token)} (${token}) refused the transfer.`, failingToken: token };
    }
    if (decoded.errorName === 'NotOwner')
      return { reason: `The vault says that ${decoded.args[0]} is not its owner.`, failingToken: null };
    if (decoded.errorName === 'UnknownToken')
      return { reason: `${decoded.args[0]} is not a coin of this vault.`, failingToken: null };
    if (decoded.errorName === 'Error') return { reason: `The chain says: ${decoded.args[0]}.`, failingToken: null };
    return { reason: `The contract failed with panic code ${decoded.args[0]}.`, failingToken: null };
  } catch (cause) {
    if (!(cause instanceof BaseError)) throw cause;
    return { reason: `The chain answered ${data.slice(0, 10)}, which this page cannot read.`, failingToken: null };
  }
}

export async function readOwner(connected: Connected, vault: Hex): Promise<Hex> {
  const data = encodeFunctionData({ abi: vaultAbi, functionName: 'owner' });
  const answer = await ethCall(connected, { to: vault, data });
  return decodeFunctionResult({ abi: vaultAbi, functionName: 'owner', data: answer });
}

export async function readBalance(connected: Connected, token: Hex, holder: Hex): Promise<bigint> {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [holder] });
  const answer = await ethCall(connected, { to: token, data });
  return decodeFunctionResult({ abi: erc20Abi, functionName: 'balanceOf', data: answer });
}

/** Runs a call on the newest state without sending it; throws the wallet's error. */
export async function ethCall(connected: Connected, tx: Record<string, unknown>, block = 'latest'): Promise<Hex> {
  const answer = await connected.wallet.provider.request({ method: 'eth_call', params: [tx, block] });
  if (typeof answer !== 'string' || !answer.startsWith('0x')) throw new Error('the wallet gave no answer to eth_call');
  return answer as Hex;
}

export type Receipt = { readonly ok: boolean; readonly block: number };

export async function readReceipt(connected: Connected, hash: Hex): Promise<Receipt | null> {
  const answer = await connected.wallet.provider.request({ method: 'eth_getTransactionReceipt', params: [hash] });
  if (typeof answer !== 'object' || answer === null) return null;
  const { status, blockNumber } = answer as { status?: unknown; blockNumber?: unknown };
  if (typeof blockNumber !== 'string') return null;
  return { ok: Number(status) === 1, block: Number(blockNumber) };
}

/** False when the network no longer knows a transaction that has no receipt: it was replaced or dropped. */
export async function isKnown(connected: Connected, hash: Hex): Promise<boolean> {
  const answer = await connected.wallet.provider.request({ method: 'eth_getTransactionByHash', params: [hash] });
  return typeof answer === 'object' && answer !== null;
}
