import { isPriceKey } from '../../domain/pricing.js';
import type { Provenance } from '../../domain/normalised-model.js';
import { publishedContext } from '../../domain/published-context.js';
import { effectiveParams, providerParams } from '../../domain/wanted-deployment.js';
import type { ModelParts } from '../model-view.js';
import { contextWords } from './model-words.js';

export interface ParamRow {
  key: string;
  provider: unknown;
  source: string;
  edited: unknown;
  isEdited: boolean;
  pushed: unknown;
}

const provenanceWords: Record<Provenance, string> = {
  reported: 'reported by the provider',
  derived: 'derived from what it reports',
  guessed: 'guessed from its name',
  advertised: 'advertised',
};

/** Every parameter of a model: what its provider says and whence, what people made of it, and what is pushed. */
export function paramRows(parts: ModelParts): ParamRow[] {
  const { model, provider, settings } = parts;
  const unpriced = { ...model, pricingProfile: null, pricingOverride: null };
  const before = providerParams(unpriced, provider, settings);
  const priced = providerParams(model, provider, settings);
  const after = effectiveParams(model, provider, settings);
  const prices = Object.keys(priced).filter((key) => isPriceKey(key) && hasPrice(model, key));
  const edits = { ...Object.fromEntries(prices.map((key) => [key, priced[key]])), ...model.userParams };
  const keys = [...new Set([...Object.keys(before), ...Object.keys(edits)])].sort();
  return keys.map((key) => ({
    key,
    provider: before[key],
    source: key in before ? sourceOf(key, parts) : '',
    edited: edits[key],
    isEdited: key in edits,
    pushed: after[key],
  }));
}

function sourceOf(key: string, { model, provider, settings }: ModelParts): string {
  if (key === 'max_input_tokens') {
    const context = publishedContext(model, provider);
    if (context !== undefined) return contextWords[context.source];
  }
  if (isPriceKey(key)) {
    if (hasPrice(provider, key)) return 'the price set at the provider';
    const global = {
      pricingProfile: settings.defaultPricingProfile,
      pricingOverride: settings.defaultPricingOverride,
    };
    if (hasPrice(global, key)) return 'the default price of the settings';
    if (!(key in model.litellmParams)) return 'free, because it runs locally';
  }
  const known = model.provenance[key];
  return known === undefined ? 'from the settings of the provider' : provenanceWords[known];
}

/** A profile sets input and output tokens, an override what it names. */
function hasPrice(
  level: { pricingProfile: string | null; pricingOverride: object | null },
  key: string,
): boolean {
  const ofProfile = level.pricingProfile !== null && /^(in|out)put_cost_per_token$/.test(key);
  return ofProfile || key in (level.pricingOverride ?? {});
}
