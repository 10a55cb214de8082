import { liveProviders, sectionsOf } from './context-window.js';
import type { JsonObject } from './json.js';
import type { LitellmMode, ProviderKind } from './kinds.js';
import type { Provenance } from './normalised-model.js';
import { objectOf } from './read-json.js';

/**
 * The price keys that we pass on: LiteLLM's CustomPricingLiteLLMParams of 1.81. A key that it does not know would be sent
 * to the model server as a call parameter.
 */
export const priceKeys = [
  'cache_creation_input_audio_token_cost',
  'cache_creation_input_token_cost',
  'cache_creation_input_token_cost_above_1hr',
  'cache_creation_input_token_cost_above_200k_tokens',
  'cache_read_input_audio_token_cost',
  'cache_read_input_token_cost',
  'cache_read_input_token_cost_above_200k_tokens',
  'cache_read_input_token_cost_flex',
  'cache_read_input_token_cost_priority',
  'citation_cost_per_token',
  'input_cost_per_audio_per_second',
  'input_cost_per_audio_token',
  'input_cost_per_character',
  'input_cost_per_image',
  'input_cost_per_pixel',
  'input_cost_per_query',
  'input_cost_per_second',
  'input_cost_per_token',
  'input_cost_per_token_above_128k_tokens',
  'input_cost_per_token_above_200k_tokens',
  'input_cost_per_token_batches',
  'input_cost_per_token_flex',
  'input_cost_per_token_priority',
  'input_cost_per_video_per_second',
  'output_cost_per_audio_per_second',
  'output_cost_per_audio_token',
  'output_cost_per_character',
  'output_cost_per_image',
  'output_cost_per_image_token',
  'output_cost_per_pixel',
  'output_cost_per_reasoning_token',
  'output_cost_per_second',
  'output_cost_per_token',
  'output_cost_per_token_above_128k_tokens',
  'output_cost_per_token_above_200k_tokens',
  'output_cost_per_token_batches',
  'output_cost_per_token_flex',
  'output_cost_per_token_priority',
  'output_cost_per_video_per_second',
] as const;
export type PriceKey = (typeof priceKeys)[number];

export type Prices = Partial<Record<PriceKey, number>>;

export interface ReportedPrice {
  /** USD per unit of the key's name. Empty where nothing is known. */
  prices: Prices;
  provenance: Provenance;
}

/** USD. A higher price per token is one per million in the wrong field. */
const highestTokenPrice = 0.01;

/** What a provider itself says that a model costs; never a price of another source (C9). */
export function reportedPrice(kind: ProviderKind, listing: JsonObject, mode: LitellmMode): ReportedPrice {
  if (kind === 'ollama') return { prices: {}, provenance: 'reported' };
  const own = litellmPrices(listing);
  if (kind === 'litellm' || Object.keys(own).length > 0) return { prices: own, provenance: 'reported' };
  const pricing = objectOf(listing['pricing']);
  const listed = 'hourly' in pricing ? perMillion([pricing]) : perToken(pricing, mode);
  if (Object.keys(listed).length > 0) return { prices: listed, provenance: 'reported' };
  return {
    prices: perMillion(liveProviders(listing).map((p) => objectOf(p['pricing']))),
    provenance: 'derived',
  };
}

