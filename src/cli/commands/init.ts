import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { toHex } from 'viem';
import { connect } from '../../chain/clients.ts';
import { latestHead } from '../../chain/head.ts';
import { loadSigner } from '../../chain/signer.ts';
import { configPathOf, parseConfigFile } from '../../config/load.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { saveConfigFile } from '../../config/save.ts';
import type { ConfigFile, DraftConfig } from '../../config/schema.ts';
import { refuseSecrets } from '../../config/secrets.ts';
import { SETTINGS } from '../../config/settings.ts';
import { EXIT, type ExitCode, KeelError } from '../../core/errors.ts';
import { type Address, FREQUENCIES } from '../../core/types.ts';
import { loadOptionsOf } from '../callConfig.ts';
import { badOption, type Call, camel, flagOption, textOption } from '../command.ts';
import { ethText, prepare, revertError, sendAndWait } from '../owner/send.ts';
import { confirmed, declined } from '../owner/session.ts';
import { ask } from '../prompt.ts';
import { createdVault, createVaultCall } from '../setup/createVault.ts';
import { readDeployment } from '../setup/deployment.ts';
import { checkTokens } from '../setup/feeds.ts';
import { parseBand, parseTargets } from '../setup/targets.ts';

const DEFAULT_DEPLOYMENT = '.keel/devnet/deployment.json';
const DEFAULT_BAND = '5';

/** From a flag, else from the person at the terminal, else the default; nobody there and no default is an error. */
async function answer(call: Call, flag: string, question: string, preset: string | null): Promise<string> {
  const given = textOption(call, camel(flag));
  if (given !== undefined) return given;
  if (call.io.stdin.isTTY !== true || flagOption(call, 'yes')) {
    if (preset !== null) return preset;
    throw badOption(
      flag,
      '(missing)',
      'is needed, because nobody is asked here',
      `Add ${flag}; see \`keel init --help\``,
    );
  }
  const typed = await ask(call.io, `  ${question}${preset === null ? '' : ` [${preset}]`}: `);
  if (typed !== '') return typed;
  if (preset !== null) return preset;
  throw badOption(flag, '(empty)', 'is needed', 'Type a value');
}

async function buildFile(call: Call): Promise<ConfigFile> {
  const from = resolve(call.io.cwd, textOption(call, 'from') ?? DEFAULT_DEPLOYMENT);
  const deployment = readDeployment(from);
  const symbols = deployment.tokens.map((t) => t.symbol).join(', ');
  const targetsText = await answer(call, '--targets', `Targets in percent, of ${symbols} (e.g. WETH=40,USDC=60)`, null);
  const band = parseBand(
    await answer(call, '--band', 'Band in points, or in percent of the target (e.g. 12.5%)', DEFAULT_BAND),
  );
  const frequency = await answer(call, '--frequency', `Check: ${FREQUENCIES.join(', ')}`, 'hourly');
  const known = FREQUENCIES.find((f) => f === frequency);
  if (known === undefined)
    throw badOption('--frequency', frequency, 'is not a frequency', `Use one of ${FREQUENCIES.join(', ')}`);
  const { owner, keeper, mode, chainId, rpcUrl, wsUrl, contracts, tokens, pools } = deployment;
  const file: ConfigFile = {
    schema: 'evenkeel.config/1',
    mode,
    chainId,
    rpcUrl,
    ...(wsUrl === undefined ? {} : { wsUrl }),
    contracts,
    tokens,
    pools,
    targets: parseTargets(targetsText, band),
    rule: { frequency: known },
    ...(keeper === undefined ? {} : { keeper: { keyFile: keeper.keyFile } }),
    ...(owner === undefined ? {} : { owner: { keyFile: owner.keyFile } }),
  };
  return file;
}

/**
 * Flags are written to the file. The environment counts now, as it will for every later command, but stays where it is:
 * it may hold what a file must not (the password of a database).
 */
function withSettings(call: Call, file: ConfigFile, from: 'flags' | 'flags and environment'): ConfigFile {
  const out: Record<string, unknown> = { ...file };
  for (const setting of SETTINGS) {
    const flag = textOption(call, camel(setting.flag));
    const text = flag ?? (from === 'flags' ? undefined : call.io.env[setting.env]);
    if (text === undefined) continue;
    const value =
      setting.kind === 'integer' ? Number(text) : setting.kind === 'path' ? resolve(call.io.cwd, text) : text;
    const [head = '', tail] = setting.path.split('.');
    out[head] = tail === undefined ? value : { ...(out[head] as object | undefined), [tail]: value };
  }
  return out as ConfigFile;
}

