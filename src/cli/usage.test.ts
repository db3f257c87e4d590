import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfig } from '../config/testing/example.ts';
import { COMMANDS } from './commands.ts';
import { keel, startKeel } from './testing/spawn.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'keel-cli-'));
});
afterAll(() => {
  rmSync(cwd, { recursive: true });
});

describe('usage', () => {
  it('prints help on stdout, and on stderr with exit 2 when no command is given', async () => {
    const [help, nothing] = await Promise.all([keel(['--help'], { cwd }), keel([], { cwd })]);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const { name } of COMMANDS) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect([nothing.code, nothing.stdout]).toEqual([2, '']);
    expect(nothing.stderr).toContain('Usage: keel');
  });

  it.each([
    [['paus'], 'UNKNOWN_COMMAND', /command paus: .*Did you mean pause\?/],
    [['pause', '--jsn'], 'UNKNOWN_OPTION', /option --jsn: .*Did you mean --json\?/],
    [['plan', '--exit-cod'], 'UNKNOWN_OPTION', /Did you mean --exit-code\?/],
    [['explain'], 'BAD_OPTION', /check/],
    [['explain', 'abc'], 'BAD_OPTION', /check abc: is not the number of a check/],
    [['status', 'extra'], 'BAD_OPTION', /more than this command takes/],
    [['devnet', '--speed', '0'], 'BAD_OPTION', /--speed 0: is not a whole number from 1 to 14400/],
    [['devnet', '--scenario', 'nope'], 'UNKNOWN_SCENARIO', /scenario nope: .*2022-11-ftx/],
    [['status'], 'CONFIG_MISSING', /keel\.config\.json: does not exist\. Run `keel init`/],
    [['init', '--targets', 'WETH=100'], 'DEPLOYMENT_MISSING', /--from .*deployment\.json: cannot be read \(ENOENT\)/],
  ])('%j ends with exit 2 and one line that says what to do', async (args, code, says) => {
    const plain = await keel(args, { cwd });
    expect([plain.code, plain.stdout]).toEqual([2, '']);
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(plain.stderr).toMatch(new RegExp(`^error ${code}: `));
    expect(plain.stderr).toMatch(says);
  });

  it('says the same as one JSON object on stdout under --json', async () => {
    const { code, stdout, stderr } = await keel(['status', '--json'], { cwd });
    expect(code).toBe(2);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const error = JSON.parse(stdout) as Record<string, string>;
    expect(Object.keys(error)).toEqual(['schema', 'code', 'field', 'value', 'reason', 'remedy']);
    expect([error.schema, error.code]).toEqual(['evenkeel.error/1', 'CONFIG_MISSING']);
    expect(stderr).toMatch(/^error CONFIG_MISSING: /);
  });
});

describe('a config that is wrong', () => {
  const write = (content: unknown): string => {
    const path = join(cwd, `${Math.abs(JSON.stringify(content).length)}-config.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const key = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

  it.each<[string, () => unknown, Record<string, string>, RegExp]>([
    ['corrupt', () => '{"schema": "evenkeel.config/1",\n  "mode": }', {}, /^error CONFIG_CORRUPT: .*line 2, column 11/],
    [
      'with a key in it',
      () => ({ ...exampleConfig(), owner: { keyFile: key } }),
      {},
      /^error SECRET_IN_CONFIG: owner\.keyFile \(not shown\)/,
    ],
    [
      'with a key in the environment',
      () => exampleConfig(),
      { KEEL_OWNER_KEY_FILE: key },
      /^error SECRET_IN_SETTING: KEEL_OWNER_KEY_FILE/,
    ],
    [
      'with an unknown key',
      () => ({ ...exampleConfig(), datadir: 'x' }),
      {},
      /^error UNKNOWN_KEY: datadir .*Did you mean "dataDir"\?/,
    ],
    [
      'with an unknown variable',
      () => exampleConfig(),
      { KEEL_RPC: 'x' },
      /^error UNKNOWN_ENV: KEEL_RPC .*Did you mean KEEL_RPC_URL\?/,
    ],
  ])('%s is refused before anything is touched', async (_name, content, env, says) => {
    const config = write(content());
    const before = readdirSync(cwd);
    const { code, stdout, stderr } = await keel(['doctor', '--config', config], { cwd, env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(key);
    expect(readdirSync(cwd)).toEqual(before);
  });
});

describe('a node that never answers', () => {
  let server: Server;
  let config: string;
  let connected: Promise<void>;
  beforeAll(async () => {
    let seen = (): void => {};
    connected = new Promise((resolve) => {
      seen = resolve;
    });
    server = createServer(() => seen());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    config = join(cwd, 'mute.json');
    writeFileSync(config, JSON.stringify({ ...exampleConfig(), rpcUrl: `http://127.0.0.1:${port}` }));
  });
  afterAll(() => {
    server.close();
  });

  it('can be left with Ctrl-C: exit 130', async () => {
    const running = startKeel(['plan', '--config', config, '--json'], { cwd });
    await connected;
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    expect([code, (JSON.parse(stdout) as { code: string }).code]).toEqual([130, 'INTERRUPTED']);
  });

  it('a dead one is exit 5', async () => {
    const { code, stderr } = await keel(['plan', '--config', config, '--rpc-url', 'http://127.0.0.1:1'], { cwd });
    expect(code).toBe(5);
    expect(stderr).toMatch(/^error RPC_UNREACHABLE: rpcUrl http:\/\/127\.0\.0\.1:1: /);
  });
});
