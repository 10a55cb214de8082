import { listingFingerprint } from '../domain/fingerprint.js';
import type { FoundModel } from '../domain/found-model.js';
import type { CatalogueEntry, CatalogueReader, ProviderAccess } from '../domain/ports.js';

/**
 * One model as its provider shows it now: one list call, and its own details where the kind has any. Undefined: not
 * listed. Of Ollama's names, `x` is `x:latest`, and case does not matter.
 */
export async function lookAtModel(
  access: ProviderAccess,
  modelId: string,
  catalogues: CatalogueReader,
  signal: AbortSignal,
): Promise<FoundModel | undefined> {
  const { entries } = await catalogues.list(access, signal);
  const entry =
    entries.find((each) => each.modelId === modelId) ??
    (access.kind === 'ollama'
      ? entries.find((each) => ollamaName(each.modelId) === ollamaName(modelId))
      : undefined);
  return entry && readEntry(entry, access, catalogues, signal);
}

/** A listed model with its own details, where the kind has any. */
export async function readEntry(
  entry: CatalogueEntry,
  access: ProviderAccess,
  catalogues: CatalogueReader,
  signal: AbortSignal,
): Promise<FoundModel> {
  const found = { ...entry, fingerprint: listingFingerprint(entry.listing) };
  if (!catalogues.hasDetails(access)) return found;
  const details = await catalogues.details(access, entry.modelId, signal);
  const observed = (await catalogues.observedContexts(access, signal)).get(entry.modelId);
  return { ...found, ...details, ...(observed !== undefined && { observedContext: observed }) };
}

function ollamaName(modelId: string): string {
  const name = modelId.toLowerCase();
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
}
