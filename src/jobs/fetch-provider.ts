import pMap from 'p-map';
import { PermanentError, RateLimitedError } from '../domain/errors.js';
import { listingFingerprint } from '../domain/fingerprint.js';
import type { FoundModel, SkippedEntry } from '../domain/found-model.js';
import { filterReason, passesFilter } from '../domain/model-filter.js';
import type { Catalogue, CatalogueEntry, ProviderAccess } from '../domain/ports.js';
import type { KnownModel } from '../entities/models-store.js';
import type { Provider } from '../entities/provider.js';
import type { SyncRun } from '../entities/sync-run.js';
import { chunkModels } from './chunk-models.js';
import { closeRun } from './close-run.js';
import { defineJob, type JobContext, type JobServices } from './define-job.js';
import { Postponed } from './job-errors.js';
import { payloads, type Payload } from './payloads.js';
import { accessTo } from './provider-access.js';
import { openOrJoinLiving } from './start-run.js';

/** Ollama answers /api/show from disk; more at once only queue there (sources A.3). */
const detailsAtOnce = 4;

/** A provider that asks for more patience than this is left to the next sync. */
const longestPatienceMs = 120_000;
const mostStarts = 12;

/** Reads one provider's catalogue, with details only for what changed, and hands it on in chunks. */
export const fetchProvider = defineJob({
  name: 'fetch-provider',
  payload: payloads['fetch-provider'],
  concurrency: 8,
  keepFinished: 500,
  retry: { attempts: 4, backoffMs: 2_000 },
  whenUnreachable: 'retry',
  runOf: (payload) => payload.runId,

  async run(payload, context) {
    const provider = await context.stores.providers.byId(payload.providerId);
    if (provider === null || provider.deletingAt !== null) {
      if (payload.runId !== undefined)
        await closeRun(payload.runId, 'superseded', 'the provider was deleted', context);
      return 'the provider is gone';
    }
    const run = await runOf(payload, provider, context);
    if (run === undefined) return 'joined the run that is open';
    if (!(await context.stores.runs.start(run.id, context.now().toISOString()))) return 'the run is closed';

    const access = await accessTo(provider, context.stores);
    const catalogue = await list(access, context);
    const { wanted, skipped } = filter(catalogue, provider);
    const known = await context.stores.models.known(provider.id);
    const { models, detailCalls } = await withDetails(access, wanted, known, context);

    const now = context.now().toISOString();
    await context.stores.providers.noteOk(provider, now, catalogue.apiRoot);
    const open = await context.stores.runs.noteFetched(
      run.id,
      { listCalls: catalogue.calls, detailCalls, fetched: models.length, skipped: skipped.slice(0, 500) },
      now,
    );
    if (!open) return 'the run is closed';
    await context.enqueue.chunks(run, provider.id, chunkModels(models));
    return `${provider.name}: ${models.length} models, ${detailCalls} details`;
  },

  async retried(payload, message, services, jobId) {
    const run = await currentRun(payload, services, jobId);
    if (run) await services.stores.runs.note(run.id, `trying again: ${message}`);
  },

  async failed(payload, message, services, jobId) {
    await services.stores.providers.noteError(payload.providerId, message, services.now().toISOString());
    const run = await currentRun(payload, services, jobId);
    if (run) await closeRun(run.id, 'failed', message, services);
  },
});

/** The run to work for; a scheduled job opens one, or leaves the work to the one that is open. */
async function runOf(
  payload: Payload<'fetch-provider'>,
  provider: Provider,
  context: JobContext,
): Promise<SyncRun | undefined> {
  if (payload.runId !== undefined) return (await context.stores.runs.byId(payload.runId)) ?? undefined;
  const wish = {
    kind: 'sync' as const,
    trigger: 'schedule' as const,
    providerId: provider.id,
    providerName: provider.name,
    jobId: context.job.id,
  };
  const { run, joined } = await openOrJoinLiving(wish, context);
  return !joined || run.jobId === context.job.id ? run : undefined;
}

async function currentRun(payload: Payload<'fetch-provider'>, { stores }: JobServices, jobId: string) {
  if (payload.runId !== undefined) return stores.runs.byId(payload.runId);
  const open = await stores.runs.open();
  return open.find((run) => run.providerId === payload.providerId && run.jobId === jobId) ?? null;
}

async function list(access: ProviderAccess, context: JobContext): Promise<Catalogue> {
  try {
    return await context.catalogues.list(access, context.signal);
  } catch (error) {
    // One provider's patience must not hold the others' queue.
    if (error instanceof RateLimitedError) {
      if (error.retryAfterMs > longestPatienceMs || context.job.starts > mostStarts) {
        throw new PermanentError(`${error.message}; left to the next sync`, { cause: error });
      }
      throw new Postponed(error.message, error.retryAfterMs);
    }
    throw error;
  }
}

function filter(
  catalogue: Catalogue,
  provider: Provider,
): { wanted: CatalogueEntry[]; skipped: SkippedEntry[] } {
  const wanted: CatalogueEntry[] = [];
  const skipped = [...catalogue.skipped];
  for (const entry of catalogue.entries) {
    if (passesFilter(entry.modelId, provider.modelFilter, provider.modelFilterExclude)) wanted.push(entry);
    else skipped.push({ modelId: entry.modelId, reason: filterReason });
  }
  return { wanted, skipped };
}

async function withDetails(
  access: ProviderAccess,
  entries: CatalogueEntry[],
  known: Map<string, KnownModel>,
  { catalogues, signal }: JobContext,
): Promise<{ models: FoundModel[]; detailCalls: number }> {
  const found = entries.map((entry) => ({ ...entry, fingerprint: listingFingerprint(entry.listing) }));
  const asks = catalogues.hasDetails(access);
  const isNew = ({ modelId, fingerprint }: (typeof found)[number]) => {
    const before = known.get(modelId);
    return before?.fingerprint !== fingerprint || !before.hasDetails;
  };
  const changed = asks ? found.filter(isNew) : [];
  const details = new Map(
    await pMap(
      changed,
      async ({ modelId }) => [modelId, await catalogues.details(access, modelId, signal)] as const,
      { concurrency: detailsAtOnce },
    ),
  );
  const observed =
    changed.length > 0 ? await catalogues.observedContexts(access, signal) : new Map<string, number>();
  const models = found.map((entry): FoundModel => {
    const context = details.has(entry.modelId) ? observed.get(entry.modelId) : undefined;
    return {
      ...entry,
      ...details.get(entry.modelId),
      ...(context !== undefined && { observedContext: context }),
    };
  });
  return { models, detailCalls: changed.length };
}
