import { isObject } from '../json.js';

/** Object keys as PostgreSQL's jsonb keeps them: shorter keys first, then bytewise; lists keep their order, and there is no infinity. */
export function jsonb<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => jsonb(item)) as T;
  if (typeof value === 'number' && !Number.isFinite(value)) return null as T;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, jsonb(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => compareKeys(a, b))) as T;
}

function compareKeys(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length - right.length || left.compare(right);
}
