import {
  getContractAddress,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
  type TransactionSerializedLegacy,
} from 'viem';
import { describe, expect, it } from 'vitest';
import { NETWORKS } from '../networks/data.ts';
import { parseClone } from './clone.ts';
import { CONTRACTS, planContracts } from './contracts.ts';
import {
  CREATE2_DEPLOYER,
  CREATE2_DEPLOYER_CODE,
  CREATE2_DEPLOYER_TRANSACTION,
  MAX_INIT_CODE_BYTES,
} from './create2.ts';

const PROBE_BYTES = 74;

describe('the deterministic deployer', () => {
  it('follows from its transaction: sender, address and code', async () => {
    const { raw, from, gas, gasPriceWei } = CREATE2_DEPLOYER_TRANSACTION;
    const tx = parseTransaction(raw);
    expect([tx.gas, tx.gasPrice, tx.chainId, tx.nonce]).toEqual([gas, gasPriceWei, undefined, 0]);
    expect(await recoverTransactionAddress({ serializedTransaction: raw as TransactionSerializedLegacy })).toBe(from);
    expect(getContractAddress({ from, nonce: 0n })).toBe(CREATE2_DEPLOYER);
    expect(tx.data?.endsWith(CREATE2_DEPLOYER_CODE.slice(2))).toBe(true);
  });
});

describe('the plan', () => {
  it.each(NETWORKS)('knows every argument and every address on $id', (network) => {
    const plan = planContracts(network);
    expect(plan.map((p) => p.name)).toEqual(CONTRACTS.map((c) => c.name));
    expect(new Set(plan.map((p) => p.address)).size).toBe(plan.length);
    for (const { initCode } of plan)
      expect((initCode.length - 2) / 2 + PROBE_BYTES).toBeLessThanOrEqual(MAX_INIT_CODE_BYTES);
    expect(planContracts(network)).toEqual(plan);
  });

  it('passes zero for what a network lacks, and says so', () => {
    const abi = [
      {
        type: 'constructor',
        stateMutability: 'nonpayable',
        inputs: ['hub_', 'weth_', 'poolManager_', 'balancer_'].map((name) => ({ name, type: 'address' })),
      },
    ] as const;
    const hub = { name: 'OracleHub', abi: [], bytecode: '0x00' } as const;
    const factory = { name: 'VaultFactory', abi, bytecode: '0x00' } as const;
    const polygon = NETWORKS.find((n) => n.id === 'polygon');
    if (polygon === undefined) throw new Error('no polygon');
    const [first, planned] = planContracts(polygon, [hub, factory]);
    expect(planned?.missing).toEqual(['balancer']);
    expect(planned?.needs).toEqual(['OracleHub']);
    const words = planned?.initCode.slice(4).match(/.{64}/g) ?? [];
    expect(words.map((w) => `0x${w.slice(24)}`)).toEqual([
      first?.address.toLowerCase(),
      polygon.wrappedNative.address.toLowerCase(),
      polygon.uniswapV4PoolManager?.address.toLowerCase(),
      `0x${'0'.repeat(40)}`,
    ]);
    expect(() => planContracts(polygon, [factory])).toThrow('needs OracleHub');
    const odd = { ...factory, abi: [{ ...abi[0], inputs: [{ name: 'king', type: 'address' }] }] } as const;
    expect(() => planContracts(polygon, [odd])).toThrow('nobody knows what to pass as king');
  });
});

describe('parseClone', () => {
  const implementation = `0x${'ab'.repeat(20)}` as const;
  const plain = `0x3d3d3d3d363d3d37363d73${'ab'.repeat(20)}5af43d3d93803e602a57fd5bf3` as const;
  const withArgs = `0x363d3d373d3d3d363d73${'ab'.repeat(20)}5af43d82803e903d91602b57fd5bf3` as const;

  it('reads both shapes', () => {
    expect(parseClone(plain)).toEqual({ implementation, args: '0x' });
    expect(parseClone(withArgs)).toEqual({ implementation, args: '0x' });
    expect(parseClone(`${withArgs}${'cd'.repeat(20)}`)).toEqual({ implementation, args: `0x${'cd'.repeat(20)}` });
  });

  it('accepts no other byte anywhere', () => {
    expect(parseClone('0x')).toBeNull();
    expect(parseClone(`${plain}00`)).toBeNull();
    for (const code of [plain, withArgs]) {
      const whole = keccak256(code);
      for (let at = 2; at < code.length; at += 2) {
        const byte = (Number.parseInt(code.slice(at, at + 2), 16) ^ 1).toString(16).padStart(2, '0');
        const altered = `${code.slice(0, at)}${byte}${code.slice(at + 2)}` as const;
        const parsed = parseClone(altered as `0x${string}`);
        expect(keccak256(altered as `0x${string}`)).not.toBe(whole);
        // only the address of the implementation may differ, and then it is another implementation
        if (parsed !== null) expect(parsed.implementation).not.toBe(implementation);
      }
      expect(parseClone(code.slice(0, -2) as `0x${string}`)).toBeNull();
    }
  });
});
