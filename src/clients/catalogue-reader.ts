import type { ProviderKind } from '../domain/kinds.js';
import type { CatalogueReader } from '../domain/ports.js';
import type { Http } from './http.js';
import { createLitellmSource } from './litellm-source.js';
import { createOllama } from './ollama.js';
import { createOpenAiCompatible } from './openai-compatible.js';

/** Gives every call to the client of the provider's kind. */
export function createCatalogueReader(http: Http): CatalogueReader {
  const readers: Record<ProviderKind, CatalogueReader> = {
    ollama: createOllama(http),
    openai: createOpenAiCompatible(http),
    litellm: createLitellmSource(http),
  };
  return {
    list: (access, signal) => readers[access.kind].list(access, signal),
    details: (access, modelId, signal) => readers[access.kind].details(access, modelId, signal),
    observedContexts: (access, signal) => readers[access.kind].observedContexts(access, signal),
    hasDetails: (access) => readers[access.kind].hasDetails(access),
  };
}
