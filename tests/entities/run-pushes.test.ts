import { expect, test } from '@jest/globals';
import { viewRun } from '../../src/api/run-view.js';
import type { SyncRun } from '../../src/entities/sync-run.js';
import { at, providerValues, storeProvider, temporaryDatabase } from './temporary-database.js';

test('a run’s pushes are counted in one statement: one that ends while the run is looked at is waiting or ended, never neither', async () => {
  const file = await temporaryDatabase();
  const { stores } = file;
  const { runId } = await storeProvider(stores, providerValues('box'), ['a', 'b']);
  const models = (await stores.models.page({ limit: 10, offset: 0 })).items;
  await stores.deployments.markPending(
    models.map(({ id }) => ({ modelId: id, wantedHash: 'wish' })),
    runId,
  );
  const end = { outcome: 'created', wishAtStart: 'wish', error: null, now: at(2) } as const;
  const pushesOf = (row: SyncRun | null) => viewRun(row!).outcome.pushes;

  const looks = [await stores.runs.byId(runId), (await stores.runs.page({ limit: 1, offset: 0 })).items[0]!];
  await stores.deployments.finishPush(models[0]!.id, end);
  for (const look of looks) expect(pushesOf(look)).toMatchObject({ created: 0, pending: 2 });
  const next = await stores.runs.byId(runId);
  expect(pushesOf(next)).toMatchObject({ created: 1, pending: 1 });
  await stores.deployments.finishPush(models[1]!.id, end);
  expect(pushesOf(await stores.runs.byUuid(next!.uuid))).toMatchObject({ created: 2, pending: 0 });
  await file.close();
});
