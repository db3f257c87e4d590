/** Sends one creation, waits for its block and proves what it made. */
import { keccak256 } from 'viem';
import type { Chain } from '../../chain/clients.ts';
import type { PlannedContract } from '../../chain/contracts.ts';
import { CREATE2_DEPLOYER, create2Data } from '../../chain/create2.ts';
import { feeCaps, gasLimitOf, readPriorityFee } from '../../chain/fees.ts';
import { latestHead } from '../../chain/head.ts';
import type { Signer } from '../../chain/signer.ts';
import { readBalance } from '../../chain/simulate.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import type { Hex } from '../../core/types.ts';
import type { Network } from '../../networks/types.ts';
import type { Io, Output } from '../output.ts';
import { ethText, sendAndWait } from '../owner/send.ts';
import { codeDiffers, estimateCreation, expectedCode, readCode } from './survey.ts';

export type Created = {
  readonly codeHash: Hex;
  readonly gasUsed: bigint;
  readonly txHash: Hex;
  readonly block: number;
};

/** @throws KeelError OUT_OF_GAS_MONEY, CREATION_REVERTED, CREATION_TOO_EXPENSIVE, CODE_DIFFERS and those of sendAndWait */
export async function create(
  chain: Chain,
  network: Network,
  contract: PlannedContract,
  signer: Signer,
  io: Io,
  output: Output,
): Promise<Created> {
  const head = await latestHead(chain);
  const estimate = await estimateCreation(chain, head, network, contract, signer.address);
  const wanted = gasLimitOf(estimate);
  const cap = BigInt(network.maxTxGas);
  const gas = wanted < cap ? wanted : cap;
  const fees = feeCaps(head.baseFeeWei, await readPriorityFee(chain, head), []);
  const maxCostWei = gas * fees.maxFeePerGas;
  const balance = await readBalance(chain, head, signer.address);
  if (balance < maxCostWei)
    throw new KeelError({
      code: 'OUT_OF_GAS_MONEY',
      exit: EXIT.signature,
      field: 'deployer',
      value: signer.address,
      reason: `has ${ethText(balance)} and may need ${ethText(maxCostWei)} for the gas of ${contract.name}`,
      remedy: `Send at least ${ethText(maxCostWei - balance)} to it and run it again; what is deployed stays`,
    });
  const receipt = await sendAndWait(
    chain,
    signer,
    {
      from: signer.address,
      to: CREATE2_DEPLOYER,
      data: create2Data(contract.salt, contract.initCode),
      what: `deploy ${contract.name}`,
      head,
      gas,
      fees,
      maxCostWei,
    },
    io,
    output,
  );
  const after = await latestHead(chain);
  const code = await readCode(chain, after, contract.address);
  const expected = await expectedCode(chain, after, contract);
  if (code !== expected) throw codeDiffers(contract.name, contract.address, expected, code);
  return {
    codeHash: keccak256(code),
    gasUsed: receipt.gasUsed,
    txHash: receipt.hash,
    block: receipt.blockNumber,
  };
}
