import { describe, expect, test } from '@jest/globals';
import { progressOf } from '../../src/api/pages/overview-progress.js';
import type { RunView } from '../../src/api/run-view.js';

const pushes = { created: 0, patched: 0, replaced: 0, removed: 0, unchanged: 0, failed: 0, pending: 0 };

function run(fields: Partial<RunView>, outcome: Partial<RunView['outcome']> = {}): RunView {
  return {
    id: 7,
    uuid: 'u',
    kind: 'sync',
    state: 'running',
    trigger: 'manual',
    provider_id: 1,
    provider_name: 'box',
    reason: null,
    decision: null,
    renewals: 0,
    created_at: '2026-03-01T12:00:00.000Z',
    started_at: '2026-03-01T12:00:00.000Z',
    fetched_at: null,
    finished_at: null,
    ...fields,
    outcome: {
      list_calls: 1,
      detail_calls: 0,
      writes: 0,
      fetched: null,
      added: null,
      updated: null,
      unchanged: null,
      orphaned: null,
      restored: null,
      skipped: [],
      missing: [],
      drifted: [],
      warnings: [],
      pushes,
      ...outcome,
    },
  };
}
const calm = { stored: undefined, hasWorker: true, destinationFails: false };
const counts = { fetched: 40, added: 30, updated: 5, unchanged: 4, restored: 1, orphaned: 2 };
const fetchedAt = { fetched_at: '2026-03-01T12:00:01.000Z' };
const ended = { state: 'done', finished_at: '2026-03-01T12:00:02.000Z' } as const;

describe('how far a run is', () => {
  test.each<[string, RunView, number | undefined, ReturnType<typeof progressOf>['word'], number, string]>([
    ['waits', run({ state: 'waiting' }), undefined, 'waiting', 0, ''],
    ['reads', run({}), undefined, 'fetching', 5, ''],
    ['stores', run(fetchedAt, { fetched: 40 }), 20, 'storing', 30, '40 fetched · 20 stored'],
    ['lists nothing', run(fetchedAt, { fetched: 0 }), undefined, 'storing', 50, '0 fetched · 0 stored'],
    [
      'pushes',
      run(ended, { ...counts, pushes: { ...pushes, created: 5, patched: 4, failed: 1, pending: 30 } }),
      undefined,
      'pushing',
      63,
      '40 fetched · 40 stored · 2 orphaned · 10 of 40 pushed · 1 failed',
    ],
    [
      'is done',
      run(ended, { ...counts, pushes: { ...pushes, created: 40 } }),
      undefined,
      'done',
      100,
      '40 fetched · 40 stored · 2 orphaned · 40 pushed',
    ],
    [
      'is done, but not all was pushed',
      run(ended, { ...counts, pushes: { ...pushes, created: 39, failed: 1 } }),
      undefined,
      'done, with failed pushes',
      100,
      '40 fetched · 40 stored · 2 orphaned · 39 pushed · 1 failed',
    ],
    ['failed', run({ ...ended, state: 'failed', reason: 'no' }), undefined, 'failed', 100, ''],
    [
      'is held',
      run({ ...ended, state: 'held' }, { fetched: 1 }),
      undefined,
      'needs a decision',
      100,
      '1 fetched',
    ],
    [
      'compares LiteLLM',
      run({ kind: 'reconcile' }, { pushes: { ...pushes, created: 1, pending: 3 } }),
      undefined,
      'comparing',
      25,
      '1 of 4 pushed',
    ],
    [
      'deletes a provider',
      run({ kind: 'delete' }, { pushes: { ...pushes, removed: 1, pending: 1 } }),
      undefined,
      'deleting',
      50,
      '1 of 2 pushed',
    ],
  ])('one that %s', (_name, view, stored, word, percent, facts) => {
    const told = progressOf(view, { ...calm, stored });
    expect(told).toMatchObject({ word, percent, facts });
    expect(told.isOpen).toBe(percent < 100);
  });

  test('it says what it waits for: its own reason first, then a worker, then LiteLLM', () => {
    const waiting = run({ state: 'waiting' });
    const pushing = run(ended, { pushes: { ...pushes, pending: 3 } });
    expect(progressOf(waiting, calm).note).toBeNull();
    expect(progressOf(waiting, { ...calm, hasWorker: false }).note).toMatch(/No worker/);
    expect(progressOf(pushing, { ...calm, destinationFails: true }).note).toMatch(/LiteLLM does not take/);
    expect(progressOf(pushing, calm).note).toBeNull();
    expect(progressOf(run({ reason: 'trying again: no' }), { ...calm, hasWorker: false }).note).toBe(
      'trying again: no',
    );
  });
});
