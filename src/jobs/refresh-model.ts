import { mergeFound } from '../domain/merge-found.js';
import { passesFilter } from '../domain/model-filter.js';
import { normaliserVersion } from '../domain/normaliser-version.js';
import { normaliseModel } from '../domain/normalise-model.js';
import type { CatalogueReader } from '../domain/ports.js';
import type { Model } from '../entities/model.js';
import type { Provider } from '../entities/provider.js';
import type { JobServices } from './define-job.js';
import { readEntry } from './look-at-model.js';
import { accessTo } from './provider-access.js';

type Services = Pick<JobServices, 'stores' | 'now'> & { catalogues: CatalogueReader };

export type RefreshOutcome = 'refreshed' | 'orphaned' | 'nothing-listed';

/**
 * Reads one model again: one list call, which says whether it is still there, and its own details. Throws what the
 * provider's client throws. An empty list proves nothing, as in a sync.
 */
export async function refreshModel(
  model: Model,
  provider: Provider,
  { stores, catalogues, now }: Services,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const access = await accessTo(provider, stores);
  const since = now().toISOString();
  const { entries } = await catalogues.list(access, signal);
  const { modelFilter, modelFilterExclude } = provider;
  const entry = entries.find(
    ({ modelId }) => modelId === model.modelId && passesFilter(modelId, modelFilter, modelFilterExclude),
  );
  const at = now().toISOString();
  if (entry === undefined) {
    if (entries.length === 0) return 'nothing-listed';
    await stores.modelEdits.orphan(model.id, since, at);
    // A sync that was faster may have seen it come back.
    return (await stores.models.byId(model.id))?.isOrphaned === false ? 'refreshed' : 'orphaned';
  }
  const read = await readEntry(entry, access, catalogues, signal);
  const found = mergeFound(await stores.models.rawMetadataOf(model.id), read);
  const row = { found, normalised: normaliseModel(provider.type, found) };
  await stores.modelEdits.storeRefreshed(model.id, row, normaliserVersion, at);
  return 'refreshed';
}
