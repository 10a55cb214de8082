import { z } from 'zod';
import type { JsonObject } from '../domain/json.js';
import { litellmMode, ollamaMode } from '../domain/kinds.js';
import { pricingOverride, pricingProfile, tokenPrice, withTokenPrices } from '../domain/pricing.js';
import { userParams } from '../domain/user-params.js';
import type { Model } from '../entities/model.js';
import type { ModelEdit } from '../entities/model-edits-store.js';
import { names } from './provider-schema.js';

/** Or a text with commas, as the predecessor's scripts send it. */
const tagNames = z.union(
  [names, z.string().max(20_000).transform(namesIn).pipe(names)],
  'takes a list of texts, or one text with commas',
);

/** Absent fields stay, null clears one; `params` replaces the whole object. */
export const modelUpdate = z
  .strictObject({
    params: userParams.nullable(),
    user_params: userParams.nullable(),
    tags: tagNames.nullable(),
    access_groups: tagNames.nullable(),
    sync_enabled: z.boolean('takes true or false'),
    mode: z
      .union(
        [litellmMode, z.enum(['default', ''])],
        `takes default or one of ${litellmMode.options.join(', ')}`,
      )
      .nullable(),
    ollama_mode: z.union([ollamaMode, z.literal('')], `takes ${ollamaMode.options.join(', ')}`).nullable(),
    pricing_profile: pricingProfile.nullable(),
    pricing_override: pricingOverride.nullable(),
    input_cost_per_token: tokenPrice,
    output_cost_per_token: tokenPrice,
  })
  .partial();

type ModelUpdate = z.infer<typeof modelUpdate>;

/** What changes in the row; any edit but enabling and disabling marks the model as modified. */
export function modelEditOf(body: ModelUpdate, model: Model): ModelEdit {
  const params = body.params !== undefined ? body.params : body.user_params;
  const paramsEdit = withMode(params === undefined ? model.userParams : params, body.mode);
  const { input_cost_per_token: input, output_cost_per_token: output } = body;
  const override = body.pricing_override === undefined ? model.pricingOverride : body.pricing_override;
  const touched = {
    ...((params !== undefined || body.mode !== undefined) && { userParams: paramsEdit }),
    ...(body.tags !== undefined && { userTags: body.tags }),
    ...(body.access_groups !== undefined && { accessGroups: body.access_groups }),
    ...(body.ollama_mode !== undefined && { ollamaMode: body.ollama_mode === '' ? null : body.ollama_mode }),
    ...(body.pricing_profile !== undefined && { pricingProfile: body.pricing_profile }),
    ...((body.pricing_override !== undefined || input !== undefined || output !== undefined) && {
      pricingOverride: withTokenPrices(override, { input, output }),
    }),
  };
  return {
    ...touched,
    ...(Object.keys(touched).length > 0 && { userModified: true }),
    ...(body.sync_enabled !== undefined && { syncEnabled: body.sync_enabled }),
  };
}

function namesIn(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function withMode(params: JsonObject | null, mode: ModelUpdate['mode']): JsonObject | null {
  if (mode === undefined) return params;
  const { mode: before, ...rest } = params ?? {};
  const next = mode === null || mode === 'default' || mode === '' ? rest : { ...rest, mode };
  return Object.keys(next).length === 0 ? null : next;
}