async function createVault(call: Call, config: DraftConfig): Promise<Address | null> {
  const { output, io } = call;
  if (config.owner === null) return null;
  const chain = await connect(config.rpcUrl, config.chainId, { wsUrl: config.wsUrl });
  try {
    const head = await latestHead(chain);
    await checkTokens(chain, config, head.time);
    const signer = loadSigner(config.owner);
    if (config.keeper === null)
      throw new KeelError({
        code: 'KEEPER_KEY_MISSING',
        exit: EXIT.signature,
        field: 'keeper.keyFile',
        value: '(missing)',
        reason: 'the vault must know the address of its keeper',
        remedy: 'Name its key file with --keeper-key-file',
      });
    const keeper = loadSigner(config.keeper).address;
    const tx = createVaultCall(config, signer.address, keeper, toHex(randomBytes(32)));
    const step = await prepare(chain, tx);
    if (!step.ok) throw revertError(tx, step.revert);
    output.line(
      `  Create the vault: owner ${signer.address}, keeper ${keeper}, gas at most ${ethText(step.prepared.maxCostWei)}`,
    );
    if (flagOption(call, 'dryRun')) return null;
    if (!(await confirmed(call, '  Create it now?'))) throw declined(call);
    return createdVault(await sendAndWait(chain, signer, step.prepared, io, output));
  } finally {
    chain.close();
  }
}

function show(call: Call, config: DraftConfig): void {
  const { output } = call;
  const points = (bps: number): string => String(bps / 100);
  output.line(`  Chain ${config.chainId} (${config.mode})`);
  output.line(`  Targets  ${config.targets.map((t) => `${t.symbol} ${points(t.targetBps)}`).join('  ')}   (= 100)`);
  output.line(
    `  Bands    ${config.targets.map((t) => `${t.symbol} ${points(t.bandBps)}`).join('  ')} points   check ${config.rule.frequency}`,
  );
}

function save(path: string, file: ConfigFile, overwrite: boolean, vault: Address | null): void {
  try {
    saveConfigFile(path, file, { overwrite });
  } catch (error) {
    if (!(error instanceof KeelError) || vault === null) throw error;
    const { code, exit, field, value, reason } = error;
    // the vault exists on the chain now; its address must not be lost with the file
    throw new KeelError({
      code,
      exit,
      field,
      value,
      reason: `${reason}, but the vault ${vault} was created`,
      remedy: `Correct it, then run keel init with --no-create --vault ${vault}`,
      cause: error,
    });
  }
}

export async function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const path = configPathOf(loadOptionsOf(call));
  const overwrite = flagOption(call, 'force');
  const dryRun = flagOption(call, 'dryRun');
  if (!overwrite && existsSync(path))
    throw new KeelError({
      code: 'FILE_EXISTS',
      exit: EXIT.usage,
      field: 'config',
      value: path,
      reason: 'exists already and was not changed',
      remedy: 'Use --force to replace it, or another --config path',
    });
  const asked = await buildFile(call);
  const file = withSettings(call, asked, 'flags');
  // everything that could keep the file from being written is looked at before a vault is made
  refuseSecrets(file);
  parseConfigFile(file);
  const config = resolveConfig(parseConfigFile(withSettings(call, asked, 'flags and environment')), dirname(path));
  show(call, config);
  const created = call.options.create === false || config.vault !== null ? null : await createVault(call, config);
  const vault = created ?? config.vault;
  const next =
    vault === null ? 'keel init --force --owner-key-file FILE creates the vault' : 'keel deposit, then keel run';
  if (dryRun) output.line('  Nothing was sent or written.');
  else {
    save(path, vault === null ? file : { ...file, vault }, overwrite, created);
    if (created !== null) output.line(`  Created vault ${created}`);
    output.line(`  Wrote ${path}  (no secrets inside)      Next: ${next}`);
  }
  output.object({ schema: 'evenkeel.init/1', path, dryRun, vault, created: created !== null, chainId: config.chainId });
  return EXIT.ok;
}
