import { z } from 'zod';
import { ollamaMode, providerKind } from '../domain/kinds.js';
import { pricingOverride, pricingProfile, tokenPrice } from '../domain/pricing.js';

const noControl = /^[^\p{Cc}]*$/u;
export const shortText = (most: number) =>
  z
    .string()
    .trim()
    .max(most, `takes at most ${most} characters`)
    .regex(noControl, 'takes no control characters');
export const apiKey = z
  .string()
  .trim()
  .min(1, 'takes a key, or null to remove it')
  .max(8_000)
  // What a header can carry; a placeholder such as "sk-…" is found here, not at the first call.
  .regex(/^[\x21-\x7e]*$/, 'takes a key of ASCII letters, digits and signs, without blanks');
export const names = z.array(shortText(200).min(1), 'takes a list of texts').max(100);

/** 0 means "the global interval" for a provider, and "off" for the global one. */
export const syncInterval = z
  .int('takes whole seconds')
  .max(31 * 24 * 3600)
  .refine((seconds) => seconds === 0 || seconds >= 30, 'takes 0 or at least 30 seconds');

const fields = {
  name: shortText(100).min(1, 'takes a name'),
  base_url: z.string().trim().min(1, 'takes the http:// or https:// URL of the server').max(2_000),
  type: providerKind,
  api_key: apiKey.nullable(),
  prefix: shortText(100)
    .regex(/^[^/\s].*[^/\s]$|^[^/\s]$/, 'takes a name without slash or blank at its ends')
    .nullable(),
  default_ollama_mode: ollamaMode.nullable(),
  tags: names.nullable(),
  access_groups: names.nullable(),
  pricing_profile: pricingProfile.nullable(),
  pricing_override: pricingOverride.nullable(),
  /** The predecessor's form fields; each changes one price of the override. */
  pricing_input_cost_per_token: tokenPrice,
  pricing_output_cost_per_token: tokenPrice,
  sync_enabled: z.boolean('takes true or false'),
  sync_interval_seconds: syncInterval.nullable(),
  auto_detect_fim: z.boolean('takes true or false'),
  model_filter: shortText(2_000).nullable(),
  model_filter_exclude: shortText(2_000).nullable(),
  litellm_base_url: z.string().trim().min(1).max(2_000).nullable(),
  default_num_ctx: z.int('takes a whole number of tokens').min(256).max(1e8).nullable(),
  is_local: z.boolean('takes true, false or null').nullable(),
  orphan_policy: z.enum(['remove', 'keep'], 'takes "remove" or "keep"'),
  grace_misses: z.int('takes a whole number').min(0).max(10_000),
  grace_seconds: z
    .int('takes whole seconds')
    .min(0)
    .max(366 * 24 * 3600),
};

const { name, base_url, type, ...optional } = fields;

export const providerCreate = z.strictObject({ name, base_url, type, ...z.object(optional).partial().shape });
export const providerUpdate = z.strictObject(fields).partial();
export type ProviderUpdate = z.infer<typeof providerUpdate>;

/** Of a form's fields. */
export const formKinds = {
  tags: 'list',
  access_groups: 'list',
  sync_enabled: 'boolean',
  auto_detect_fim: 'boolean',
  is_local: 'boolean',
  sync_interval_seconds: 'number',
  default_num_ctx: 'number',
  grace_misses: 'number',
  grace_seconds: 'number',
  pricing_input_cost_per_token: 'number',
  pricing_output_cost_per_token: 'number',
} as const;
