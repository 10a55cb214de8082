import { randomUUID } from 'node:crypto';
import type { Provider } from '../../src/entities/provider.js';
import type { Stores } from '../../src/entities/stores.js';

/** One that nobody asks. */
export async function insertProvider({ providers }: Stores): Promise<Provider> {
  const values = {
    name: randomUUID(),
    baseUrl: 'http://127.0.0.1:9',
    type: 'ollama' as const,
    prefix: null,
    defaultOllamaMode: null,
    tags: null,
    accessGroups: null,
    pricingProfile: null,
    pricingOverride: null,
    syncEnabled: false,
    syncIntervalSeconds: null,
    autoDetectFim: false,
    modelFilter: null,
    modelFilterExclude: null,
    litellmBaseUrl: null,
    defaultNumCtx: null,
    isLocal: null,
    orphanPolicy: 'keep' as const,
    graceMisses: 1,
    graceSeconds: 0,
  };
  return providers.insert(values, null, new Date().toISOString());
}
