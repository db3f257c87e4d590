import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFrom, loadConfig } from './load.ts';
import { saveConfigFile, writeAtomic } from './save.ts';
import { exampleConfig } from './testing/example.ts';
import { configFolder, type Folder, refusal } from './testing/folder.ts';

let folder: Folder;
let dir: string;
const write: Folder['write'] = (content) => folder.write(content);
beforeEach(() => {
  folder = configFolder();
  dir = folder.dir;
});
afterEach(() => {
  folder.remove();
});

describe('saving', () => {
  it('writes what it can read back and leaves no temporary file', () => {
    const path = join(dir, 'deep', 'keel.config.json');
    saveConfigFile(path, exampleConfig(), { overwrite: false });
    expect(loadConfig({ cwd: dir, env: {}, configPath: path }).config).toEqual(
      configFrom(exampleConfig(), join(dir, 'deep')),
    );
    expect(readdirSync(join(dir, 'deep'))).toEqual(['keel.config.json']);
  });

  it('keeps an existing file unless told otherwise', () => {
    const path = write('precious');
    expect(refusal(() => saveConfigFile(path, exampleConfig(), { overwrite: false }))).toMatchObject({
      code: 'FILE_EXISTS',
      exit: 2,
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    saveConfigFile(path, exampleConfig(), { overwrite: true });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ chainId: 913377 });
    expect(readdirSync(dir)).toEqual(['keel.config.json']);
  });

  it('refuses a wrong config before touching the disk', () => {
    const path = write('precious');
    const wrong = { ...exampleConfig(), chainId: 0 };
    expect(refusal(() => saveConfigFile(path, wrong, { overwrite: true })).field).toBe('chainId');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('says that the disk is full, keeps the old file and leaves no temporary one', () => {
    const path = write('precious');
    const full = openSync('/dev/full', 'w');
    const toFullDisk = (_fd: number, text: string) => writeFileSync(full, text);
    const error = refusal(() =>
      writeAtomic(path, 'new', { field: 'config', mode: 0o644, overwrite: true }, toFullDisk),
    );
    closeSync(full);
    expect(error).toMatchObject({ code: 'DISK_FULL', field: 'config', value: path, exit: 3 });
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(dir)).toEqual(['keel.config.json']);
  });

  it('names a directory that is no directory', () => {
    const path = write('precious');
    expect(refusal(() => saveConfigFile(join(path, 'x'), exampleConfig(), { overwrite: true })).code).toBe(
      'NOT_A_DIRECTORY',
    );
  });
});
