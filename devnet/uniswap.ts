/** Bytecode that Uniswap ships in its own packages, and the addresses its factories will give to pools. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encodeAbiParameters, encodePacked, getCreate2Address, keccak256 } from 'viem';
import type { Address, Hex } from '../src/core/types.ts';

const require = createRequire(import.meta.url);

function bytecodeOf(path: string): Hex {
  const artifact = JSON.parse(readFileSync(require.resolve(path), 'utf8')) as { bytecode: string };
  return artifact.bytecode.startsWith('0x') ? (artifact.bytecode as Hex) : `0x${artifact.bytecode}`;
}

export type UniswapCode = Readonly<
  Record<'weth9' | 'v2Factory' | 'v3Factory', Hex> & { v2PairHash: Hex; v3PoolHash: Hex }
>;

export function uniswapCode(): UniswapCode {
  const v3 = '@uniswap/v3-core/artifacts/contracts';
  return {
    weth9: bytecodeOf('@uniswap/v2-periphery/build/WETH9.json'),
    v2Factory: bytecodeOf('@uniswap/v2-core/build/UniswapV2Factory.json'),
    v3Factory: bytecodeOf(`${v3}/UniswapV3Factory.sol/UniswapV3Factory.json`),
    v2PairHash: keccak256(bytecodeOf('@uniswap/v2-core/build/UniswapV2Pair.json')),
    v3PoolHash: keccak256(bytecodeOf(`${v3}/UniswapV3Pool.sol/UniswapV3Pool.json`)),
  };
}

export function sortTokens(a: Address, b: Address): readonly [Address, Address] {
  return BigInt(a) < BigInt(b) ? [a, b] : [b, a];
}

export function v2PairAddress(factory: Address, code: UniswapCode, a: Address, b: Address): Address {
  const salt = keccak256(encodePacked(['address', 'address'], sortTokens(a, b)));
  return getCreate2Address({ from: factory, salt, bytecodeHash: code.v2PairHash });
}

export function v3PoolAddress(factory: Address, code: UniswapCode, a: Address, b: Address, feePips: number): Address {
  const [token0, token1] = sortTokens(a, b);
  const types = [{ type: 'address' }, { type: 'address' }, { type: 'uint24' }] as const;
  const salt = keccak256(encodeAbiParameters(types, [token0, token1, feePips]));
  return getCreate2Address({ from: factory, salt, bytecodeHash: code.v3PoolHash });
}
