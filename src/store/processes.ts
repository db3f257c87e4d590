/** Who runs on this machine: liveness that survives pid reuse, restarts and containers. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const LINUX = process.platform === 'linux';

/** False only when no such process exists. A process of another user counts as alive, an unreaped one as dead. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !(LINUX && statOf(pid)?.state === 'Z');
}

/** When the process started, in an opaque form that is only ever compared; null when there is no such process. */
export function startTimeOf(pid: number): string | null {
  if (LINUX) return statOf(pid)?.startTicks ?? null;
  if (!isAlive(pid)) return null;
  if (process.platform === 'win32') return '';
  return ps(pid, 'lstart=');
}

/** Name of the program that the process runs, e.g. "postgres"; null when unknown. */
export function programOf(pid: number): string | null {
  if (LINUX) return statOf(pid)?.program ?? null;
  if (process.platform === 'win32') return null;
  const path = ps(pid, 'comm=');
  return path === null ? null : path.replace(/^.*\//, '');
}

/** Identity of the pid space of this process: two keepers may compare pids only when theirs are equal. */
export function hostId(): string {
  if (!LINUX) return hostname();
  return `${hostname()}/${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${readlinkSync('/proc/self/ns/pid')}`;
}

function statOf(pid: number): { program: string; state: string; startTicks: string } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (e) {
    const code = (e as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw e;
  }
  // The name stands in parentheses and may itself hold spaces and parentheses (man 5 proc_pid_stat).
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const rest = text.slice(close + 2).split(' ');
  return { program: text.slice(open + 1, close), state: rest[0] ?? '', startTicks: rest[19] ?? '' };
}

function ps(pid: number, column: string): string | null {
  try {
    return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null; // ps exits 1 when there is no such process
  }
}
