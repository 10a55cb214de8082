import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Deployment } from '../../src/entities/deployment.js';
import { EntityTable } from '../../src/entities/entity-table.js';
import { JobRun } from '../../src/entities/job-run.js';
import { Provider } from '../../src/entities/provider.js';
import { SyncRun } from '../../src/entities/sync-run.js';
import { at, providerValues, temporaryDatabase, type TemporaryDatabase } from './temporary-database.js';

let file: TemporaryDatabase;
let providerId: number;

const edges = {
  tags: ['a', 'é'],
  pricingOverride: {},
  accessGroups: [],
  isLocal: false,
  autoDetectFim: true,
  graceSeconds: 0,
  prefix: '',
};

beforeEach(async () => {
  file = await temporaryDatabase();
  const values = providerValues('box', edges);
  providerId = (await file.stores.providers.insert(values, 'sk-of-the-provider', at(0))).id;
});
afterEach(() => file.close());

const byRepository = () => file.database.repository(Provider).findOneByOrFail({ id: providerId });

describe('a row of an entity', () => {
  test('is read as its repository reads it, with JSON, booleans, zeros and nulls, and without its secrets', async () => {
    const provider = await file.database.one(Provider, { id: providerId });
    expect(provider).toStrictEqual(await byRepository());
    expect(provider).toMatchObject(edges);
    expect(provider).not.toHaveProperty('apiKey');
  });

  test('is found by several values and by null, and is null where there is none', async () => {
    const { database, stores } = file;
    const run = { kind: 'sync', trigger: 'manual', providerId, providerName: 'box' } as const;
    const { id } = (await stores.runs.openOrJoin(run, at(0))).run;
    expect((await database.one(SyncRun, { providerId, reason: null }))?.id).toBe(id);
    expect(await database.one(SyncRun, { providerId, reason: 'none' })).toBeNull();
  });

  test('counts what its repository counts', async () => {
    const { database, stores } = file;
    const run = { kind: 'sync', trigger: 'manual', providerId, providerName: 'box' } as const;
    const { id } = (await stores.runs.openOrJoin(run, at(0))).run;
    const counted = await database.one(SyncRun, { id });
    expect(counted).toStrictEqual(await database.repository(SyncRun).findOneByOrFail({ id }));
    expect(counted).toHaveProperty('pendingPushes', 0);
  });

  test('is changed in the named columns only; what is undefined stays', async () => {
    const before = await byRepository();
    const edit = { tags: null, isLocal: null, syncEnabled: false, accessGroups: ['x'] };
    await file.database.update(Provider, { id: providerId }, { ...edit, prefix: undefined } as never);
    expect(await byRepository()).toStrictEqual(Object.assign(before, edit));
    expect(await file.stores.providers.apiKeyOf(providerId)).toBe('sk-of-the-provider');
  });

  test('is never changed together with all others for want of a condition', async () => {
    const { database } = file;
    await expect(database.update(Provider, {}, { name: 'all' })).rejects.toThrow('mistake');
    const nobody = { id: undefined } as never;
    await expect(database.update(Provider, nobody, { name: 'all' })).rejects.toThrow('unknown id');
    await expect(database.one(Provider, nobody)).rejects.toThrow('unknown id');
    expect((await byRepository()).name).toBe('box');
  });

  test('is found by an index that leaves null out', async () => {
    const steps = (where: string) =>
      file.database.rows<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT * FROM job_runs ${where}`, 1);
    const table = new EntityTable(file.database.dataSource, JobRun);
    const { sql, parameters } = table.where({ runId: 1, error: null });
    expect({ sql, parameters }).toEqual({ sql: 'WHERE "run_id" = ? AND "error" IS NULL', parameters: [1] });
    expect((await steps(sql))[0]?.detail).toContain('ix_job_runs_run');
  });

  test('is not changed by a name that is no column', async () => {
    const misspelt = { lasterror: 'x' } as never;
    await expect(file.database.update(Deployment, { modelId: 1 }, misspelt)).rejects.toThrow('lasterror');
  });
});

test('a kept statement still reads rightly after another process changed the table', async () => {
  expect((await file.database.one(Provider, { id: providerId }))?.name).toBe('box');
  const { database } = await file.again();
  await database.dataSource.query('ALTER TABLE providers ADD COLUMN of_a_later_release text');
  await database.dataSource.query('CREATE INDEX ix_later ON providers (name)');
  await database.update(Provider, { id: providerId }, { name: 'renamed' });
  expect((await file.database.one(Provider, { id: providerId }))?.name).toBe('renamed');
});
