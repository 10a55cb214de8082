import createError from 'http-errors';
import { z } from 'zod';
import { normaliseBaseUrl, sameEndpoint } from '../../domain/base-url.js';
import type { DestinationAccess } from '../../domain/ports.js';
import { errorTypes } from '../connection-failure.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { owners } from '../destination-rows.js';
import { failedTest, tryDestination, type DestinationResult } from '../destination-test.js';
import { readForm } from '../form.js';
import { apiKey } from '../provider-schema.js';
import { refuseOtherHost } from '../stored-key.js';

const destinationTest = z
  .strictObject({
    litellm_base_url: z.string().trim().min(1).max(2_000),
    litellm_api_key: apiKey.nullable(),
  })
  .partial();

const ability = z.object({
  ok: z.boolean().nullable().describe('null: not found out'),
  message: z.string(),
});

const destinationResult = z.object({
  success: z.boolean(),
  message: z.string(),
  error_type: z.enum(errorTypes).optional(),
  suggestion: z.string().optional(),
  version: z.string().nullable(),
  models: z
    .object({ total: z.int(), ...Object.fromEntries(owners.map((owner) => [owner, z.int()])) } as Record<
      'total' | (typeof owners)[number],
      z.ZodInt
    >)
    .nullable(),
  can: z.object({
    list: ability,
    write: ability,
    patch_safely: ability.describe('what update_strategy "auto" does here, and why'),
  }),
});

export const destinationTestRoutes = [
  defineRoute({
    method: 'post',
    paths: ['/api/litellm/test', '/api/admin/config/test'],
    group: 'destination',
    summary: 'Try to reach LiteLLM, the stored one or another: version, listing, rights; nothing is written',
    scope: 'operate',
    body: destinationTest,
    bodyOptional: true,
    fromForm: ({ litellm_api_key: key, ...fields }) =>
      // A form sends every field: an empty password field keeps the key.
      readForm({ ...fields, ...(key !== undefined && key !== '' && { litellm_api_key: key }) }, {}),
    reply: destinationResult,
    problems: { 409: 'no LiteLLM is configured, and none is named' },
    async handle({ body, signal }, services): Promise<DestinationResult> {
      const { updateStrategy } = await services.stores.settings.get();
      const access = await accessFor(body, services);
      if ('error' in access) {
        const failure = { error_type: 'validation_error' as const, message: access.error };
        return failedTest(failure, undefined, updateStrategy);
      }
      return tryDestination(access, services, signal);
    },
  }),
];

async function accessFor(
  body: z.output<typeof destinationTest>,
  { stores }: ApiServices,
): Promise<DestinationAccess | { error: string }> {
  const stored = await stores.settings.destinationAccess();
  const input = body.litellm_base_url ?? stored?.baseUrl;
  if (input === undefined)
    throw createError(409, 'no LiteLLM is configured; send litellm_base_url to test one');
  const address = normaliseBaseUrl('litellm', input);
  if ('error' in address) return { error: `litellm_base_url: ${address.error}` };
  const provider = (await stores.providers.list()).find(({ baseUrl }) => sameEndpoint(baseUrl, address.url));
  if (provider) return { error: `this is what provider "${provider.name}" reads from; it cannot be both` };
  const isKept = body.litellm_api_key === undefined;
  if (isKept && stored?.apiKey !== undefined)
    refuseOtherHost(address.url, stored.baseUrl, 'litellm_base_url', 'litellm_api_key');
  const key = isKept ? stored?.apiKey : body.litellm_api_key;
  return { baseUrl: address.url, ...(key && { apiKey: key }) };
}
