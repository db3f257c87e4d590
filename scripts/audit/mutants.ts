/** Makes the mutants of a Solidity file: the same file with one small mistake each. */
import { createRequire } from 'node:module';

export type Mutant = {
  readonly file: string;
  /** Contract and function, e.g. `VaultCore._settle`. */
  readonly at: string;
  readonly operator: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** Which one of those in this function that read the same. */
  readonly nth: number;
  readonly source: string;
};

/** A member of solc's syntax tree, as far as it is looked at here. */
type Node = {
  readonly nodeType: string;
  readonly src: string;
  readonly [member: string]: unknown;
};

type Edit = { readonly operator: string; readonly from: number; readonly to: number; readonly text: string };

const BINARY: Record<string, readonly string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['/'],
  '<<': ['>>'],
  '>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '**': ['*'],
};

const ASSIGNMENT: Record<string, string> = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=', '|=': '&=', '&=': '|=' };

// Without a prototype: names of functions, such as valueOf, are looked up in these.
const CALLS: Record<string, string> = Object.assign(Object.create(null), { min: 'max', max: 'min' });

/** Calls whose two arguments mean different things although they have one type. */
const ORDERED = new Set(['floorSub', 'ceilDiv', 'divUp']);

const YUL: Record<string, string> = Object.assign(Object.create(null), {
  add: 'sub',
  sub: 'add',
  lt: 'gt',
  gt: 'lt',
  and: 'or',
  or: 'and',
  shl: 'shr',
  shr: 'shl',
});

const solc = createRequire(import.meta.url)('solc') as { compile: (input: string) => string };

/** All mutants of one file, in the order of the text. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const bytes = Buffer.from(source, 'utf8');
  const edits: { at: string; edit: Edit }[] = [];
  walk(parse(file, source), [], (node, path) => {
    const at = placeOf(path, node);
    if (at !== undefined) edits.push(...editsOf(node, path, bytes).map((edit) => ({ at, edit })));
  });
  edits.sort((a, b) => a.edit.from - b.edit.from || a.edit.to - b.edit.to || compare(a.edit.text, b.edit.text));
  const seen = new Map<string, number>();
  return edits.map(({ at, edit }) => {
    const before = lineAround(bytes, edit.from, edit.to);
    const mutated = Buffer.concat([bytes.subarray(0, edit.from), Buffer.from(edit.text), bytes.subarray(edit.to)]);
    const after = lineAround(mutated, edit.from, edit.from + Buffer.byteLength(edit.text));
    const key = [at, before, after].join('\n');
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const line = bytes.subarray(0, edit.from).toString('utf8').split('\n').length;
    return { file, at, operator: edit.operator, line, before, after, nth, source: mutated.toString('utf8') };
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function parse(file: string, source: string): Node {
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: source } },
    settings: { stopAfter: 'parsing', outputSelection: { '*': { '': ['ast'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as {
    errors?: { severity: string; formattedMessage: string }[];
    sources: Record<string, { ast: Node }>;
  };
  const error = output.errors?.find(({ severity }) => severity === 'error');
  if (error !== undefined) throw new Error(error.formattedMessage);
  const ast = output.sources[file]?.ast;
  if (ast === undefined) throw new Error(`solc gave no syntax tree of ${file}`);
  return ast;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'nodeType' in value && 'src' in value;
}

function walk(node: Node, path: readonly Node[], visit: (node: Node, path: readonly Node[]) => void): void {
  visit(node, path);
  const below = [...path, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, below, visit);
  }
}

/** Undefined where nothing runs: outside functions, constants apart. */
function placeOf(path: readonly Node[], node: Node): string | undefined {
  const all = [...path, node];
  const contract = all.find(({ nodeType }) => nodeType === 'ContractDefinition');
  const inside = all.find(
    ({ nodeType, constant }) =>
      nodeType === 'FunctionDefinition' ||
      nodeType === 'ModifierDefinition' ||
      (nodeType === 'VariableDeclaration' && constant === true),
  );
  if (inside === undefined) return undefined;
  const own = String(inside.name) || String(inside.kind);
  return contract === undefined ? own : `${String(contract.name)}.${own}`;
}

function range(node: Node): [number, number] {
  const [start = 0, length = 0] = node.src.split(':').map(Number);
  return [start, start + length];
}

