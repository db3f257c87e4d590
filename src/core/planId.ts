/** Plans are named by their content, so that two processes can tell whether they mean the same plan. */
import { encodeJson } from './json.ts';
import { keccak256 } from './keccak.ts';
import type { Hex, Plan } from './types.ts';

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)]));
}

/** JSON with object keys in code-unit order and bigint as "12n": one text per value. */
export function canonicalJson(value: unknown): string {
  return encodeJson(sorted(value));
}

/** keccak256 of the canonical JSON of everything in the plan but its id. */
export function planId(plan: Omit<Plan, 'id'>): Hex {
  const { id: _id, ...content } = plan as Plan;
  return keccak256(canonicalJson(content));
}
