import { encodeErrorResult, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { oracleHubAbi } from '../abi/OracleHub.ts';
import { vaultAbi } from '../abi/Vault.ts';
import { REASONS } from '../core/types.ts';
import { decodeRevert } from './reverts.ts';

const abi = vaultAbi;

describe('decodeRevert', () => {
  it('reads the reason out of NotDue', () => {
    const reason = stringToHex('COOLDOWN', { size: 32 });
    const data = encodeErrorResult({ abi, errorName: 'NotDue', args: [reason, 1_700_000_000] });
    expect(decodeRevert(data)).toMatchObject({
      name: 'NotDue',
      reason: 'COOLDOWN',
      sentence: expect.stringContaining('COOLDOWN'),
    });
  });

  it('shows dollars as dollars', () => {
    const data = encodeErrorResult({
      abi,
      errorName: 'LossBudgetExceeded',
      args: [123_456_000_000n, 100_000_000_000n],
    });
    expect(decodeRevert(data)).toMatchObject({
      reason: 'LOSS_BUDGET_SPENT',
      sentence: "the trade would raise today's loss to $1234.56, above the budget of $1000.00",
    });
  });

  it('knows the errors of the hub and of Solidity', () => {
    const id = `0x${'1'.repeat(64)}` as const;
    const stale = encodeErrorResult({ abi: oracleHubAbi, errorName: 'BadPrice', args: [id, 1, 5] });
    expect(decodeRevert(stale)).toMatchObject({ name: 'BadPrice', reason: 'PRICE_STALE' });
    const text = `0x08c379a0${'20'.padStart(64, '0')}${'1'.padStart(64, '0')}${'4b'.padEnd(64, '0')}` as const;
    expect(decodeRevert(text)).toMatchObject({ name: 'Error', sentence: expect.stringContaining('"K"') });
  });

  it('says so when it does not know', () => {
    expect(decodeRevert(null)).toMatchObject({ name: 'Unknown', reason: 'SIMULATION_REVERTED' });
    expect(decodeRevert('0x12345678')).toMatchObject({
      name: 'Unknown',
      sentence: expect.stringContaining('0x12345678'),
    });
  });

  it('maps every error of the vault to a known reason and a sentence', () => {
    for (const item of vaultAbi) {
      if (item.type !== 'error') continue;
      const args = item.inputs.map((i): unknown => {
        if (i.type === 'address') return '0x1111111111111111111111111111111111111111';
        if (i.type === 'bytes32') return stringToHex('EMPTY', { size: 32 });
        if (i.type === 'string') return 'field';
        return ['uint8', 'uint32', 'uint40'].includes(i.type) ? 7 : 7n;
      });
      const data = encodeErrorResult({ abi: [item], errorName: item.name, args } as never);
      const revert = decodeRevert(data);
      expect(revert.name).toBe(item.name);
      expect(REASONS).toContain(revert.reason);
      expect(revert.sentence.length).toBeGreaterThan(3);
      // A sentence, and not the error's name with its arguments.
      expect(revert.sentence).not.toContain(item.name);
    }
  });
});
