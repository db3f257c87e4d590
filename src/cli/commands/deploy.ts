import { type Chain, connect } from '../../chain/clients.ts';
import { type PlannedContract, planContracts } from '../../chain/contracts.ts';
import { CREATE2_DEPLOYER } from '../../chain/create2.ts';
import { latestHead } from '../../chain/head.ts';
import { loadSigner, type Signer } from '../../chain/signer.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import type { Address, Hex } from '../../core/types.ts';
import type { Network } from '../../networks/types.ts';
import { type Call, flagOption, orInterrupted } from '../command.ts';
import { create } from '../deploy/create.ts';
import { keyOption, networkOption, rpcOption } from '../deploy/endpoint.ts';
import { requireDeployer, requireOthers, type Surveyed, survey } from '../deploy/survey.ts';
import { table } from '../output.ts';
import { confirmed, declined } from '../owner/session.ts';

type Row = {
  readonly name: string;
  readonly address: Address;
  readonly status: 'present' | 'planned' | 'deployed';
  readonly codeHash: Hex | null;
  /** {gas} estimated while planned, used once deployed */
  readonly gas: bigint | null;
  readonly txHash: Hex | null;
  readonly block: number | null;
};

function rowOf({ contract, present, codeHash, gas }: Surveyed): Row {
  const { name, address } = contract;
  return { name, address, status: present ? 'present' : 'planned', codeHash, gas, txHash: null, block: null };
}

function show(call: Call, rows: readonly Row[]): void {
  const cells = rows.map((r) => [
    r.name,
    r.address,
    r.status,
    r.gas === null ? (r.status === 'planned' ? 'gas not known yet' : '') : `gas ${r.gas}`,
    r.codeHash === null ? 'code known once the contracts above are there' : `code ${r.codeHash}`,
  ]);
  for (const line of table([...cells])) call.output.line(`  ${line}`);
}

function deployerSigner(call: Call): Signer {
  const source = keyOption(call);
  if (source !== null) return loadSigner(source);
  throw new KeelError({
    code: 'DEPLOYER_KEY_MISSING',
    exit: EXIT.signature,
    field: '--key-file',
    value: '(missing)',
    reason: 'somebody must pay the gas',
    remedy: 'Name a key file of mode 0600 with --key-file; the account gets no power over anything it deploys',
  });
}

function missingOf(plan: readonly PlannedContract[]): string[] {
  return plan.flatMap((p) => p.missing.map((parameter) => `${p.name}.${parameter}`));
}

async function deploy(call: Call, chain: Chain, network: Network): Promise<ExitCode> {
  const { output, io } = call;
  const dryRun = flagOption(call, 'dryRun');
  const source = keyOption(call);
  const plan = planContracts(network);
  const head = await latestHead(chain);
  await requireDeployer(chain, head);
  await requireOthers(chain, head, network, plan);
  // without a key nobody is known to pay; the estimate is the same for everybody
  const payer = source === null ? CREATE2_DEPLOYER : loadSigner(source).address;
  const surveyed = await survey(chain, head, network, plan, payer);
  const missing = missingOf(plan);
  let rows = surveyed.map(rowOf);
  const tell = (): void =>
    output.object({
      schema: 'evenkeel.deploy/1',
      network: network.id,
      chainId: network.chainId,
      dryRun,
      missing,
      contracts: rows,
    });

  output.line(`${network.name} (chain ${network.chainId}), through the deployer ${CREATE2_DEPLOYER}`);
  show(call, rows);
  for (const name of missing) output.line(`  ${name}: ${network.name} has none in the registry, so 0x0 is passed`);
  const todo = plan.filter((p) => rows.some((r) => r.name === p.name && r.status === 'planned'));
  if (todo.length === 0 || dryRun) {
    output.line(todo.length === 0 ? 'Everything is there already, with the right code.' : 'Nothing was sent.');
    tell();
    return EXIT.ok;
  }
  const signer = deployerSigner(call);
  output.line(`  ${signer.address} pays the gas and gets no power over any of them.`);
  if (!(await confirmed(call, `Deploy ${todo.length} contracts on ${network.name}?`))) throw declined(call);
  for (const contract of todo) {
    const made = await create(chain, network, contract, signer, io, output);
    const { codeHash, gasUsed: gas, txHash, block } = made;
    rows = rows.map((r) => (r.name === contract.name ? { ...r, status: 'deployed', codeHash, gas, txHash, block } : r));
    output.line(
      `  ${contract.name} is at ${contract.address}: gas ${gas}, code ${codeHash}, block ${block}, ${txHash}`,
    );
  }
  output.line(`Deployed.   \`keel verify <vault> --network ${network.id}\` proves a vault against these.`);
  tell();
  return EXIT.ok;
}

/** Writes nothing but to the chain: addresses follow from the code, so there is nothing to remember. */
export async function run(call: Call): Promise<ExitCode> {
  const network = networkOption(call);
  const chain = await orInterrupted(call.io, connect(rpcOption(call), network.chainId));
  try {
    return await deploy(call, chain, network);
  } finally {
    chain.close();
  }
}
