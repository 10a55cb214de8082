import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import type { NewRun } from '../../src/entities/runs-store.js';
import type { RunState } from '../../src/entities/sync-run.js';
import type { Stores } from '../../src/entities/stores.js';
import { at, providerValues, temporaryDatabase, type TemporaryDatabase } from './temporary-database.js';

let file: TemporaryDatabase;
let stores: Stores;
let providerId: number;

beforeEach(async () => {
  file = await temporaryDatabase();
  stores = file.stores;
  providerId = (await stores.providers.insert(providerValues('box'), null, at(0))).id;
});
afterEach(() => file.close());

const wish = (kind: NewRun['kind'] = 'sync'): NewRun => ({
  kind,
  trigger: 'manual',
  providerId: kind === 'reconcile' ? null : providerId,
  providerName: 'box',
});

/** A listed model; another size is another listing. */
function row(modelId: string, size = 1) {
  const listing = { name: modelId, size };
  const found = { modelId, listing, fingerprint: listingFingerprint(listing) };
  return { found, normalised: normaliseModel('ollama', found) };
}

async function openRun(second: number): Promise<number> {
  const { run } = await stores.runs.openOrJoin(wish(), at(second));
  await stores.runs.start(run.id, at(second));
  return run.id;
}

const store = (runId: number, rows: ReturnType<typeof row>[], second: number) =>
  stores.models.storeChunk({ runId, providerId }, rows, 1, at(second));

/** One whole run that saw these models. */
async function sync(second: number, ids: string[]) {
  const runId = await openRun(second);
  const fetched = { listCalls: 1, detailCalls: 0, fetched: ids.length, skipped: [] };
  await stores.runs.noteFetched(runId, fetched, at(second));
  if (ids.length > 0)
    await store(
      runId,
      ids.map((id) => row(id)),
      second,
    );
  await conclude(runId, at(second));
  return (await stores.runs.byId(runId))!;
}

/** As `mark-orphans` does, which plans the pushes between the two. */
async function conclude(runId: number, now: string): Promise<void> {
  await stores.conclusions.concludeSync(runId, now);
  await stores.conclusions.close(runId, now);
}
async function applyAccepted(runId: number, now: string): Promise<void> {
  await stores.conclusions.applyAccepted(runId, now);
  await stores.conclusions.close(runId, now);
}

async function state(runId: number): Promise<RunState> {
  return (await stores.runs.byId(runId))!.state;
}

const dump = () =>
  file.database.dataSource.query<Record<string, unknown>[]>('SELECT * FROM models ORDER BY id');
const orphans = async () =>
  (await dump()).filter((model) => model['is_orphaned'] === 1).map((model) => model['model_id']);

describe('opening or joining a run', () => {
  test('of two connections at once exactly one opens, and both know the same run', async () => {
    const other = await file.again();
    for (let round = 0; round < 20; round++) {
      const results = await Promise.all(
        [stores, other.stores, stores, other.stores].map((each) => each.runs.openOrJoin(wish(), at(round))),
      );
      expect(results.filter(({ joined }) => !joined)).toHaveLength(1);
      expect(new Set(results.map(({ run }) => run.id)).size).toBe(1);
      expect(await stores.runs.close(results[0]!.run.id, 'done', null, at(round))).toBe(true);
    }
    expect((await stores.runs.page({ limit: 100, offset: 0 })).total).toBe(20);
  });

  test('a second open run of one provider is refused by the database itself', async () => {
    await stores.runs.openOrJoin(wish(), at(1));
    const insert = `INSERT INTO sync_runs (uuid, kind, state, trigger, provider_id, created_at)
      VALUES ('another', 'sync', 'running', 'manual', ${providerId}, '${at(1)}')`;
    await expect(file.database.dataSource.query(insert)).rejects.toThrow(/UNIQUE/);
  });

  test('runs of another kind or provider are no obstacle', async () => {
    const second = await stores.providers.insert(providerValues('second'), null, at(0));
    const opened = await Promise.all([
      stores.runs.openOrJoin(wish(), at(1)),
      stores.runs.openOrJoin({ ...wish(), providerId: second.id }, at(1)),
      stores.runs.openOrJoin(wish('reconcile'), at(1)),
      stores.runs.openOrJoin(wish('delete'), at(1)),
    ]);
    expect(opened.map(({ joined }) => joined)).toEqual([false, false, false, false]);
    expect((await stores.runs.openOrJoin(wish('reconcile'), at(2))).joined).toBe(true);
  });

  test('a run is closed once: who comes later changes nothing', async () => {
    const runId = await openRun(1);
    expect(await stores.runs.close(runId, 'failed', 'first', at(2))).toBe(true);
    expect(await stores.runs.close(runId, 'lost', 'second', at(3))).toBe(false);
    expect(await stores.runs.start(runId, at(3))).toBe(false);
    await conclude(runId, at(3));
    expect(await stores.runs.byId(runId)).toMatchObject({
      state: 'failed',
      reason: 'first',
      finishedAt: at(2),
    });
  });
});

