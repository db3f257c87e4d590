/**
 * Runs every suite, one after the other, and ends with their true totals on one line: "N passed, N failed".
 * `--fresh` adds what CI asks besides: that committed generated files and gas figures are what their sources give, and the
 * quick audit of the contracts, which needs Python.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

type Counts = { passed: number; failed: number };
type Suite = { name: string; command: string[]; count: (exitCode: number, output: string) => Counts };

const ROOT = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'keel-suites-'));
const vitestReport = join(scratch, 'vitest.json');

const oneCheck = (exitCode: number): Counts => (exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

function countVitest(exitCode: number): Counts {
  const report = JSON.parse(readFileSync(vitestReport, 'utf8')) as {
    numPassedTests: number;
    numTotalTests: number;
  };
  const failed = report.numTotalTests - report.numPassedTests;
  return { passed: report.numPassedTests, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

function countForge(exitCode: number, output: string): Counts {
  const totals = /(\d+) tests? passed, (\d+) failed, (\d+) skipped/.exec(output);
  if (!totals) return { passed: 0, failed: 1 };
  const failed = Number(totals[2]) + Number(totals[3]);
  return { passed: Number(totals[1]), failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

function countAudit(exitCode: number, output: string): Counts {
  const totals = /^(\d+) passed, (\d+) failed$/m.exec(output);
  if (!totals) return { passed: 0, failed: 1 };
  const failed = Number(totals[2]);
  return { passed: Number(totals[1]), failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

const suites: Suite[] = [
  { name: 'check', command: ['npm', 'run', '--silent', 'check'], count: oneCheck },
  { name: 'contracts', command: ['npm', 'run', '--silent', 'test:contracts'], count: countForge },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'], count: oneCheck },
  {
    name: 'vitest',
    command: ['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`],
    count: countVitest,
  },
];

if (process.argv.includes('--fresh')) {
  suites.push(
    { name: 'generated ABIs', command: ['npm', 'run', '--silent', 'contracts', '--', '--check'], count: oneCheck },
    { name: 'vendored artifacts', command: ['npm', 'run', '--silent', 'vendor', '--', '--check'], count: oneCheck },
    { name: 'network registry', command: ['npm', 'run', '--silent', 'networks', '--', '--check'], count: oneCheck },
    { name: 'OpenAPI file', command: ['npm', 'run', '--silent', 'openapi', '--', '--check'], count: oneCheck },
    { name: 'lockfile', command: ['node', 'scripts/lockfile.ts'], count: oneCheck },
    { name: 'gas figures', command: ['npm', 'run', '--silent', 'bench:gas', '--', '--check'], count: oneCheck },
    { name: 'audit', command: ['npm', 'run', '--silent', 'audit', '--', '--quick'], count: countAudit },
  );
}

function run(suite: Suite): Promise<Counts> {
  return new Promise((done, fail) => {
    const [program = '', ...args] = suite.command;
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
    child.on('error', fail);
    child.on('close', (code) => done(suite.count(code ?? 1, output)));
  });
}

const total: Counts = { passed: 0, failed: 0 };
try {
  for (const suite of suites) {
    const started = Date.now();
    console.log(`\n=== ${suite.name}`);
    const { passed, failed } = await run(suite);
    console.log(`--- ${suite.name}: ${passed} ok, ${failed} not ok, ${((Date.now() - started) / 1000).toFixed(1)} s`);
    total.passed += passed;
    total.failed += failed;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
