/** What zod found, as one error a person can act on. */
import type { z } from 'zod';
import { EXIT, KeelError } from '../core/errors.ts';
import { nearest } from './nearest.ts';
import { redactUrl } from './secrets.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export function pathText(path: Path): string {
  const text = path.reduce<string>((out, key) => {
    if (typeof key === 'number') return `${out}[${key}]`;
    return out === '' ? String(key) : `${out}.${String(key)}`;
  }, '');
  return text === '' ? '(the whole file)' : text;
}

type Walkable = z.core.$ZodType;

function children(schema: Walkable): Walkable | null {
  const def: { readonly type: string; readonly innerType?: Walkable; readonly in?: Walkable } = schema._zod.def;
  if (def.innerType !== undefined) return def.innerType;
  return def.type === 'pipe' ? (def.in ?? null) : null;
}

function shapeOf(schema: Walkable): Readonly<Record<string, Walkable>> | null {
  const def: { readonly type: string; readonly shape?: Readonly<Record<string, Walkable>> } = schema._zod.def;
  if (def.shape !== undefined) return def.shape;
  const inner = children(schema);
  return inner === null ? null : shapeOf(inner);
}

function elementOf(schema: Walkable): Walkable | null {
  const def: { readonly type: string; readonly element?: Walkable } = schema._zod.def;
  if (def.element !== undefined) return def.element;
  const inner = children(schema);
  return inner === null ? null : elementOf(inner);
}

function at(schema: Walkable, path: Path): Walkable | null {
  let here: Walkable | null = schema;
  for (const key of path) {
    if (here === null) return null;
    here = typeof key === 'number' ? elementOf(here) : (shapeOf(here)?.[String(key)] ?? null);
  }
  return here;
}

function describe(schema: Walkable | null): string | null {
  if (schema === null) return null;
  const own = (schema as { readonly description?: string }).description;
  if (own !== undefined) return own;
  const inner = children(schema);
  return inner === null ? null : describe(inner);
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

export function shown(value: unknown): string {
  if (value === undefined) return '(missing)';
  const text = typeof value === 'string' ? redactUrl(value) : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`.replace('a object', 'an object');
}

function reasonOf(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'is required';
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_type':
      return issue.expected === 'int'
        ? 'is not a whole number'
        : `is ${kindOf(value)}, not ${kindOf(sample(issue.expected))}`;
    case 'too_small':
      return issue.origin === 'string'
        ? 'is empty'
        : `is below ${String(issue.minimum)}${issue.origin === 'array' ? ' entries' : ''}`;
    case 'too_big':
      return `is above ${String(issue.maximum)}${issue.origin === 'array' ? ' entries' : ''}`;
    case 'not_multiple_of':
      return `has more decimals than ${issue.divisor} allows`;
    case 'invalid_value':
      return 'is not one of the allowed values';
    default:
      return 'has the wrong form';
  }
}

function sample(expected: string): unknown {
  const samples: Readonly<Record<string, unknown>> = { string: '', number: 0, boolean: true, array: [], object: {} };
  return samples[expected] ?? expected;
}

/** Which setting put the value there, e.g. "KEEL_API_PORT"; null for the file. */
export type SourceOf = (path: string) => string | null;

/** @returns the most useful of the issues as an error: a mistyped key explains a missing one, so it goes first */
export function issueError(schema: Walkable, input: unknown, issues: readonly Issue[], sourceOf: SourceOf): KeelError {
  const unknown = issues.find((i) => i.code === 'unrecognized_keys');
  if (unknown !== undefined) {
    const key = unknown.keys[0] ?? '';
    const known = Object.keys(shapeOf(at(schema, unknown.path) ?? schema) ?? {});
    const meant = nearest(key, known);
    return new KeelError({
      code: 'UNKNOWN_KEY',
      exit: EXIT.usage,
      field: pathText([...unknown.path, key]),
      value: shown(valueAt(input, [...unknown.path, key])),
      reason: 'is not a known setting',
      remedy: meant === null ? `Known here: ${known.join(', ')}` : `Did you mean "${meant}"?`,
    });
  }
  const issue = issues[0];
  if (issue === undefined) throw new Error('no issue to report');
  const path = pathText(issue.path);
  const value = valueAt(input, issue.path);
  const params = issue.code === 'custom' ? (issue.params ?? {}) : {};
  const expected = describe(at(schema, issue.path));
  const source = sourceOf(path);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new KeelError({
    code: typeof params.code === 'string' ? params.code : value === undefined ? 'MISSING_KEY' : 'BAD_VALUE',
    exit: EXIT.usage,
    field: source === null ? path : `${source} (${path})`,
    value: shown(value),
    reason: `${reasonOf(issue, value)}${more}`,
    remedy:
      typeof params.remedy === 'string' ? params.remedy : expected === null ? 'Correct it' : `Expected ${expected}`,
  });
}
