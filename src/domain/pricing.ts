import { z } from 'zod';
import type { JsonObject } from './json.js';

/** USD per token, by LiteLLM's key names. The predecessor's profiles, kept by name for those who use them. */
export const pricingProfiles = {
  'gpt-4o': { input_cost_per_token: 5e-6, output_cost_per_token: 1.5e-5 },
  'gpt-4o-mini': { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7 },
  'gpt-4.1': { input_cost_per_token: 1.5e-5, output_cost_per_token: 6e-5 },
  'o1-mini': { input_cost_per_token: 1e-5, output_cost_per_token: 4e-5 },
} as const satisfies Record<string, JsonObject>;

export type PricingProfile = keyof typeof pricingProfiles;
const profileNames = Object.keys(pricingProfiles) as [PricingProfile, ...PricingProfile[]];
export const pricingProfile = z.enum(profileNames, `takes ${profileNames.join(', ')}`);

const price = z.number('takes USD per unit, 0 or more').min(0, 'takes USD per unit, 0 or more').max(1_000);

/** The price keys that a person may set by hand; each in USD per unit of its name. */
export const pricingOverride = z
  .strictObject({
    input_cost_per_token: price,
    output_cost_per_token: price,
    cache_read_input_token_cost: price,
    cache_creation_input_token_cost: price,
    input_cost_per_second: price,
    output_cost_per_second: price,
    input_cost_per_character: price,
    output_cost_per_character: price,
    output_cost_per_image: price,
    input_cost_per_query: price,
  })
  .partial();
export type PricingOverride = z.infer<typeof pricingOverride>;

/** LiteLLM's price keys all carry `cost`, but for `tiered_pricing` (`litellm-model-info-keys`, group pricing). */
export function isPriceKey(key: string): boolean {
  return key.includes('cost') || key === 'tiered_pricing';
}

interface PricingLevel {
  pricingProfile: string | null;
  pricingOverride: PricingOverride | null;
}

function levelPrices(level: PricingLevel): JsonObject {
  const profile =
    level.pricingProfile === null ? undefined : pricingProfiles[level.pricingProfile as PricingProfile];
  const prices: Record<string, number | undefined> = { ...profile, ...level.pricingOverride };
  return Object.fromEntries(
    Object.entries(prices).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/**
 * Key by key, strongest last: free because local < reported by the provider < global < provider < model;
 * within a level the override beats the profile. Nothing is invented: no source, no price.
 */
export function effectivePrice(sources: {
  local: boolean;
  reported: JsonObject;
  settings: PricingLevel;
  provider: PricingLevel;
  model: PricingLevel;
}): JsonObject {
  return {
    ...(sources.local && { input_cost_per_token: 0, output_cost_per_token: 0 }),
    ...Object.fromEntries(Object.entries(sources.reported).filter(([key]) => isPriceKey(key))),
    ...levelPrices(sources.settings),
    ...levelPrices(sources.provider),
    ...levelPrices(sources.model),
  };
}

/** The predecessor's two price fields on top of an override: a number sets, null clears, absent keeps; nothing left is null. */
export function withTokenPrices(
  override: PricingOverride | null,
  { input, output }: { input: number | null | undefined; output: number | null | undefined },
): PricingOverride | null {
  const given = {
    ...override,
    ...(input !== undefined && { input_cost_per_token: input }),
    ...(output !== undefined && { output_cost_per_token: output }),
  };
  const kept = Object.entries(given).filter(([, value]) => value !== null);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** One of those fields. */
export const tokenPrice = price.nullable();