describe('storing a chunk', () => {
  test('twice equals once', async () => {
    await sync(1, ['a', 'b', 'c']);
    const runId = await openRun(2);
    const chunk = [row('a'), row('b', 2), row('d')];
    expect(await store(runId, chunk, 2)).toBe(true);
    const once = await dump();
    expect(await store(runId, chunk, 3)).toBe(true);
    expect(await dump()).toEqual(once);
    await conclude(runId, at(4));
    expect(await stores.runs.byId(runId)).toMatchObject({
      state: 'done',
      added: 1,
      updated: 1,
      unchanged: 1,
      orphaned: 1,
      restored: 0,
    });
  });

  test('of a run that is closed stores nothing', async () => {
    const runId = await openRun(1);
    await stores.runs.close(runId, 'lost', 'gone', at(2));
    expect(await store(runId, [row('a')], 3)).toBe(false);
    expect(await dump()).toEqual([]);
  });

  test('leaves what a person edited, whatever the provider now says', async () => {
    await sync(1, ['a']);
    const [model] = await dump();
    const edit = {
      userParams: { max_tokens: 5 },
      userTags: ['gold'],
      accessGroups: ['team'],
      pricingProfile: 'gpt-4o' as const,
      pricingOverride: { input_cost_per_token: 1 },
      ollamaMode: 'openai' as const,
      syncEnabled: false,
      userModified: true,
    };
    const key = { id: model!['id'] as number, editVersion: 0 };
    expect(await stores.modelEdits.edit(key, edit, at(2))).toBe(true);
    const runId = await openRun(3);
    await store(runId, [row('a', 99)], 3);
    await conclude(runId, at(3));
    expect(await stores.models.byId(model!['id'] as number)).toMatchObject({ ...edit, lastSeen: at(3) });
    expect(await stores.runs.byId(runId)).toMatchObject({ updated: 1 });
  });

  test('writes no change where there is none but the stamp of having been seen', async () => {
    await sync(1, ['a']);
    const [before] = await dump();
    const { id } = await sync(2, ['a']);
    const [after] = await dump();
    expect(after).toEqual({ ...before, last_seen: at(2), last_seen_run_id: id });
  });
});

