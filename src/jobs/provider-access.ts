import { UnreadableSecretError } from '../entities/secret-box.js';
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

/** One that does not open fails its own provider only (ADR 9); what has to go needs none. */
export async function keyOf(
  { id }: Pick<Provider, 'id'>,
  stores: JobServices['stores'],
): Promise<{ apiKey: string | undefined; isReadable: boolean }> {
  try {
    return { apiKey: await stores.providers.apiKeyOf(id), isReadable: true };
  } catch (error) {
    if (error instanceof UnreadableSecretError) return { apiKey: undefined, isReadable: false };
    throw error;
  }
}