function editsOf(node: Node, path: readonly Node[], bytes: Buffer): Edit[] {
  const [from, to] = range(node);
  const whole = (operator: string, text: string): Edit => ({ operator, from, to, text });
  const afterSemicolon = () => bytes.indexOf(';', to) + 1;
  const textOf = (n: Node): string => bytes.subarray(...range(n)).toString('utf8');
  switch (node.nodeType) {
    case 'BinaryOperation': {
      const left = range(node.leftExpression as Node)[1];
      const right = range(node.rightExpression as Node)[0];
      return between(bytes, left, right, String(node.operator), BINARY[String(node.operator)] ?? [], 'operator');
    }
    case 'Assignment': {
      const left = range(node.leftHandSide as Node)[1];
      const right = range(node.rightHandSide as Node)[0];
      const other = ASSIGNMENT[String(node.operator)];
      return other === undefined ? [] : between(bytes, left, right, String(node.operator), [other], 'assignment');
    }
    case 'UnaryOperation':
      return node.operator === '!' ? [whole('negation', textOf(node.subExpression as Node))] : [];
    case 'Literal':
      return node.kind === 'number' ? neighbours(textOf(node)).map((text) => whole('constant', text)) : [];
    case 'IfStatement':
    case 'Conditional': {
      const [start, end] = range(node.condition as Node);
      return ['true', 'false'].map((text) => ({ operator: 'condition', from: start, to: end, text }));
    }
    case 'ExpressionStatement': {
      // What ends a loop's round is not deleted: the loop would never end.
      if (path.at(-1)?.nodeType === 'ForStatement') return [];
      const expression = node.expression as Node;
      const callee = isNode(expression.expression) ? textOf(expression.expression) : '';
      return [{ operator: callee === 'require' ? 'requirement' : 'statement', from, to: afterSemicolon(), text: '{}' }];
    }
    case 'EmitStatement':
      return [{ operator: 'event', from, to: afterSemicolon(), text: '{}' }];
    case 'ModifierInvocation':
      return path.at(-1)?.kind === 'constructor' ? [] : [whole('modifier', '')];
    case 'FunctionCall': {
      const callee = node.expression as Node;
      const name = String(callee.memberName ?? callee.name ?? '');
      const args = node.arguments as readonly Node[];
      const end = range(callee)[1];
      const other = CALLS[name];
      if (other !== undefined) return [{ operator: 'call', from: end - name.length, to: end, text: other }];
      const [first, second] = args;
      if (!ORDERED.has(name) || first === undefined || second === undefined || args.length !== 2) return [];
      const text = `${textOf(second)}, ${textOf(first)}`;
      return [{ operator: 'arguments', from: range(first)[0], to: range(second)[1], text }];
    }
    case 'YulFunctionCall': {
      const name = node.functionName as Node;
      const other = YUL[String(name.name)];
      const [start, end] = range(name);
      return other === undefined ? [] : [{ operator: 'assembly', from: start, to: end, text: other }];
    }
    case 'YulLiteral':
      return node.kind === 'number' ? neighbours(textOf(node)).map((text) => whole('constant', text)) : [];
    default:
      return [];
  }
}

/** Replaces an operator that stands between two operands, with whatever blanks and parentheses there are. */
function between(
  bytes: Buffer,
  left: number,
  right: number,
  operator: string,
  others: readonly string[],
  name: string,
): Edit[] {
  const at = bytes.subarray(left, right).toString('latin1').indexOf(operator);
  if (at < 0) return [];
  const from = left + at;
  return others.map((text) => ({ operator: name, from, to: from + operator.length, text }));
}

/** `48 hours` becomes `49 hours` and `47 hours`. Addresses are left alone. */
function neighbours(literal: string): string[] {
  const [, digits = '', unit = ''] = /^(\S+)(\s+\w+)?$/.exec(literal) ?? [];
  if (/^0x[0-9a-fA-F]{40}$/.test(digits)) return [];
  const plain = /^(?:0x[0-9a-fA-F_]+|[0-9_]+)$/.test(digits) ? BigInt(digits.replaceAll('_', '')) : undefined;
  if (plain === undefined) return [`(${literal} + 1)`];
  const up = `${plain + 1n}${unit}`;
  return plain === 0n ? [up] : [`${plain - 1n}${unit}`, up];
}

/** The lines of the text that the range touches, as one, without indentation. */
function lineAround(bytes: Buffer, from: number, to: number): string {
  const start = bytes.lastIndexOf(10, from - 1) + 1;
  const end = bytes.indexOf(10, to);
  return bytes
    .subarray(start, end < 0 ? bytes.length : end)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
