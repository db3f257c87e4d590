/** JSON.parse says what is wrong only sometimes and where almost never; a person fixing a config file needs the line. */

export type JsonFault = { readonly line: number; readonly column: number; readonly reason: string };

class Fault extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;
const WORD = /true|false|null/y;
const MAX_DEPTH = 64;

function shown(text: string, at: number): string {
  const c = text[at];
  if (c === undefined) return 'the file ends here';
  if (c === '/' && /[/*]/.test(text[at + 1] ?? '')) return 'comments are not allowed in JSON';
  if (c === "'") return 'strings need double quotes';
  return `unexpected ${c === '\n' ? 'line end' : JSON.stringify(c)}`;
}

function scan(text: string): void {
  let at = 0;
  const skip = (): void => {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  };
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at += found[0].length;
    return found[0];
  };
  const key = (seen: Set<string>): void => {
    const start = at;
    const raw = take(STRING);
    if (raw === null)
      throw new Fault(at, text[at] === '}' ? 'a comma before the closing brace' : `${shown(text, at)}, a key expected`);
    const name = JSON.parse(raw) as string;
    if (seen.has(name)) throw new Fault(start, `the key ${JSON.stringify(name)} appears twice`);
    seen.add(name);
    skip();
    if (text[at] !== ':') throw new Fault(at, `${shown(text, at)}, ":" expected`);
    at += 1;
  };
  const items = (close: string, one: () => void): void => {
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (;;) {
      one();
      skip();
      const c = text[at];
      if (c !== ',' && c !== close) throw new Fault(at, `${shown(text, at)}, "," or "${close}" expected`);
      at += 1;
      if (c === close) return;
      skip();
    }
  };
  const value = (depth: number): void => {
    if (depth > MAX_DEPTH) throw new Fault(at, `nested deeper than ${MAX_DEPTH} levels`);
    skip();
    const c = text[at];
    if (c === '{') {
      const seen = new Set<string>();
      items('}', () => {
        key(seen);
        value(depth + 1);
      });
    } else if (c === '[') items(']', () => value(depth + 1));
    else if (c === '"') {
      if (take(STRING) === null) throw new Fault(at, 'a string that is not closed or has a wrong escape');
    } else if (take(NUMBER) === null && take(WORD) === null)
      throw new Fault(at, `${shown(text, at)}, a value expected`);
  };
  value(0);
  skip();
  if (at < text.length) throw new Fault(at, `${shown(text, at)} after the end of the value`);
}

/** The parsed value, or where and why it is not JSON. Duplicate keys are a fault: one of the two would be lost. */
export function parseJsonText(text: string): { readonly value: unknown } | { readonly fault: JsonFault } {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    scan(body);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = body.slice(0, error.at).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    return { fault: { line: before.length, column, reason: error.message } };
  }
  return { value: JSON.parse(body) };
}
