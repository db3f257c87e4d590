/**
 * The code that a contract and the contracts it makes would have at their addresses, as the node itself computes it.
 *
 * eth_call runs an init code without a recipient and answers with the code that it returns. Here that init code is a probe:
 * it creates the contract in question and returns the code of one of the contracts that came of it. They sit at other
 * addresses than the real ones, so the addresses in their immutables differ; both kinds are known, and swapping them
 * gives the real code. Nothing is believed but the init code and the chain.
 */
import { concat, getContractAddress, keccak256, numberToHex, stringToHex } from 'viem';
import type { Address, BlockRef, Hex } from '../core/types.ts';
import type { Chain } from './clients.ts';
import { CREATE2_DEPLOYER } from './create2.ts';
import { requestAt } from './read.ts';

export type CreatedCode = { readonly address: Address; readonly code: Hex };

/** An account that has never sent anything and never will: the hash of a sentence, so nobody has its key. */
const NOBODY = `0x${keccak256(stringToHex('evenkeel: nobody creates this')).slice(-40)}` as Address;
/** More than any contract of ours creates. */
const MAX_CHILDREN = 16;
/** {bytes} of the probe up to its JUMPDEST, and in all: the init code follows. */
const PROBE_JUMP = 24;
const PROBE_BYTES = 74;

const child = (from: Address, nonce: number): Address => getContractAddress({ from, nonce: BigInt(nonce) });

/** Creates `initCode` and returns the code of `target`; reverts as the creation does. */
function probe(initCode: Hex, target: Address): Hex {
  const length = numberToHex((initCode.length - 2) / 2, { size: 2 });
  return concat([
    concat(['0x61', length, '0x61', numberToHex(PROBE_BYTES, { size: 2 }), '0x5f39']), // codecopy(0, probe, length)
    concat(['0x61', length, '0x5f5ff0']), // create(0, 0, length)
    concat(['0x60', numberToHex(PROBE_JUMP, { size: 1 }), '0x57']), // if it is there, go on
    '0x3d5f5f3e3d5ffd', // else revert with its reason
    concat(['0x5b73', target, '0x3b805f5f73', target, '0x3c']), // extcodecopy(target, 0, 0, size)
    '0x5ff3', // return(0, size)
    initCode,
  ]);
}

/**
 * The contract at `address`, then the contracts its constructor creates, in order.
 * @param address where `initCode` is, or will be, deployed
 * @throws viem's error when the creation reverts; KeelError RPC_UNREACHABLE, CHAIN_BEHIND
 */
export async function codeOfCreation(
  chain: Chain,
  block: BlockRef,
  initCode: Hex,
  address: Address,
): Promise<CreatedCode[]> {
  const creator = child(NOBODY, 0);
  const simulated = child(creator, 1);
  const real = new Map<string, Address>([
    [creator, CREATE2_DEPLOYER],
    [simulated, address],
  ]);
  for (let nonce = 1; nonce <= MAX_CHILDREN; nonce++) real.set(child(simulated, nonce), child(address, nonce));
  const digits = new Map([...real].map(([from, to]) => [from.slice(2).toLowerCase(), to.slice(2).toLowerCase()]));
  const pattern = new RegExp([...digits.keys()].join('|'), 'g');
  const found: CreatedCode[] = [];
  for (const [where, at] of [...real].slice(1)) {
    const code = await requestAt<Hex>(chain, block, 'eth_call', [
      { from: NOBODY, data: probe(initCode, where as Address) },
    ]);
    if (code === '0x') break;
    found.push({ address: at, code: code.replaceAll(pattern, (hit) => digits.get(hit) ?? hit) as Hex });
  }
  return found;
}
