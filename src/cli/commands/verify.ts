import { type Chain, connect } from '../../chain/clients.ts';
import { type Head, latestHead } from '../../chain/head.ts';
import { loadDraft } from '../../config/load.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import type { Address } from '../../core/types.ts';
import { networkOfChain } from '../../networks/find.ts';
import { type Call, orInterrupted, textOption } from '../command.ts';
import { type Check, errorOf } from '../deploy/checks.ts';
import { addressFrom, networkOption, rpcOption } from '../deploy/endpoint.ts';
import { checkProvenance, type Expected } from '../deploy/provenance.ts';
import { checkAssets, checkParties, readPowers } from '../deploy/rules.ts';
import { readCode } from '../deploy/survey.ts';
import { errorLine, type Tone, table } from '../output.ts';

const TONES: Readonly<Record<Check['level'], Tone>> = { ok: 'good', warn: 'warn', FAIL: 'bad' };

type Target = { readonly rpcUrl: string; readonly chainId: number; readonly expected: Expected };

/** With --network the registry alone counts; without it the config says which chain, and what is deployed there. */
function targetOf(call: Call): Target {
  if (textOption(call, 'network') !== undefined) {
    const network = networkOption(call);
    return { rpcUrl: rpcOption(call), chainId: network.chainId, expected: { network, named: null } };
  }
  const configPath = textOption(call, 'config');
  const { config } = loadDraft({
    cwd: call.io.cwd,
    env: call.io.env,
    flags: { rpcUrl: textOption(call, 'rpc') },
    ...(configPath === undefined ? {} : { configPath }),
  });
  const { factory, hub, weth } = config.contracts;
  const network = networkOfChain(config.chainId);
  return { rpcUrl: config.rpcUrl, chainId: config.chainId, expected: { network, named: { factory, hub, weth } } };
}

async function requireCode(chain: Chain, head: Head, vault: Address) {
  const code = await readCode(chain, head, vault);
  if (code !== '0x') return code;
  throw new KeelError({
    code: 'NOT_A_VAULT',
    exit: EXIT.usage,
    field: 'vault',
    value: vault,
    reason: `has no code on chain ${chain.chainId}`,
    remedy: 'Check the address and the network',
  });
}

async function verify(call: Call, chain: Chain, vault: Address, expected: Expected): Promise<ExitCode> {
  const { output, io } = call;
  const wanted = textOption(call, 'owner');
  const owner = wanted === undefined ? null : addressFrom('--owner', wanted);
  const head = await latestHead(chain);
  const code = await requireCode(chain, head, vault);
  const { checks: origin, hub } = await checkProvenance(chain, head, vault, code, expected);
  // a contract that is no vault may answer anything: what it says of itself would only mislead
  const believable = origin.every((c) => c.code !== 'VAULT_CODE_DIFFERS');
  const who = believable ? await checkParties(chain, head, vault, owner) : { checks: [], parties: [] };
  const what = believable ? await checkAssets(chain, head, vault, expected.network, hub) : { checks: [], assets: [] };
  const powers = believable ? await readPowers(chain, head, vault) : null;
  const checks = [...origin, ...who.checks, ...what.checks];
  const failed = checks.filter((c) => c.level === 'FAIL');

  output.line(`Vault ${vault} on chain ${chain.chainId}, block ${head.number}`);
  for (const [i, line] of table(checks.map((c) => [c.level, c.name, c.value, c.detail])).entries())
    output.line(output.paint(TONES[checks[i]?.level ?? 'ok'], line));
  for (const { role, holder, functions } of powers ?? [])
    output.line(`${role} ${holder ?? '(anyone)'} may call ${functions.join(', ')}`);
  output.line(
    failed.length === 0
      ? 'This vault is what this version of keel makes.'
      : `${failed.length} of ${checks.length} checks failed.`,
  );
  output.object({
    schema: 'evenkeel.verify/1',
    ok: failed.length === 0,
    vault,
    chainId: chain.chainId,
    network: expected.network?.id ?? null,
    block: head.number,
    checks,
    parties: who.parties,
    assets: what.assets,
    powers,
  });
  for (const check of failed) io.stderr.write(`${errorLine(errorOf(check))}\n`);
  return failed.length === 0 ? EXIT.ok : EXIT.doctor;
}

export async function run(call: Call): Promise<ExitCode> {
  const vault = addressFrom('vault', call.args[0] ?? '');
  const { rpcUrl, chainId, expected } = targetOf(call);
  const chain = await orInterrupted(call.io, connect(rpcUrl, chainId));
  try {
    return await verify(call, chain, vault, expected);
  } finally {
    chain.close();
  }
}
