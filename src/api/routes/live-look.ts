import createError from 'http-errors';
import { z } from 'zod';
import { redactUrl } from '../../domain/base-url.js';
import { normaliseModel } from '../../domain/normalise-model.js';
import type { Provider } from '../../entities/provider.js';
import { lookAtModel } from '../../jobs/look-at-model.js';
import { accessTo } from '../../jobs/provider-access.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { withPatience } from '../patience.js';
import { upstream } from '../upstream.js';

const patienceMs = 30_000;

const anyObject = z.record(z.string(), z.unknown());

export const liveLookRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/models/show', '/api/models/show'],
    group: 'models',
    summary: 'One model as its provider shows it now, cleaned and normalised; nothing is stored',
    scope: 'read',
    query: z.object({
      source: z.string('is required: the id or name of a provider').min(1).max(100),
      model: z.string('is required: the id of a model at that provider').min(1).max(256),
    }),
    reply: z.object({
      source: z.object({ id: z.int(), name: z.string(), type: z.string(), base_url: z.string() }),
      model: z.string().describe('as the provider spells it'),
      found: z.literal(true),
      stored_as: z.int().nullable().describe('the id of our model, when a sync has stored it'),
      listing: anyObject,
      details: anyObject.nullable().describe('null where the provider has none'),
      details_error: z.string().nullable(),
      observed_context: z.int().nullable().describe('tokens; while the model is loaded'),
      normalised: z.object({
        mode: z.string(),
        category: z.string(),
        capabilities: z.array(z.string()),
        max_context_window: z.int().nullable(),
        configured_context: z.int().nullable(),
        unusable: z.string().nullable(),
        litellm_params: anyObject,
        provenance: z.record(z.string(), z.string()),
      }),
    }),
    problems: {
      404: 'there is no such provider, or it does not list the model',
      502: 'the provider did not answer, or not as it should',
    },
    async handle({ query, signal }, services) {
      const provider = await sourceOf(query.source, services);
      const { stores, catalogues } = services;
      const access = await accessTo(provider, stores);
      const who = `provider "${provider.name}" at ${redactUrl(provider.baseUrl)}`;
      const found = await upstream(() =>
        withPatience({ ms: patienceMs, who, signal }, (patience) =>
          lookAtModel(access, query.model, catalogues, patience),
        ),
      );
      if (found === undefined)
        throw createError(404, `provider "${provider.name}" lists no model "${query.model}" now`);
      const normalised = normaliseModel(provider.type, found);
      return {
        source: { id: provider.id, name: provider.name, type: provider.type, base_url: provider.baseUrl },
        model: found.modelId,
        found: true as const,
        stored_as: await storedId(provider, found.modelId, services),
        listing: found.listing,
        details: found.details ?? null,
        details_error: found.detailsError ?? null,
        observed_context: found.observedContext ?? null,
        normalised: {
          mode: normalised.mode,
          category: normalised.category,
          capabilities: normalised.capabilities,
          max_context_window: normalised.maxContextWindow ?? null,
          configured_context: normalised.configuredContext ?? null,
          unusable: normalised.unusable ?? null,
          litellm_params: normalised.litellmParams,
          provenance: normalised.provenance,
        },
      };
    },
  }),
];

/** By name first: a name may consist of digits. */
async function sourceOf(source: string, { stores }: ApiServices): Promise<Provider> {
  const named = await stores.providers.byName(source);
  const provider = named ?? (/^\d{1,15}$/.test(source) ? await stores.providers.byId(Number(source)) : null);
  if (provider === null) throw createError(404, `there is no provider with the name or id "${source}"`);
  return provider;
}

async function storedId({ id }: Provider, modelId: string, { stores }: ApiServices): Promise<number | null> {
  const similar = await stores.models.matching({ providerId: id, search: modelId });
  return similar.find((model) => model.modelId === modelId)?.id ?? null;
}
