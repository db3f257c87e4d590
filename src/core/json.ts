/** JSON that keeps bigint: 12n is written as "12n" and comes back as 12n. Object keys keep their order. */

const BIGINT = /^-?\d+n$/;

export function encodeJson(value: unknown, space?: number): string {
  return JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v), space);
}

export function decodeJson<T>(text: string): T {
  return JSON.parse(text, (_key, v: unknown) =>
    typeof v === 'string' && BIGINT.test(v) ? BigInt(v.slice(0, -1)) : v,
  ) as T;
}

/** What the API and `--json` show to the world: bigint as a plain decimal string. */
export function encodePublicJson(value: unknown, space?: number): string {
  return JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v), space);
}
