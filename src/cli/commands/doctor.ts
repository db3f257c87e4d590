import { connect } from '../../chain/clients.ts';
import type { Loaded } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { redactUrl } from '../../config/secrets.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { loadCallConfig } from '../callConfig.ts';
import { type Call, flagOption } from '../command.ts';
import { checkChain } from '../doctor/chain.ts';
import { checkDatabase, checkDisk, checkKey, checkNode, checkPort } from '../doctor/machine.ts';
import { type Finding, finding, ok } from '../doctor/report.ts';
import { checkSigner } from '../doctor/signer.ts';
import { type Tone, table } from '../output.ts';

const TONES: Readonly<Record<Finding['level'], Tone>> = { ok: 'good', warn: 'warn', FAIL: 'bad' };

async function onChain(config: Config): Promise<Finding[]> {
  const chain = await connect(config.rpcUrl, config.chainId, { wsUrl: config.wsUrl });
  try {
    return await checkChain(chain, config, Math.floor(Date.now() / 1000));
  } finally {
    chain.close();
  }
}

function leafAt(file: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== '')
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], file);
}

type Setting = { readonly path: string; readonly value: string; readonly origin: string };

function settingsOf(loaded: Loaded<Config>): Setting[] {
  return [...loaded.origins].map(([path, origin]) => ({
    path,
    value: redactUrl(String(leafAt(loaded.file, path))),
    origin,
  }));
}

export async function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const loaded = loadCallConfig(call);
  const { config } = loaded;
  const findings = [
    checkNode(process.versions.node),
    ok('config', loaded.path),
    ...(await finding('keeper key', async () => checkKey('keeper key', config.keeper))),
    ...(await finding('owner key', async () => checkKey('owner key', config.owner))),
    checkDisk(config.dataDir),
    await checkPort(config.api),
    ...(await finding('database', () => checkDatabase(config))),
    ...(await finding('rpc', () => onChain(config))),
  ];
  if (findings.every((f) => f.level !== 'FAIL'))
    findings.push(...(await finding('keeper nonce', () => checkSigner(config, flagOption(call, 'clearKey')))));
  const settings = flagOption(call, 'showOrigin') ? settingsOf(loaded) : [];
  for (const s of table(settings.map((x) => [x.path, x.value, x.origin]))) output.line(s);
  for (const f of findings) {
    const arrow = f.remedy === '' ? '' : `  -> ${f.remedy}`;
    output.line(`${output.paint(TONES[f.level], f.level.padEnd(4))} ${f.name}: ${f.detail}${arrow}`);
  }
  const failed = findings.filter((f) => f.level === 'FAIL').length;
  output.line(failed === 0 ? 'Nothing stands in the way.' : `${failed} of ${findings.length} checks failed.`);
  output.object({
    schema: 'evenkeel.doctor/1',
    ok: failed === 0,
    findings,
    ...(settings.length > 0 ? { settings } : {}),
  });
  return failed === 0 ? EXIT.ok : EXIT.doctor;
}
