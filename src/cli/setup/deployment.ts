/** deployment.json: where the contracts of one chain are. `keel devnet` writes it, `keel init --from` reads it. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { issueError } from '../../config/issues.ts';
import { parseJsonText } from '../../config/jsonText.ts';
import { configFileSchema, rpcUrlSchema, wsUrlSchema } from '../../config/schema.ts';
import { refuseSecrets } from '../../config/secrets.ts';
import { EXIT, KeelError } from '../../core/errors.ts';

const { contracts, tokens, pools, chainId, mode } = configFileSchema.shape;
const party = z.strictObject({ address: contracts.shape.factory, keyFile: z.string().min(1) });

const deploymentSchema = z.strictObject({
  schema: z.literal('evenkeel.deployment/1').describe('"evenkeel.deployment/1"'),
  mode,
  chainId,
  rpcUrl: rpcUrlSchema,
  wsUrl: wsUrlSchema.optional(),
  contracts,
  tokens,
  pools,
  owner: party.optional(),
  keeper: party.optional(),
});

export type DeploymentFile = z.output<typeof deploymentSchema>;

function broken(code: string, path: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field: '--from', value: path, reason, remedy });
}

/** @throws KeelError DEPLOYMENT_MISSING, DEPLOYMENT_CORRUPT and the errors of the config schema */
export function readDeployment(path: string): DeploymentFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw broken(
      'DEPLOYMENT_MISSING',
      path,
      `cannot be read (${code ?? String(error)})`,
      'Start `keel devnet` first, or name the right file',
    );
  }
  const parsed = parseJsonText(text);
  if ('fault' in parsed) {
    const { line, column, reason } = parsed.fault;
    throw broken('DEPLOYMENT_CORRUPT', path, `line ${line}, column ${column}: ${reason}`, 'Write the file again');
  }
  refuseSecrets(parsed.value);
  const checked = deploymentSchema.safeParse(parsed.value);
  if (!checked.success) throw issueError(deploymentSchema, parsed.value, checked.error.issues, () => null);
  const absolute = (file: string): string => (isAbsolute(file) ? file : resolve(dirname(path), file));
  const { owner, keeper, ...rest } = checked.data;
  return {
    ...rest,
    ...(owner === undefined ? {} : { owner: { ...owner, keyFile: absolute(owner.keyFile) } }),
    ...(keeper === undefined ? {} : { keeper: { ...keeper, keyFile: absolute(keeper.keyFile) } }),
  };
}
