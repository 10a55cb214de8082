import type { ProviderKind } from '../domain/kinds.js';
import { mergeFound } from '../domain/merge-found.js';
import { normaliseModel } from '../domain/normalise-model.js';
import { normaliserVersion } from '../domain/normaliser-version.js';
import { closeRun } from './close-run.js';
import { defineJob, type JobContext } from './define-job.js';
import { payloads, type Payload } from './payloads.js';
import { planPushes } from './plan-pushes.js';

const rederivedAtOnce = 100;

/** Normalises one chunk and stores the difference in one short transaction; daily, what an older release normalised. */
export const upsertModels = defineJob({
  name: 'upsert-models',
  payload: payloads['upsert-models'],
  concurrency: 1, // one writer of long transactions in each process; SQLite has one for all
  keepFinished: 20,
  retry: { attempts: 4, backoffMs: 1_000 },
  whenUnreachable: 'retry',
  runOf: (payload) => (payload.kind === 'chunk' ? payload.runId : undefined),

  async run(payload, context) {
    return payload.kind === 'chunk' ? storeChunk(payload, context) : rederive(context);
  },

  async failed(payload, message, services) {
    if (payload.kind === 'chunk')
      await closeRun(payload.runId, 'failed', `storing models failed: ${message}`, services);
  },
});

async function storeChunk(
  chunk: Extract<Payload<'upsert-models'>, { kind: 'chunk' }>,
  { stores, now }: JobContext,
): Promise<string> {
  const provider = await stores.providers.byId(chunk.providerId);
  if (provider === null) return 'the provider is gone';
  const ids = chunk.models.map((model) => model.modelId);
  const before = await stores.models.rawMetadataByModelId(provider.id, ids);
  const rows = chunk.models.map((model) => {
    const found = mergeFound(before.get(model.modelId), model);
    return { found, normalised: normaliseModel(provider.type, found) };
  });
  await stores.breathe();
  const stored = await stores.models.storeChunk(
    { runId: chunk.runId, providerId: provider.id },
    rows,
    normaliserVersion,
    now().toISOString(),
  );
  return stored ? `${rows.length} models` : 'the run is closed';
}

/** After an upgrade of the rules: from the stored metadata, without asking anybody. */
async function rederive(context: JobContext): Promise<string> {
  const { stores, now, signal } = context;
  let count = 0;
  for (;;) {
    signal.throwIfAborted();
    const rows = await stores.models.outdated(normaliserVersion, rederivedAtOnce);
    if (rows.length === 0) break;
    const derived = rows.map((row) => ({
      id: row.id,
      normalised: normaliseModel(row.type as ProviderKind, row.found),
    }));
    await stores.breathe();
    await stores.models.storeDerived(derived, normaliserVersion, now().toISOString());
    count += rows.length;
  }
  if (count > 0) await planPushes('all', null, context);
  return `${count} models derived anew`;
}
