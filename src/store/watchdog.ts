/** Program, not a module: node watchdog.ts <postmaster pid> <cluster> <socket dir> <home or ''>. See startWatchdog in supervisor.ts. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './processes.ts';

const [pidText = '', cluster = '', socketDir = '', home = ''] = process.argv.slice(2);
const pid = Number(pidText);

/** Its own pid file proves that the pid still belongs to the server, unless the server is too young to have written it. */
function belongsToServer(): boolean {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').startsWith(`${pid}\n`);
  } catch {
    return false;
  }
}

async function gone(withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if (!isAlive(pid)) return true;
    await delay(10); // not our child: there is no exit event
  }
  return false;
}

async function cleanUp(): Promise<void> {
  const youth = Date.now() + 2_000;
  while (!belongsToServer() && isAlive(pid) && Date.now() < youth) await delay(10);
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!belongsToServer() || !isAlive(pid)) break;
    process.kill(pid, signal);
    if (await gone(3_000)) break;
  }
  rmSync(cluster, { recursive: true, force: true, maxRetries: 5 });
  if (socketDir !== '') rmSync(socketDir, { recursive: true, force: true });
  if (home !== '') rmSync(home, { recursive: true, force: true });
}

process.stdin.resume();
process.stdin.once('close', cleanUp);
process.stdin.once('error', () => process.stdin.destroy());
