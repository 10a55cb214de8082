import type { CatalogueEntry } from './ports.js';
import type { Json, JsonObject } from './json.js';
import type { Provenance } from './normalised-model.js';
import { firstDefined, objectOf, objectsOf, textOf } from './read-json.js';

/** No model has more; what is above is a byte count or a typing error (sources.md C16). */
const tokenBound = 1e8;

/** A number of tokens: a positive safe integer, also as digits in a string. 0, -1, floats, `"128k"`, true: unknown. */
export function tokenLimit(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d{1,9}\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 && number <= tokenBound
    ? number
    : undefined;
}

export interface ContextWindow {
  /** Tokens: what the model was made for. */
  max?: number;
  /** Tokens: what the server uses by its own configuration, ≤ max. */
  configured?: number;
  provenance: Provenance;
}

/**
 * The training maximum of Ollama's `model_info`: the exact key `<arch>.context_length`, else the only other one that is
 * no rope or original length. Façades write `general.context_length` (LocalAI) or use the model's name as arch (SGLang).
 */
export function architectureContext(modelInfo: JsonObject): number | undefined {
  const exact = tokenLimit(modelInfo[`${textOf(modelInfo['general.architecture']) ?? ''}.context_length`]);
  if (exact !== undefined) return exact;
  const others = Object.keys(modelInfo).filter(isContextKey);
  return others.length === 1 ? tokenLimit(modelInfo[others[0] ?? '']) : undefined;
}

export function isContextKey(key: string): boolean {
  return key.endsWith('.context_length') && !/rope|original/.test(key);
}

/** A cloud model runs at its maximum, whatever its Modelfile says (Ollama's server/routes_options_test.go). */
export function ollamaContext(listing: JsonObject, details: JsonObject, remote: boolean): ContextWindow {
  const max =
    architectureContext(objectOf(details['model_info'])) ??
    tokenLimit(objectOf(listing['details'])['context_length']) ??
    tokenLimit(objectOf(details['details'])['context_length']);
  const numCtx = remote ? undefined : tokenLimit(objectOf(details['parameters'])['num_ctx']);
  return contextWindow(max, numCtx, 'reported');
}

/** Sections of a row in which servers put limits, the strongest first. */
export function sectionsOf(listing: JsonObject): JsonObject[] {
  return [listing, ...['model_info', 'metadata', 'details', 'summary'].map((key) => objectOf(listing[key]))];
}

const contextKeys = [
  'context_length',
  'context_window',
  'max_context_length',
  'max_context',
  'max_input_tokens',
  'inputTokenLimit',
];

/** vLLM's and SGLang's `max_model_len` and llama.cpp's `n_ctx` are true at run time; the other keys are maxima. */
export function openAiContext(listing: JsonObject): ContextWindow {
  const runtime = tokenLimit(listing['max_model_len']);
  if (runtime !== undefined) {
    return contextWindow(runtime, runtime, textOf(listing['parent']) === undefined ? 'reported' : 'derived');
  }
  const meta = objectOf(listing['meta']);
  const loaded = tokenLimit(meta['n_ctx']);
  const trained = tokenLimit(meta['n_ctx_train']);
  if (loaded !== undefined || trained !== undefined)
    return contextWindow(trained ?? loaded, loaded, 'reported');

  const perProvider = liveProviders(listing).map((provider) => tokenLimit(provider['context_length']));
  const limits = [
    firstDefined(
      sectionsOf(listing).flatMap((section) => contextKeys.map((key) => section[key])),
      tokenLimit,
    ),
    // OpenRouter's own number can be above what the provider it routes to accepts.
    tokenLimit(objectOf(listing['top_provider'])['context_length']),
    ...perProvider,
  ].filter((limit) => limit !== undefined);
  return contextWindow(limits.length === 0 ? undefined : Math.min(...limits), undefined, 'reported');
}

/** Hugging Face's router: only rows with status `live` can be reached. */
export function liveProviders(listing: JsonObject): JsonObject[] {
  return objectsOf(listing['providers']).filter((provider) => provider['status'] === 'live');
}

function contextWindow(
  max: number | undefined,
  configured: number | undefined,
  provenance: Provenance,
): ContextWindow {
  const bounded = configured !== undefined && max !== undefined ? Math.min(configured, max) : configured;
  return {
    ...(max !== undefined && { max }),
    ...(bounded !== undefined && { configured: bounded }),
    provenance,
  };
}

/** vLLM and SGLang list a LoRA with `parent` and a null `max_model_len`: the base model's limit holds for it. */
export function inheritFromParents(entries: CatalogueEntry[]): CatalogueEntry[] {
  const byId = new Map(entries.map((entry) => [entry.modelId, entry.listing]));
  return entries.map((entry) => {
    if (tokenLimit(entry.listing['max_model_len']) !== undefined) return entry;
    const inherited = inheritedLimit(entry.listing, byId);
    return inherited === undefined
      ? entry
      : { ...entry, listing: { ...entry.listing, max_model_len: inherited } };
  });
}

function inheritedLimit(listing: JsonObject, byId: Map<string, JsonObject>): Json | undefined {
  let parent = byId.get(textOf(listing['parent']) ?? '');
  // A LoRA on a LoRA at most; the bound also ends a circle.
  for (let depth = 0; parent !== undefined && depth < 4; depth += 1) {
    const limit = tokenLimit(parent['max_model_len']);
    if (limit !== undefined) return limit;
    parent = byId.get(textOf(parent['parent']) ?? '');
  }
  return undefined;
}
