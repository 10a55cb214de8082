import { supportsKeys } from './capabilities.js';
import { isContextKey } from './context-window.js';
import { redactUrl } from './base-url.js';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from './json.js';
import { isParameterName, parseOllamaParameters } from './ollama-parameters.js';
import { objectOf, sortedSet, textOf, textsOf } from './read-json.js';
import { priceKeys } from './reported-price.js';

/**
 * Whitelists: what a server says about a model, reduced to what is stable between two calls, of use to us, small, and no
 * secret. What is not named here (licence, template, tensors, system prompt, messages, `created`, `permission`, `stats`,
 * `modified_at`, call parameters with keys, …) is never stored, queued or hashed.
 */

/** Bytes of JSON for one model's listing or details: a queue payload of 100 models stays below 1 MB in practice. */
const maxBytes = 16_000;
const maxText = 300;
const maxSetSize = 64;

type Cleaner = (value: Json | undefined) => Json | undefined;
type Spec = Record<string, Cleaner>;

/** Without NUL and lone surrogates, which PostgreSQL (and so LiteLLM) refuses. */
function safeText(value: string, length = maxText): string {
  return value.slice(0, length).replace(/\0|\p{Surrogate}/gu, '');
}

const scalar: Cleaner = (value) => {
  if (typeof value === 'string') return textOf(value) === undefined ? undefined : safeText(value);
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
    ? value
    : undefined;
};

const number: Cleaner = (value) => (typeof value === 'boolean' ? undefined : scalar(value));

const yes: Cleaner = (value) => (value === true ? true : undefined);

const url: Cleaner = (value) => (typeof value === 'string' ? scalar(redactUrl(value)) : undefined);

/** A set of words; `a, b` as one text is one too. An empty one tells that there are none. */
const words: Cleaner = (value) => {
  const list = typeof value === 'string' ? value.split(/[,;]/) : value;
  if (!Array.isArray(list)) return undefined;
  const clean = textsOf(list).map((word) => safeText(word.trim(), 100));
  return sortedSet(clean).slice(0, maxSetSize);
};

/** Mistral, Anthropic and LM Studio send an object of flags, some as `{supported: true}`; the keys that hold are the words. */
const capabilityWords: Cleaner = (value) =>
  words(isJsonObject(value) ? Object.keys(value).filter((key) => holds(value[key])) : value);

function holds(value: Json | undefined): boolean {
  if (isJsonObject(value))
    return 'supported' in value ? value['supported'] === true : Object.keys(value).length > 0;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value === 'string' ? !/^(|false|no|none|0)$/i.test(value.trim()) : Boolean(value);
}

function object(spec: Spec): Cleaner {
  return (value) => {
    const clean = pick(objectOf(value), spec);
    return Object.keys(clean).length === 0 ? undefined : clean;
  };
}

function each(keys: readonly string[], cleaner: Cleaner): Spec {
  return Object.fromEntries(keys.map((key) => [key, cleaner]));
}

function either(forObject: Cleaner, otherwise: Cleaner): Cleaner {
  return (value) => (isJsonObject(value) ? forObject(value) : otherwise(value));
}

function pick(source: JsonObject, spec: Spec): JsonObject {
  const clean: JsonObject = {};
  for (const [key, cleaner] of Object.entries(spec)) {
    const value = Object.hasOwn(source, key) ? cleaner(source[key]) : undefined;
    if (value !== undefined) clean[key] = value;
  }
  return clean;
}

function bytesOf(value: Json | undefined): number {
  return Buffer.byteLength(canonicalJson(value));
}

/** Drops the largest fields of an absurdly large entry; which ones depends on nothing but the entry. */
function bounded(clean: JsonObject): JsonObject {
  const left = { ...clean };
  const bySize = Object.keys(left).sort((a, b) => bytesOf(left[b]) - bytesOf(left[a]) || (a < b ? -1 : 1));
  for (const key of bySize) {
    if (bytesOf(left) <= maxBytes) break;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of our own
    delete left[key];
  }
  return left;
}

const ollamaSummary = object({
  ...each(['format', 'family', 'parameter_size', 'quantization_level'], scalar),
  families: words,
  ...each(['context_length', 'embedding_length'], number),
});

const ollamaListing: Spec = {
  ...each(['name', 'model', 'digest', 'remote_model'], scalar),
  remote_host: url,
  size: number,
  details: ollamaSummary,
  capabilities: words,
};

/** An entry of `/api/tags`. */
export function cleanOllamaListing(entry: JsonObject): JsonObject {
  return bounded(pick(entry, ollamaListing));
}

const ollamaShow: Spec = {
  details: ollamaSummary,
  remote_model: scalar,
  remote_host: url,
  requires: scalar,
  capabilities: words,
  parameters: parameterObject,
  model_info: (value) => modelInfo(objectOf(value)),
  ...each(['template_has_tools', 'template_has_suffix', 'has_projector'], yes),
};

/** An answer of `/api/show`. Cleaning what is clean changes nothing. */
export function cleanOllamaShow(body: JsonObject): JsonObject {
  const clean = pick(body, ollamaShow);
  const projector = Object.keys(objectOf(body['projector_info'])).length > 0;
  const told = textsOf(body['capabilities']).length > 0;
  return bounded({
    ...clean,
    ...(projector && { has_projector: true }),
    ...(!told && templateFacts(body['template'])),
  });
}