describe('the end of a sync run', () => {
  const six = ['a', 'b', 'c', 'd', 'e', 'f'];

  test('until its pushes are planned a run stays open, and its conclusion is drawn once', async () => {
    await sync(1, six);
    const runId = await openRun(2);
    await store(runId, [row('a'), row('b'), row('c'), row('d')], 2);
    await stores.conclusions.close(runId, at(2));
    expect(await state(runId)).toBe('running');
    await stores.conclusions.concludeSync(runId, at(2));
    expect(await state(runId)).toBe('running');
    expect((await stores.runs.openOrJoin(wish(), at(2))).run.id).toBe(runId);
    const once = await dump();
    await stores.conclusions.concludeSync(runId, at(3));
    expect(await dump()).toEqual(once);
    await stores.conclusions.close(runId, at(4));
    expect(await stores.runs.byId(runId)).toMatchObject({ state: 'done', orphaned: 2, finishedAt: at(4) });
  });

  test('a model that was not seen is an orphan at once; one that comes back is restored with its row', async () => {
    await sync(1, six);
    const run = await sync(2, ['a', 'b', 'c', 'd']);
    expect(run).toMatchObject({ state: 'done', orphaned: 2, missing: [] });
    expect(await orphans()).toEqual(['e', 'f']);
    const gone = (await dump()).find((model) => model['model_id'] === 'e')!;
    expect(gone).toMatchObject({ orphaned_at: at(2), missed_count: 1 });
    await sync(3, ['a', 'b', 'c', 'd']);
    expect((await dump()).find((model) => model['model_id'] === 'e')).toMatchObject({
      orphaned_at: at(2),
      missed_count: 2,
    });
    expect(await sync(4, six)).toMatchObject({ state: 'done', restored: 2, added: 0, orphaned: 0 });
    expect((await dump()).find((model) => model['model_id'] === 'e')).toMatchObject({
      id: gone['id'],
      is_orphaned: 0,
      orphaned_at: null,
      missed_count: 0,
    });
  });

  test.each([
    // missing, of how many, held?
    [2, 4, false],
    [2, 2, true], // the list is empty
    [1, 1, true],
    [3, 6, true],
    [3, 7, false],
    [3, 5, true],
    [4, 9, false],
    [5, 10, true],
  ])('%i missing of %i: held is %p', async (missing, active, held) => {
    const ids = Array.from({ length: active }, (_, index) => `m${index}`);
    await sync(1, ids);
    const run = await sync(2, ids.slice(missing));
    expect(run.state).toBe(held ? 'held' : 'done');
    expect((await orphans()).length).toBe(held ? 0 : missing);
    expect(run.missing).toEqual(held ? ids.slice(0, missing).sort() : []);
  });

  test('an empty list of a provider that never had models is believed', async () => {
    expect(await sync(1, [])).toMatchObject({ state: 'done', orphaned: 0 });
  });

  test('orphans of before do not count towards half: an empty list after all have gone is believed', async () => {
    await sync(1, ['a', 'b']);
    await sync(2, ['a']);
    const held = await sync(3, []);
    expect(held.state).toBe('held');
    await stores.runs.decide(held.id, 'accepted', at(4));
    await applyAccepted(held.id, at(4));
    expect(await orphans()).toEqual(['a', 'b']);
    expect(await sync(5, [])).toMatchObject({ state: 'done', orphaned: 0 });
  });

  test('what a held run saw and what is new is stored; what is missing stays as it was', async () => {
    await sync(1, six);
    const before = await dump();
    const run = await sync(2, ['a', 'b', 'new']);
    expect(run).toMatchObject({ state: 'held', added: 1, orphaned: 0, missing: ['c', 'd', 'e', 'f'] });
    expect(run.reason).toContain('needs review');
    const after = await dump();
    expect(after.map((model) => model['model_id'])).toEqual([...six, 'new']);
    expect(after.slice(2, 6)).toEqual(before.slice(2, 6));
  });

  test('a model that is new does not make up for those that are gone', async () => {
    await sync(1, ['a', 'b', 'c']);
    expect(await sync(2, ['x', 'y', 'z', 'u', 'v', 'w'])).toMatchObject({ state: 'held' });
  });

  test('the same missing set renews the held run instead of making a second one', async () => {
    await sync(1, six);
    const held = await sync(2, ['a']);
    const again = await sync(3, ['a']);
    expect(again).toMatchObject({ state: 'superseded' });
    expect(again.reason).toContain(String(held.id));
    expect(await stores.runs.byId(held.id)).toMatchObject({ state: 'held', renewals: 1, decision: null });
  });

  test('another missing set supersedes the held run, and waits for a decision of its own', async () => {
    await sync(1, six);
    const first = await sync(2, ['a']);
    const second = await sync(3, ['a', 'b']);
    expect(await state(first.id)).toBe('superseded');
    expect(second).toMatchObject({ state: 'held', missing: ['c', 'd', 'e', 'f'] });
    expect(await stores.runs.decide(first.id, 'accepted', at(4))).toBe(false);
  });

  test('a plausible list supersedes the held run', async () => {
    await sync(1, six);
    const held = await sync(2, []);
    expect(await sync(3, six)).toMatchObject({ state: 'done', orphaned: 0 });
    expect(await state(held.id)).toBe('superseded');
    expect(await orphans()).toEqual([]);
  });

  test('accepted: what it missed becomes orphaned, but not what a later fetch saw again', async () => {
    await sync(1, six);
    const held = await sync(2, ['a']);
    expect(await stores.runs.decide(held.id, 'accepted', at(3))).toBe(true);
    expect(await orphans()).toEqual([]);
    // A fetch that is still storing saw b again.
    const later = await openRun(4);
    await store(later, [row('a'), row('b')], 4);
    await applyAccepted(held.id, at(5));
    expect(await orphans()).toEqual(['c', 'd', 'e', 'f']);
    expect(await stores.runs.byId(held.id)).toMatchObject({
      state: 'done',
      decision: 'accepted',
      orphaned: 4,
    });
    const concluded = await stores.runs.byId(held.id);
    await applyAccepted(held.id, at(6));
    expect(await stores.runs.decide(held.id, 'rejected', at(6))).toBe(false);
    expect(await stores.runs.byId(held.id)).toEqual(concluded);
  });

  test('rejected: everything stays, and the decision stands', async () => {
    await sync(1, six);
    const held = await sync(2, ['a']);
    const before = await dump();
    expect(await stores.runs.decide(held.id, 'rejected', at(3))).toBe(true);
    await applyAccepted(held.id, at(4));
    expect(await dump()).toEqual(before);
    expect(await stores.runs.byId(held.id)).toMatchObject({
      state: 'done',
      decision: 'rejected',
      orphaned: 0,
    });
    expect(await sync(5, ['a'])).toMatchObject({ state: 'held' });
  });

  test('a run without a decision orphans nothing', async () => {
    await sync(1, six);
    const held = await sync(2, []);
    await applyAccepted(held.id, at(3));
    expect(await orphans()).toEqual([]);
    expect(await state(held.id)).toBe('held');
  });
});

