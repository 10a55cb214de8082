import { z } from 'zod';
import type { JsonObject } from '../domain/json.js';
import { litellmMode, ollamaMode } from '../domain/kinds.js';
import { pricingOverride, pricingProfile } from '../domain/pricing.js';
import { userParams } from '../domain/user-params.js';
import type { Model } from '../entities/model.js';
import type { ModelEdit } from '../entities/models-store.js';
import { names } from './provider-schema.js';

const onePrice = z.number('takes USD per token, 0 or more').min(0).nullable();

/** Absent fields stay, null clears one; `params` replaces the whole object. */
export const modelUpdate = z
  .strictObject({
    params: userParams.nullable(),
    user_params: userParams.nullable(),
    tags: names.nullable(),
    access_groups: names.nullable(),
    sync_enabled: z.boolean('takes true or false'),
    mode: z
      .union(
        [litellmMode, z.enum(['default', ''])],
        `takes default or one of ${litellmMode.options.join(', ')}`,
      )
      .nullable(),
    ollama_mode: z.union([ollamaMode, z.literal('')]).nullable(),
    pricing_profile: pricingProfile.nullable(),
    pricing_override: pricingOverride.nullable(),
    input_cost_per_token: onePrice,
    output_cost_per_token: onePrice,
  })
  .partial();

type ModelUpdate = z.infer<typeof modelUpdate>;

/** What changes in the row; any edit but enabling and disabling marks the model as modified. */
export function modelEditOf(body: ModelUpdate, model: Model): ModelEdit {
  const params = body.params !== undefined ? body.params : body.user_params;
  const paramsEdit = withMode(params === undefined ? model.userParams : params, body.mode);
  const prices = withPrices(
    body.pricing_override === undefined ? model.pricingOverride : body.pricing_override,
    body,
  );
  const touched = {
    ...((params !== undefined || body.mode !== undefined) && { userParams: paramsEdit }),
    ...(body.tags !== undefined && { userTags: body.tags }),
    ...(body.access_groups !== undefined && { accessGroups: body.access_groups }),
    ...(body.ollama_mode !== undefined && { ollamaMode: body.ollama_mode === '' ? null : body.ollama_mode }),
    ...(body.pricing_profile !== undefined && { pricingProfile: body.pricing_profile }),
    ...((body.pricing_override !== undefined ||
      body.input_cost_per_token !== undefined ||
      body.output_cost_per_token !== undefined) && {
      pricingOverride: prices,
    }),
  };
  return {
    ...touched,
    ...(Object.keys(touched).length > 0 && { userModified: true }),
    ...(body.sync_enabled !== undefined && { syncEnabled: body.sync_enabled }),
  };
}

function withMode(params: JsonObject | null, mode: ModelUpdate['mode']): JsonObject | null {
  if (mode === undefined) return params;
  const { mode: before, ...rest } = params ?? {};
  const next = mode === null || mode === 'default' || mode === '' ? rest : { ...rest, mode };
  return Object.keys(next).length === 0 ? null : next;
}

function withPrices(override: Model['pricingOverride'], body: ModelUpdate): Model['pricingOverride'] {
  const { input_cost_per_token: input, output_cost_per_token: output } = body;
  const given = {
    ...override,
    ...(input !== undefined && { input_cost_per_token: input }),
    ...(output !== undefined && { output_cost_per_token: output }),
  };
  const kept = Object.entries(given).filter(([, price]) => price !== null);
  return kept.length === 0 ? null : pricingOverride.parse(Object.fromEntries(kept));
}
