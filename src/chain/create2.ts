/**
 * Addresses that follow from the code: CREATE2 through the deployer that has the same address on every chain.
 * https://github.com/Arachnid/deterministic-deployment-proxy
 */
import { concat, getContractAddress, keccak256, stringToHex } from 'viem';
import type { Address, Hex } from '../core/types.ts';

export const CREATE2_DEPLOYER: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C';

/** All that the deployer is: salt and init code in, address out. */
export const CREATE2_DEPLOYER_CODE: Hex =
  '0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3';

/**
 * The transaction that makes it, valid on every chain that accepts signatures without a chain id. Nobody has the key: the
 * signature was chosen, and the sender follows from it. Funding the sender and broadcasting this is all that is needed.
 */
export const CREATE2_DEPLOYER_TRANSACTION = {
  from: '0x3fAB184622Dc19b6109349B94811493BF2a45362',
  gasPriceWei: 100_000_000_000n,
  gas: 100_000n,
  raw: '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222',
} as const satisfies { from: Address; gasPriceWei: bigint; gas: bigint; raw: Hex };

/** {bytes} https://eips.ethereum.org/EIPS/eip-3860 */
export const MAX_INIT_CODE_BYTES = 49_152;

/** One salt per contract, the same for ever: another version has other code and therefore another address. */
export function saltOf(contract: string): Hex {
  return keccak256(stringToHex(`evenkeel ${contract}`));
}

export function create2Address(salt: Hex, initCode: Hex): Address {
  return getContractAddress({ opcode: 'CREATE2', from: CREATE2_DEPLOYER, salt, bytecode: initCode });
}

/** What the deployer is called with. */
export function create2Data(salt: Hex, initCode: Hex): Hex {
  return concat([salt, initCode]);
}
