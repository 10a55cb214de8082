import { describe, expect, test } from '@jest/globals';
import { startedBy } from '../../src/api/pages/run-words.js';

describe('why a run started', () => {
  const provider = { createdAt: '2026-01-01T10:00:00.000Z' };
  const run = (trigger: string, at: string, kind = 'sync') =>
    ({ trigger, kind, created_at: `2026-01-01T${at}.000Z` }) as Parameters<typeof startedBy>[0];

  test('the first sync comes from adding the provider, the next ones by schedule', () => {
    expect(startedBy(run('schedule', '10:00:01'), provider)).toBe('as it was added');
    expect(startedBy(run('schedule', '10:00:31'), provider)).toBe('by schedule');
  });

  test('what a person started, a comparison, and a provider that is gone are told as before', () => {
    expect(startedBy(run('manual', '10:00:01'), provider)).toBe('by hand');
    expect(startedBy(run('schedule', '10:00:01', 'reconcile'), provider)).toBe('by schedule');
    expect(startedBy(run('schedule', '10:00:01'), null)).toBe('by schedule');
  });
});
