import { describe, expect, test } from '@jest/globals';
import { barsOf, slotSizeFor, stepsOf, trendOf } from '../../src/api/pages/charts.js';
import type { SyncTrendRow } from '../../src/entities/history-store.js';

const hour = 3_600_000;
const row = (bucket: string, providerId: number, fields: Partial<SyncTrendRow> = {}): SyncTrendRow => ({
  bucket,
  providerId,
  done: 1,
  failed: 0,
  added: 0,
  updated: 0,
  orphaned: 0,
  totalMs: 100,
  longestMs: 100,
  fetched: 10,
  ...fields,
});
const failed = { done: 0, failed: 1, fetched: null, totalMs: 0, longestMs: 0 };
const at = { size: 'hour', now: '2026-03-01T14:30:00.000Z', living: new Set([1, 2]) } as const;
const box = { width: 100, height: 100 };

describe('the history as points', () => {
  test('a short history has short slots, and no history has many', () => {
    expect([1, 6, 7, 40, 41, 720].map((hours) => slotSizeFor(hours * hour))).toEqual([
      'ten minutes',
      'ten minutes',
      'hour',
      'hour',
      'day',
      'day',
    ]);
  });

  test('every slot from the first sync to now has a point; one without a sync knows no number of models', () => {
    const points = trendOf([row('2026-03-01T11', 1), row('2026-03-01T13', 1, { fetched: 12 })], at);
    expect(points.map((point) => [point.at.slice(11, 16), point.models, point.syncs])).toEqual([
      ['11:00', 10, 1],
      ['12:00', null, 0],
      ['13:00', 12, 1],
      ['14:00', null, 0],
    ]);
  });

  test('slots of ten minutes and of days begin where they should', () => {
    const now = '2026-03-02T00:05:00.000Z';
    const short = trendOf([row('2026-03-01T23:5', 1)], { ...at, size: 'ten minutes', now });
    expect(short.map((point) => point.at)).toEqual(['2026-03-01T23:50:00.000Z', '2026-03-02T00:00:00.000Z']);
    const long = trendOf([row('2026-02-28', 1)], { ...at, size: 'day', now });
    expect(long.map((point) => point.at.slice(0, 10))).toEqual(['2026-02-28', '2026-03-01', '2026-03-02']);
  });

  test('what a provider listed last counts on while others are synced, and goes with the provider', () => {
    const rows = [
      row('2026-03-01T11', 1),
      row('2026-03-01T11', 2, { fetched: 5 }),
      row('2026-03-01T11', 9, { fetched: 100 }),
      row('2026-03-01T12', 2, { fetched: 6 }),
    ];
    expect(trendOf(rows, at).map(({ models }) => models)).toEqual([115, 16, null, null]);
  });

  test('a failed sync counts as failed, changes no number of models and has no duration', () => {
    const rows = [
      row('2026-03-01T12', 1, { totalMs: 300, done: 2, longestMs: 250, added: 3, updated: 2, orphaned: 1 }),
      row('2026-03-01T13', 1, failed),
    ];
    expect(trendOf(rows, at).slice(0, 2)).toMatchObject([
      { models: 10, added: 3, updated: 2, orphaned: 1, syncs: 2, failed: 0, averageMs: 150, longestMs: 250 },
      { models: 10, syncs: 1, failed: 1, averageMs: null, longestMs: null },
    ]);
    expect(trendOf([row('2026-03-01T14', 1, failed)], at)).toMatchObject([{ models: null, failed: 1 }]);
  });

  test('without any sync there are no points', () => {
    expect(trendOf([], at)).toEqual([]);
  });
});

describe('the shapes of a chart', () => {
  test('a line has a step for each slot and breaks where nothing is known', () => {
    expect(stepsOf([50, 100, null, 0], box)).toEqual({
      line: 'M0 53H25V6H50M75 100H100',
      area: 'M0 100V53H25V100ZM25 100V6H50V100ZM75 100V100H100V100Z',
    });
  });

  test('bars stand upon each other, and nothing has no bar', () => {
    const [below, above] = barsOf(
      [
        [0, 50, null],
        [100, 50, 0],
      ],
      box,
    );
    expect(below).toEqual([{ x: 37.3, y: 53, width: 25.3, height: 47 }]);
    expect(above).toEqual([
      { x: 4, y: 6, width: 25.3, height: 94 },
      { x: 37.3, y: 6, width: 25.3, height: 47 },
    ]);
  });

  test('one among thousands is still seen, and zeros alone are no division by zero', () => {
    expect(barsOf([[1, 10_000]], box)[0]![0]).toMatchObject({ y: 99, height: 1 });
    expect(barsOf([[0, 0]], box)).toEqual([[]]);
    expect(stepsOf([0], box).line).toBe('M0 100H100');
  });
});
