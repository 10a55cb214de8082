import type { ProviderAccess } from '../domain/ports.js';
import type { Provider } from '../entities/provider.js';
import type { JobServices } from './define-job.js';

/** What a client needs to read a provider; its key leaves the database here only. */
export async function accessTo(provider: Provider, stores: JobServices['stores']): Promise<ProviderAccess> {
  const apiKey = await stores.providers.apiKeyOf(provider.id);
  return {
    kind: provider.type,
    baseUrl: provider.baseUrl,
    ...(apiKey !== undefined && { apiKey }),
    ...(provider.apiRoot !== null && { apiRoot: provider.apiRoot }),
  };
}
