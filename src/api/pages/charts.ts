import type { SyncTrendRow } from '../../entities/history-store.js';

/** Spans of time that a chart's slots stand for; the digits are those of an ISO 8601 time that name a slot. */
export const slotSizes = {
  'ten minutes': { digits: 15, ms: 600_000, rest: '0:00.000Z' },
  hour: { digits: 13, ms: 3_600_000, rest: ':00:00.000Z' },
  day: { digits: 10, ms: 86_400_000, rest: 'T00:00:00.000Z' },
} as const;
type SlotSize = keyof typeof slotSizes;

/** So that there are at most about 40 slots, and a young installation sees something, too. */
export function slotSizeFor(spanMs: number): SlotSize {
  if (spanMs <= 6 * 3_600_000) return 'ten minutes';
  return spanMs <= 40 * 3_600_000 ? 'hour' : 'day';
}

export interface TrendPoint {
  /** The slot's begin, ISO 8601. */
  at: string;
  /** Listed by all providers together; null while nothing was synced: unknown is no number. */
  models: number | null;
  added: number;
  updated: number;
  orphaned: number;
  syncs: number;
  failed: number;
  /** Of the good ones. */
  averageMs: number | null;
  longestMs: number | null;
}

/**
 * One point for each slot from the first with a sync to the present one. What a provider listed last counts on while it
 * exists; `living` are the ids of those that still do.
 */
export function trendOf(
  rows: SyncTrendRow[],
  { size, now, living }: { size: SlotSize; now: string; living: Set<number> },
): TrendPoint[] {
  const { digits, ms, rest } = slotSizes[size];
  const bySlot = grouped(rows);
  const lastSlot = new Map(rows.map((row) => [row.providerId, row.bucket]));
  const listed = new Map<number | null, number>();
  const first = rows[0]?.bucket;
  if (first === undefined) return [];
  const points: TrendPoint[] = [];
  const end = Date.parse(now);
  for (let at = Date.parse(first + rest); at <= end; at += ms) {
    const iso = new Date(at).toISOString();
    const slot = iso.slice(0, digits);
    const here = bySlot.get(slot) ?? [];
    for (const row of here) if (row.fetched !== null) listed.set(row.providerId, row.fetched);
    points.push({ at: iso, ...sumsOf(here), models: here.length > 0 ? total(listed) : null });
    for (const [provider, last] of lastSlot) {
      if (last === slot && (provider === null || !living.has(provider))) listed.delete(provider);
    }
  }
  return points;
}

function grouped(rows: SyncTrendRow[]): Map<string, SyncTrendRow[]> {
  const groups = new Map<string, SyncTrendRow[]>();
  for (const row of rows) groups.set(row.bucket, [...(groups.get(row.bucket) ?? []), row]);
  return groups;
}

function total(listed: Map<unknown, number>): number | null {
  return listed.size === 0 ? null : [...listed.values()].reduce((sum, each) => sum + each, 0);
}

function sumsOf(rows: SyncTrendRow[]): Omit<TrendPoint, 'at' | 'models'> {
  const sum = (key: 'done' | 'failed' | 'added' | 'updated' | 'orphaned' | 'totalMs') =>
    rows.reduce((all, row) => all + row[key], 0);
  const done = sum('done');
  return {
    added: sum('added'),
    updated: sum('updated'),
    orphaned: sum('orphaned'),
    syncs: done + sum('failed'),
    failed: sum('failed'),
    averageMs: done === 0 ? null : sum('totalMs') / done,
    longestMs: done === 0 ? null : Math.max(...rows.map((row) => row.longestMs)),
  };
}

interface Box {
  width: number;
  height: number;
}

/** The lowest value of a scale is 0 and the highest is drawn a little below the edge. */
function scaleOf(values: (number | null)[], { height }: Box): (value: number) => number {
  const most = Math.max(1, ...values.map((value) => value ?? 0));
  return (value) => round((value / most) * height * 0.94);
}

/** A line of steps, one for each slot, broken where nothing is known; and the area below it. */
export function stepsOf(values: (number | null)[], box: Box): { line: string; area: string } {
  const lift = scaleOf(values, box);
  const slot = box.width / values.length;
  let [line, area] = ['', ''];
  let isDrawing = false;
  for (const [index, value] of values.entries()) {
    const [left, right] = [round(index * slot), round((index + 1) * slot)];
    if (value === null) {
      isDrawing = false;
      continue;
    }
    const y = round(box.height - lift(value));
    line += isDrawing ? `V${y}H${right}` : `M${left} ${y}H${right}`;
    area += `M${left} ${box.height}V${y}H${right}V${box.height}Z`;
    isDrawing = true;
  }
  return { line, area };
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Bars of one or more parts upon each other, the first at the bottom; parts of 0 and unknown ones have none. */
export function barsOf(parts: (number | null)[][], box: Box): Bar[][] {
  const sums = (parts[0] ?? []).map((_, index) => parts.reduce((sum, part) => sum + (part[index] ?? 0), 0));
  const lift = scaleOf(sums, box);
  const slot = box.width / sums.length;
  const reached = sums.map(() => 0);
  return parts.map((part) =>
    part.flatMap((value, index) => {
      if (value === null || value <= 0) return [];
      const below = reached[index] ?? 0;
      reached[index] = below + value;
      // A single model among thousands must still be seen.
      const height = Math.max(1, lift(value));
      const y = Math.max(0, round(box.height - lift(below) - height));
      return [{ x: round((index + 0.12) * slot), y, width: round(slot * 0.76), height }];
    }),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
