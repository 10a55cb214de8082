import pMap from 'p-map';
import { startOllama } from '../../sandbox/ollama.js';
import type { FoundModel } from '../../src/domain/found-model.js';
import type { Provider } from '../../src/entities/provider.js';
import type { JobServices } from '../../src/jobs/define-job.js';
import { ollamaModels } from '../stand-in-models.js';
import { alternate, lapOf, type Lap } from './alternate.js';
import { openBareModels } from './bare-models.js';
import { chunkModels, jobList, listingFingerprint, normaliseModel, normaliserVersion } from './built.js';
import { layFoundation, servicesOf } from './foundation.js';
import type { Comparisons, FloorOptions } from './in-worker-process.js';
import { insertProvider } from './insert-provider.js';

const job = jobList.find(({ name }) => name === 'upsert-models')!;

/** Stores one chunk for a run. */
type Store = (runId: number, provider: Provider, models: FoundModel[]) => Promise<unknown>;

/**
 * New models go to a provider of their own in each lap; changed ones are two catalogues in turn over the same rows. The bare
 * statement writes what the product has stored of the same catalogues, byte for byte.
 */
export async function compareUpserts({ folder, rounds, count }: FloorOptions): Promise<Comparisons> {
  const { path, stores, close } = await layFoundation(folder, 'product');
  const services = servicesOf(stores, {} as JobServices['enqueue']); // chunks queue nothing
  const before = await catalogue(services, 0, count);
  const after = await catalogue(services, 1, count);
  const lap = (provider: Provider, models: FoundModel[], store: Store) =>
    lapOfRun(services, provider, models, store);

  const bare = await openBareModels(folder);
  const sample = await insertProvider(stores);
  await lap(sample, before, theJob(services));
  const rowsBefore = bare.rowsOf(path, sample.id);
  await lap(sample, after, theJob(services));
  const rowsAfter = bare.rowsOf(path, sample.id);

  const comparisons: Comparisons = {};
  for (const [name, store] of Object.entries({
    'the whole job': theJob(services),
    'the store alone': theStore(services, [...before, ...after]),
  })) {
    comparisons[`${name}, new models`] = await alternate(
      rounds,
      async () => lap(await insertProvider(stores), before, store),
      async () => bare.lap(await bare.newProvider(), rowsBefore),
    );
    const own = inTurn(after, before);
    const bareRows = inTurn(rowsAfter, rowsBefore);
    const provider = await bare.newProvider();
    await bare.lap(provider, rowsBefore);
    comparisons[`${name}, changed models`] = await alternate(
      rounds,
      () => lap(sample, own(), store),
      () => bare.lap(provider, bareRows()),
    );
  }
  await bare.close();
  await close();
  return comparisons;
}

/** What the client makes of a stand-in's catalogue: the same names for each box, other digests. */
async function catalogue({ catalogues }: JobServices, box: number, count: number): Promise<FoundModel[]> {
  const standIn = await startOllama({ models: ollamaModels(box, count) });
  const access = { kind: 'ollama', baseUrl: standIn.url } as const;
  const { signal } = new AbortController();
  const { entries } = await catalogues.list(access, signal);
  const models = await pMap(
    entries,
    async (entry): Promise<FoundModel> => ({
      ...entry,
      fingerprint: listingFingerprint(entry.listing),
      ...(await catalogues.details(access, entry.modelId, signal)),
    }),
    { concurrency: 4 },
  );
  await standIn.close();
  return models;
}

async function lapOfRun(
  { stores, now }: JobServices,
  provider: Provider,
  models: FoundModel[],
  store: Store,
): Promise<Lap> {
  const time = () => now().toISOString();
  const wish = { kind: 'sync', trigger: 'manual', providerId: provider.id, providerName: null } as const;
  const { run } = await stores.runs.openOrJoin(wish, time());
  await stores.runs.start(run.id, time());
  const chunks = chunkModels(models);
  const lap = await lapOf(models.length, async () => {
    for (const chunk of chunks) await store(run.id, provider, chunk);
  });
  await stores.runs.close(run.id, 'done', null, time());
  return lap;
}

/** The body of the job, with all that it reads, derives and waits for between two chunks. */
function theJob(services: JobServices): Store {
  const context = {
    ...services,
    job: { id: 'bench', attempt: 1, attempts: 1, starts: 1 },
    signal: new AbortController().signal,
  };
  return (runId, provider, models) =>
    job.run({ kind: 'chunk', runId, providerId: provider.id, models }, context);
}

/** The one call that writes, with rows that are normalised already. */
function theStore({ stores, now }: JobServices, models: FoundModel[]): Store {
  const rows = new Map(
    models.map((found) => [found, { found, normalised: normaliseModel('ollama', found) }]),
  );
  return (runId, { id: providerId }, chunk) =>
    stores.models.storeChunk(
      { runId, providerId },
      chunk.map((found) => rows.get(found)!),
      normaliserVersion,
      now().toISOString(),
    );
}

/** The first one at the first call, the second one at the second, and so on. */
function inTurn<T>(first: T, second: T): () => T {
  let calls = 0;
  return () => (calls++ % 2 === 0 ? first : second);
}