/** Decimal text or a number, 0 or more. `"-1"` means "varies" at OpenRouter. */
function amount(value: unknown): number | undefined {
  const isText = typeof value === 'string' && /^\d+(\.\d*)?(e[+-]?\d+)?$/i.test(value.trim());
  const number = isText ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** Six significant digits, as LiteLLM's sync_cost_map.py: 0.88e-6 is 8.8e-7, not 8.799999999999999e-7. */
function rounded(price: number): number {
  return Number(price.toPrecision(6));
}

/** LiteLLM's own keys, in the row or its `model_info`; numbers per unit. */
function litellmPrices(listing: JsonObject): Prices {
  const found: Prices = {};
  for (const key of priceKeys) {
    const value = sectionsOf(listing)
      .map((section) => amount(section[key]))
      .find((price) => price !== undefined);
    if (value !== undefined) found[key] = rounded(value);
  }
  return withHonestZeros(found);
}

/** OpenRouter's names, then Vercel's. */
const extraKeys: [string, PriceKey][] = [
  ['input_cache_read', 'cache_read_input_token_cost'],
  ['input_cache_write', 'cache_creation_input_token_cost'],
  ['internal_reasoning', 'output_cost_per_reasoning_token'],
  ['audio', 'input_cost_per_audio_token'],
  ['image', 'input_cost_per_image'],
];

/**
 * USD per token: OpenRouter's `prompt`/`completion`, Vercel's `input`/`output` as strings. Numbers under `input`/`output`
 * have no unit that everybody shares, so they are no price.
 */
function perToken(pricing: JsonObject, mode: LitellmMode): Prices {
  const byTokenNames = 'prompt' in pricing || 'completion' in pricing;
  const input = byTokenNames ? pricing['prompt'] : textPrice(pricing['input']);
  const output = byTokenNames ? pricing['completion'] : textPrice(pricing['output']);
  const main = tokenPrices(input, output);
  if (main === undefined) return {};
  const found: Prices = { ...main };
  for (const [name, key] of extraKeys) {
    const price = amount(pricing[name]);
    if (price !== undefined && price > 0) found[key] = rounded(price);
  }
  const request = amount(pricing['request']) ?? 0;
  if (mode === 'rerank' && request > 0) found.input_cost_per_query = rounded(request);
  // Free tokens with a fee per request that LiteLLM has no key for are not free.
  if (mode !== 'rerank' && request > 0 && isFree(found)) return {};
  return withHonestZeros(found);
}

function textPrice(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Both sides, or none: one that varies (or is nonsense) makes the other worthless. An absent one is just absent. */
function tokenPrices(input: unknown, output: unknown): Prices | undefined {
  const given = [input, output].filter((side) => side !== undefined);
  const valid = given.every((side) => (amount(side) ?? Infinity) < highestTokenPrice);
  if (given.length === 0 || !valid) return undefined;
  const [inputPrice, outputPrice] = [amount(input), amount(output)];
  return {
    ...(inputPrice !== undefined && { input_cost_per_token: rounded(inputPrice) }),
    ...(outputPrice !== undefined && { output_cost_per_token: rounded(outputPrice) }),
  };
}

function isFree(prices: Prices): boolean {
  return prices.input_cost_per_token === 0 && (prices.output_cost_per_token ?? 0) === 0;
}

/** Zeros stay where both token prices are given and nothing else costs; a lone or contradicted zero says nothing. */
function withHonestZeros(prices: Prices): Prices {
  const { input_cost_per_token: input, output_cost_per_token: output, ...others } = prices;
  const extras = Object.entries(others).filter(([, price]) => price > 0);
  const costs = (input ?? 0) > 0 || (output ?? 0) > 0;
  const free = input === 0 && output === 0 && extras.length === 0;
  return {
    ...((costs || free) && input !== undefined && { input_cost_per_token: input }),
    ...((costs || free) && output !== undefined && { output_cost_per_token: output }),
    ...Object.fromEntries(extras),
  };
}

/**
 * USD per million: Together (known by `hourly`) and Hugging Face's router (one price per provider; it picks any, so the
 * highest). 0 may mean "not listed" there, so zeros alone are no price.
 */
function perMillion(pricings: JsonObject[]): Prices {
  const inputs = pricings.map((pricing) => amount(pricing['input']));
  const outputs = pricings.map((pricing) => amount(pricing['output']));
  const all = [...inputs, ...outputs];
  if (all.length === 0 || all.includes(undefined)) return {};
  const highest = (prices: (number | undefined)[]) =>
    rounded(Math.max(...prices.map((price) => price ?? 0)) * 1e-6);
  const prices = { input_cost_per_token: highest(inputs), output_cost_per_token: highest(outputs) };
  return isFree(prices) || Math.max(...Object.values(prices)) >= highestTokenPrice ? {} : prices;
}