/** Servers before 0.6.4 tell no capabilities: their Go templates give them away (`{{ .Tools }}`, `$.Tools`, `.Suffix`). */
function templateFacts(template: Json | undefined): JsonObject {
  if (typeof template !== 'string') return {};
  return {
    ...(/\.Tools\b/.test(template) && { template_has_tools: true }),
    ...(/\.Suffix\b/.test(template) && { template_has_suffix: true }),
  };
}

function parameterObject(value: Json | undefined): Json | undefined {
  const parsed = typeof value === 'string' ? parseOllamaParameters(value) : objectOf(value);
  const entries = Object.entries(parsed).flatMap(([key, item]): [string, Json][] => {
    const clean = Array.isArray(item)
      ? item.flatMap((part) => scalar(part) ?? []).slice(0, maxSetSize)
      : scalar(item);
    return clean === undefined || !isParameterName(key) ? [] : [[key, clean]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const generalKeys = new Set(
  ['architecture', 'basename', 'file_type', 'parameter_count', 'size_label'].map((key) => `general.${key}`),
);

/** A few of the up to hundreds of dotted GGUF keys. */
function modelInfo(info: JsonObject): JsonObject | undefined {
  const embedding = `${textOf(info['general.architecture']) ?? ''}.embedding_length`;
  const kept = Object.keys(info)
    .filter(
      (key) => key.length <= maxText && (generalKeys.has(key) || key === embedding || isKeptSuffix(key)),
    )
    .sort()
    .slice(0, maxSetSize)
    .flatMap((key): [string, Json][] => {
      const value = scalar(info[key]);
      return value === undefined ? [] : [[key, value]];
    });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function isKeptSuffix(key: string): boolean {
  return isContextKey(key) || /\.(pooling_type|vision\.block_count|audio\.block_count)$/.test(key);
}

const limits = each(
  [
    'max_tokens',
    'max_input_tokens',
    'max_output_tokens',
    'max_output_length',
    'max_context',
    'max_context_length',
    'context_length',
    'context_window',
    'output_vector_size',
    'embedding_length',
  ],
  number,
);

/** Another LiteLLM's `model_info`, and what servers write in LiteLLM's words. */
const litellmFields: Spec = {
  mode: scalar,
  ...limits,
  ...each(supportsKeys, yes),
  ...each(priceKeys, number),
};

const pricing = object(
  each(
    [
      'prompt',
      'completion',
      'request',
      'image',
      'audio',
      'internal_reasoning',
      'input_cache_read',
      'input_cache_write',
      'input',
      'output',
      'hourly',
    ],
    number,
  ),
);

const routerProvider: Spec = {
  ...each(['provider', 'status'], scalar),
  context_length: number,
  pricing,
  ...each(['supports_tools', 'supports_structured_output'], yes),
};

/** Latency and throughput change all the time; the order of the providers does too. */
const routerProviders: Cleaner = (value) =>
  Array.isArray(value)
    ? value
        .map((provider) => pick(objectOf(provider), routerProvider))
        .sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1))
        .slice(0, 32)
    : undefined;

const inAndOut = object({ input_modalities: words, output_modalities: words });

const openAiListing: Spec = {
  ...each(
    ['id', 'key', 'name', 'display_name', 'owned_by', 'publisher', 'organization', 'root', 'parent'],
    scalar,
  ),
  ...each(['type', 'model_type', 'task', 'canonical_slug', 'alias_target', 'arch', 'quantization'], scalar),
  ...each(['expiration_date', 'shutdown_date', 'deprecation', 'deprecated_at'], scalar),
  ...each(['max_model_len', 'max_completion_tokens', 'inputTokenLimit', 'outputTokenLimit'], number),
  ...litellmFields,
  ...each(
    ['input_modalities', 'output_modalities', 'supported_parameters', 'supported_endpoint_types'],
    words,
  ),
  ...each(['endpoints', 'supportedGenerationMethods', 'tags'], words),
  capabilities: capabilityWords,
  architecture: either(inAndOut, scalar),
  modalities: object({ input: words, output: words }),
  meta: object({ ...each(['n_ctx', 'n_ctx_train', 'n_embd', 'n_params', 'size'], number), ftype: scalar }),
  top_provider: object(each(['context_length', 'max_completion_tokens'], number)),
  pricing,
  providers: routerProviders,
  ...each(['model_info', 'metadata', 'details', 'summary'], object({ ...litellmFields, tags: words })),
};

/** A row of an OpenAI-compatible `/models`, whichever of the known servers wrote it. */
export function cleanOpenAiListing(entry: JsonObject): JsonObject {
  return bounded(pick(entry, openAiListing));
}

const litellmRow: Spec = {
  model_name: scalar,
  // The upstream's route only: the rest of the parameters names hosts and masked keys.
  litellm_params: object({ model: scalar }),
  model_info: object({
    id: scalar,
    ...litellmFields,
    // Only that it is there: another updater's marker is nobody else's business.
    litellm_updater: (value) => (value === undefined || value === null ? undefined : true),
  }),
};

/** A row of LiteLLM's `/model/info`, one deployment. */
export function cleanLitellmRow(row: JsonObject): JsonObject {
  return bounded(pick(row, litellmRow));
}
