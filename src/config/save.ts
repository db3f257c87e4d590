/** Files appear whole or not at all: temporary file, fsync, then one rename. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXIT, KeelError } from '../core/errors.ts';
import { parseConfigFile } from './load.ts';
import type { ConfigFile } from './schema.ts';
import { refuseSecrets } from './secrets.ts';

export type WriteOptions = {
  /** What the file is, for the error: "config", "deployment". */
  readonly field: string;
  readonly mode: number;
  readonly overwrite: boolean;
};

function writeError(path: string, field: string, error: unknown): KeelError {
  const { code } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, readonly [string, string, string]>> = {
    ENOSPC: ['DISK_FULL', 'the disk is full; nothing was changed', 'Free some space and run it again'],
    EDQUOT: ['DISK_FULL', 'the disk quota is used up; nothing was changed', 'Free some space and run it again'],
    EEXIST: [
      'FILE_EXISTS',
      'exists already and was not changed',
      'Use --force to replace it, or another --config path',
    ],
    EACCES: ['NOT_WRITABLE', 'may not be written by this user', 'Choose another directory or change its permissions'],
    EPERM: ['NOT_WRITABLE', 'may not be written by this user', 'Choose another directory or change its permissions'],
    EROFS: ['NOT_WRITABLE', 'is on a read-only disk', 'Choose another directory'],
  };
  const [name, reason, remedy] = known[code ?? ''] ?? [
    'WRITE_FAILED',
    `cannot be written (${code ?? String(error)})`,
    'Check the path',
  ];
  const exit = name === 'DISK_FULL' ? EXIT.actionNeeded : EXIT.usage;
  return new KeelError({ code: name, exit, field, value: path, reason, remedy, cause: error });
}

function makeDirectory(path: string, field: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw writeError(path, field, error);
    throw new KeelError({
      code: 'NOT_A_DIRECTORY',
      exit: EXIT.usage,
      field,
      value: path,
      reason: 'is a file, and a directory is needed there',
      remedy: 'Choose another path',
    });
  }
}

/**
 * @param write how the bytes reach an open file; tests give one whose disk is full
 * @throws KeelError DISK_FULL, FILE_EXISTS, NOT_WRITABLE, WRITE_FAILED; the old content is untouched then
 */
export function writeAtomic(
  path: string,
  text: string,
  options: WriteOptions,
  write: (fd: number, text: string) => void = writeFileSync,
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  let opened = false;
  makeDirectory(dirname(path), options.field);
  try {
    const fd = openSync(temporary, 'wx', options.mode);
    opened = true;
    try {
      write(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (options.overwrite) renameSync(temporary, path);
    // link() refuses an existing name in the same step, which rename() and a check beforehand cannot
    else linkSync(temporary, path);
  } catch (error) {
    throw writeError(path, options.field, error);
  } finally {
    if (opened) rmSync(temporary, { force: true });
  }
}

/** Validates, refuses secrets, writes. @throws KeelError */
export function saveConfigFile(path: string, file: ConfigFile, options: { readonly overwrite: boolean }): void {
  refuseSecrets(file);
  parseConfigFile(file);
  writeAtomic(path, `${JSON.stringify(file, null, 2)}\n`, {
    field: 'config',
    mode: 0o644,
    overwrite: options.overwrite,
  });
}
