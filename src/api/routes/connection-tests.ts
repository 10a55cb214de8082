import { z } from 'zod';
import { normaliseBaseUrl, sameEndpoint } from '../../domain/base-url.js';
import { providerKind } from '../../domain/kinds.js';
import type { ProviderAccess } from '../../domain/ports.js';
import type { Provider } from '../../entities/provider.js';
import { accessTo } from '../../jobs/provider-access.js';
import { errorTypes } from '../connection-failure.js';
import { tryConnection, type ConnectionResult } from '../connection-test.js';
import { refuseOtherHost } from '../stored-key.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { readForm } from '../form.js';
import { apiKey } from '../provider-schema.js';
import { existing } from './providers.js';

const providerTest = z
  .strictObject({
    base_url: z.string().trim().min(1, 'takes the http:// or https:// URL of the server').max(2_000),
    type: providerKind,
    api_key: apiKey.nullable(),
    provider_id: z.coerce
      .number('takes a number')
      .int()
      .positive()
      .describe('tests this stored provider; the other fields then replace its own, for this test only'),
  })
  .partial()
  .check((context) => {
    const body = context.value;
    if (body.provider_id !== undefined) return;
    for (const field of ['base_url', 'type'] as const) {
      if (body[field] === undefined)
        context.issues.push({ code: 'custom', path: [field], message: 'is required', input: body });
    }
  });

type ProviderTest = z.output<typeof providerTest>;

export const connectionResult = z.object({
  success: z.boolean(),
  message: z.string(),
  error_type: z.enum(errorTypes).optional(),
  suggestion: z.string().optional().describe('what to do, where something is to be done'),
  model_count: z.int().optional(),
  models: z.array(z.string()).optional().describe('the first few ids'),
  kind: z
    .object({
      answered: z.enum([...providerKind.options, 'web-page']),
      version: z.string().optional(),
    })
    .optional()
    .describe('what kind of server answered'),
});

export const connectionTestRoutes = [
  defineRoute({
    method: 'post',
    paths: ['/api/providers/test-connection'],
    group: 'providers',
    summary: 'Try to reach a model server: one list call; nothing is stored',
    scope: 'operate',
    body: providerTest,
    fromForm: ({ api_key, ...fields }) =>
      // A form sends every field: an empty password field keeps the key.
      readForm({ ...fields, ...(api_key !== undefined && api_key !== '' && { api_key }) }, {}),
    reply: connectionResult,
    problems: { 404: 'there is no such provider' },
    async handle({ body, signal }, services): Promise<ConnectionResult> {
      const access = await accessFor(body, services);
      if ('error' in access) return { success: false, error_type: 'validation_error', message: access.error };
      return tryConnection(access, services, signal);
    },
  }),
];

async function accessFor(
  body: ProviderTest,
  services: ApiServices,
): Promise<ProviderAccess | { error: string }> {
  const { provider_id: id } = body;
  const provider = id === undefined ? undefined : await existing(id, services);
  const kind = body.type ?? provider?.type ?? 'openai';
  const address = normaliseBaseUrl(kind, body.base_url ?? provider?.baseUrl ?? '');
  if ('error' in address) return { error: `base_url: ${address.error}` };
  const destination = (await services.stores.settings.get()).litellmBaseUrl;
  if (destination !== null && sameEndpoint(address.url, destination)) {
    return {
      error:
        'this is the LiteLLM that models are written to; it cannot be read as a provider as well, test it under settings',
    };
  }
  if (provider !== undefined) return storedAccess(provider, { ...body, type: kind }, address.url, services);
  return { kind, baseUrl: address.url, ...(body.api_key && { apiKey: body.api_key }) };
}

async function storedAccess(
  provider: Provider,
  body: ProviderTest & { type: ProviderAccess['kind'] },
  baseUrl: string,
  { stores }: ApiServices,
): Promise<ProviderAccess> {
  const { apiKey: storedKey, apiRoot } = await accessTo(provider, stores);
  const isKept = body.api_key === undefined;
  if (isKept && storedKey !== undefined) refuseOtherHost(baseUrl, provider.baseUrl, 'base_url', 'api_key');
  const key = isKept ? storedKey : body.api_key;
  const isUnchanged = baseUrl === provider.baseUrl && body.type === provider.type;
  return {
    kind: body.type,
    baseUrl,
    ...(key && { apiKey: key }),
    ...(isUnchanged && apiRoot !== undefined && { apiRoot }),
  };
}