describe('pruning', () => {
  test('takes closed runs and job runs that are old enough; open and held ones stay, however old', async () => {
    const old = await sync(1, ['a', 'b']);
    const held = await sync(2, []);
    const young = await sync(1_000, []); // the same empty list: superseded
    const open = await openRun(3);
    const jobRun = (second: number) => ({
      queue: 'fetch-provider',
      jobId: String(second),
      runId: old.id,
      attempt: 1,
      outcome: 'completed' as const,
      error: null,
      startedAt: at(second),
      durationMs: 1,
    });
    await stores.history.addJobRun(jobRun(1));
    await stores.history.addJobRun(jobRun(999));

    await stores.runs.prune(at(500));

    const { items } = await stores.runs.page({ limit: 100, offset: 0 });
    expect(items.map((run) => run.id).sort()).toEqual([held.id, young.id, open].sort());
    expect((await stores.history.jobRunsOf(old.id, 10)).map((run) => run.jobId)).toEqual(['999']);
    // A pruned run's number is not given again.
    await stores.runs.close(open, 'done', null, at(4));
    await stores.runs.prune(at(9_999));
    expect(await openRun(5)).toBeGreaterThan(open);
  });

  test('does not touch models, although their stamps name pruned runs', async () => {
    await sync(1, ['a', 'b']);
    const before = await dump();
    await stores.runs.prune(at(500));
    expect(await dump()).toEqual(before);
    expect(await sync(600, ['a', 'b'])).toMatchObject({ state: 'done', unchanged: 2, added: 0 });
  });
});
