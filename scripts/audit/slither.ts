/**
 * Static analysis: no finding of high or medium impact that is not argued in scripts/audit/slither.json or, in place, by
 * a slither-disable comment.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { folder, ROOT, run, SOURCES, solidityFiles, tail, type Verdict } from './run.ts';
import { remappingSettings, withImports } from './sources.ts';
import { ensureVenv } from './venv.ts';

const CANARY = `${SOURCES}/Canary.sol`;
const CANARY_FINDINGS = ['arbitrary-send-eth', 'arbitrary-send-erc20', 'unchecked-transfer', 'reentrancy-eth'];
const TIMEOUT_S = 300;

type Element = {
  readonly type: string;
  readonly name: string;
  readonly source_mapping: { readonly filename_relative: string; readonly lines: readonly number[] };
  readonly type_specific_fields?: { readonly parent?: Element };
};

type Report = {
  readonly success: boolean;
  readonly error: string | null;
  readonly results: {
    readonly detectors?: readonly {
      readonly check: string;
      readonly impact: string;
      readonly description: string;
      readonly elements: readonly Element[];
    }[];
  };
};

type Finding = { readonly check: string; readonly impact: string; readonly at: string; readonly where: string };

/** An argued finding. `at` is the contract and function as slither names them, or `*` where the check itself is moot. */
type Accepted = { readonly check: string; readonly at: string; readonly because: string };

export async function slither(): Promise<Verdict> {
  const findings = await analyse();
  const seen = new Set(findings.filter((f) => f.where.startsWith(CANARY)).map((f) => f.check));
  const missed = CANARY_FINDINGS.filter((check) => !seen.has(check));
  if (missed.length > 0) {
    return { summary: 'did not see the sources', problems: [`The canary's ${missed.join(', ')} went unnoticed`] };
  }

  const accepted = JSON.parse(readFileSync(join(import.meta.dirname, 'slither.json'), 'utf8')) as Accepted[];
  const grave = findings.filter((f) => /High|Medium/.test(f.impact) && !f.where.startsWith(CANARY));
  const covers = (a: Accepted, f: Finding) => a.check === f.check && (a.at === '*' || a.at === f.at);
  const open = grave.filter((f) => !accepted.some((a) => covers(a, f)));
  const stale = accepted.filter((a) => !grave.some((f) => covers(a, f)));
  return {
    summary: `${grave.length} high or medium findings, ${grave.length - open.length} argued, ${open.length} open`,
    problems: [
      ...open.map((f) => `${f.impact} ${f.check} in ${f.at} (${f.where})`),
      ...stale.map((a) => `slither.json argues ${a.check} in ${a.at}, which slither does not find any more: remove it`),
    ],
  };
}

/** Runs slither on a copy: inside the project it would call forge, which would call for a compiler to download. */
async function analyse(): Promise<Finding[]> {
  const { slither: program } = ensureVenv();
  const copy = mkdtempSync(join(tmpdir(), 'evenkeel-slither-'));
  try {
    cpSync(join(ROOT, SOURCES), join(copy, SOURCES), { recursive: true });
    cpSync(join(import.meta.dirname, 'Canary.sol.txt'), join(copy, CANARY));
    writeFileSync(join(copy, 'input.json'), JSON.stringify(standardInput(copy)));
    const compiler = join(import.meta.dirname, 'solcAst.cjs');
    const options = [
      ...['--compile-force-framework', 'solc-json', '--solc', compiler, '--filter-paths', 'node_modules'],
      '--disallow-partial', // or a function that slither cannot read would pass as one without findings
    ];
    const result = await run(program, ['input.json', ...options, '--json', 'report.json', '--fail-none'], {
      cwd: copy,
      timeoutS: TIMEOUT_S,
    });
    const path = join(copy, 'report.json');
    if (result.timedOut) throw new Error(`slither took more than ${TIMEOUT_S} s`);
    if (!existsSync(path)) throw new Error(`slither ended with ${result.code}:\n${tail(result.output, 30)}`);
    const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
    if (!report.success) throw new Error(`slither failed: ${report.error}`);
    return (report.results.detectors ?? []).map(({ check, impact, elements }) => {
      const first = elements[0];
      // The function comes first, the statement after it.
      const mapping = (elements.find(({ type }) => type === 'node') ?? first)?.source_mapping;
      return {
        check,
        impact,
        at: first === undefined ? '' : placeOf(first),
        where: `${mapping?.filename_relative ?? ''}:${mapping?.lines[0] ?? 0}`,
      };
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** `VaultCore._fill`, wherever in it the finding lies; `VaultCore` for what belongs to no function. */
function placeOf(element: Element): string {
  const parent = element.type_specific_fields?.parent;
  if (element.type === 'contract' || parent === undefined) return element.name;
  if (element.type === 'function') return `${parent.name}.${element.name}`;
  return placeOf(parent);
}

/** Everything below contracts/src and all it imports, copied into `copy` too: slither reads its comments from there. */
function standardInput(copy: string): unknown {
  const sources = withImports(solidityFiles(SOURCES, copy), copy);
  for (const [path, { content }] of Object.entries(sources)) {
    const inCopy = join(copy, path);
    if (!existsSync(inCopy)) writeFileSync(join(folder(dirname(inCopy)), basename(path)), content);
  }
  return {
    language: 'Solidity',
    sources,
    settings: { remappings: remappingSettings(), evmVersion: 'cancun', viaIR: true },
  };
}
