import {
  litellmCapabilities,
  ollamaCapabilities,
  openAiCapabilities,
  reportedFlags,
  supportsOf,
  type Capabilities,
} from './capabilities.js';
import {
  ollamaContext,
  openAiContext,
  sectionsOf,
  tokenLimit,
  type ContextWindow,
} from './context-window.js';
import type { FoundModel } from './found-model.js';
import type { Json, JsonObject } from './json.js';
import type { LitellmMode, ProviderKind } from './kinds.js';
import { modelCategory } from './model-category.js';
import { modelMode } from './model-mode.js';
import type { NormalisedModel, Provenance } from './normalised-model.js';
import { firstDefined, objectOf, sortedSet, textOf } from './read-json.js';
import { reportedPrice } from './reported-price.js';
import { ollamaOpenAiParams, reportedOpenAiParams } from './supported-openai-params.js';

/** What one fetch says of one model, in LiteLLM's terms. Never throws, whatever a server sent. */
export function normaliseModel(kind: ProviderKind, found: FoundModel): NormalisedModel {
  const listing = objectOf(found.listing);
  const details = objectOf(found.details);
  const remote = kind === 'ollama' && isRemote(found.modelId, listing, details);
  const capabilities = capabilitiesOf(kind, listing, details);
  const {
    mode,
    unusable,
    provenance: modeProvenance,
  } = modelMode(kind, found.modelId, listing, capabilities);

  const params = new Fields();
  params.set('mode', mode, modeProvenance);
  if (unusable === undefined) {
    if (kind === 'ollama') ollamaFields(params, listing, details, capabilities, mode);
    else reportedFields(params, kind, listing, capabilities, mode);
  }

  // A transcriber's or speaker's "context" (448 for Groq's Whisper) is none that a caller could plan with.
  const noContext = kind === 'openai' && (mode === 'audio_transcription' || mode === 'audio_speech');
  const window = kind === 'ollama' ? ollamaContext(listing, details, remote) : openAiContext(listing);
  const context = noContext ? {} : contextFields(window, remote ? undefined : found.observedContext);
  return {
    mode,
    capabilities: capabilities.words,
    category: modelCategory(found.modelId, mode, capabilities.words),
    ...context,
    remote,
    ...(unusable !== undefined && { unusable }),
    litellmParams: params.values,
    provenance: { ...params.provenance, ...contextProvenance(context, window) },
  };
}

/** Fields with where they come from; what is unknown is not set. */
class Fields {
  readonly values: JsonObject = {};
  readonly provenance: Record<string, Provenance> = {};

  set(name: string, value: Json | undefined, provenance: Provenance): void {
    if (value === undefined) return;
    this.values[name] = value;
    this.provenance[name] = provenance;
  }
}

function capabilitiesOf(kind: ProviderKind, listing: JsonObject, details: JsonObject): Capabilities {
  if (kind === 'ollama') return ollamaCapabilities(listing, details);
  return kind === 'litellm' ? litellmCapabilities(listing) : openAiCapabilities(listing);
}

/** Ollama's own mark, or the tag (`:cloud`, `:120b-cloud`); `:local` forces local (Ollama's internal/modelref). */
function isRemote(modelId: string, listing: JsonObject, details: JsonObject): boolean {
  const name = modelId.slice(modelId.lastIndexOf('/') + 1);
  const tag = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1).toLowerCase() : '';
  if (tag === 'local') return false;
  const host = textOf(details['remote_host']) ?? textOf(listing['remote_host']);
  return host !== undefined || tag === 'cloud' || tag.endsWith('-cloud');
}

function ollamaFields(
  params: Fields,
  listing: JsonObject,
  details: JsonObject,
  { words, provenance }: Capabilities,
  mode: LitellmMode,
): void {
  for (const flag of supportsOf(words, mode)) params.set(flag, true, provenance);
  if (mode === 'chat') {
    // Ollama takes a JSON schema as format and system messages for every chat model, on both of its faces.
    for (const flag of ['supports_response_schema', 'supports_system_messages'])
      params.set(flag, true, 'derived');
    // -1 and -2 mean unbounded; the context is no output limit.
    const numPredict = tokenLimit(objectOf(details['parameters'])['num_predict']);
    params.set('max_output_tokens', numPredict, 'reported');
  }
  if (mode === 'embedding') params.set('output_vector_size', embeddingLength(listing, details), 'reported');
  params.set('supported_openai_params', nonEmpty(ollamaOpenAiParams(details, words, mode)), 'derived');
}

function embeddingLength(listing: JsonObject, details: JsonObject): number | undefined {
  const info = objectOf(details['model_info']);
  const architecture = textOf(info['general.architecture']) ?? '';
  return (
    tokenLimit(info[`${architecture}.embedding_length`]) ??
    tokenLimit(objectOf(listing['details'])['embedding_length'])
  );
}

/** Words that say "talks", so that system messages can be taken for granted. */
const chatWords = ['chat', 'completion', 'completion_chat'];

function reportedFields(
  params: Fields,
  kind: ProviderKind,
  listing: JsonObject,
  { words, provenance }: Capabilities,
  mode: LitellmMode,
): void {
  if (kind === 'openai') {
    for (const flag of supportsOf(words, mode)) params.set(flag, true, provenance);
    if (mode === 'chat' && words.some((word) => chatWords.includes(word))) {
      params.set('supports_system_messages', true, 'derived');
    }
    params.set('supported_openai_params', nonEmpty(reportedOpenAiParams(listing)), 'reported');
  }
  for (const flag of reportedFlags(listing)) params.set(flag, true, 'reported');
  if (hasOutputLimit(mode, kind)) params.set('max_output_tokens', outputLimit(kind, listing), 'reported');
  if (mode === 'embedding') params.set('output_vector_size', vectorSize(listing), 'reported');
  const { prices, provenance: priceProvenance } = reportedPrice(kind, listing, mode);
  for (const [key, price] of Object.entries(prices)) params.set(key, price, priceProvenance);
}

/** Servers repeat the context there for models that write no text. */
function hasOutputLimit(mode: LitellmMode, kind: ProviderKind): boolean {
  if (mode === 'embedding' || mode === 'rerank') return false;
  return kind === 'litellm' || (mode !== 'audio_transcription' && mode !== 'audio_speech');
}

const outputKeys = ['max_completion_tokens', 'max_output_tokens', 'max_output_length', 'outputTokenLimit'];

function outputLimit(kind: ProviderKind, listing: JsonObject): number | undefined {
  const sections = [objectOf(listing['top_provider']), ...sectionsOf(listing)];
  const named = firstDefined(
    sections.flatMap((section) => outputKeys.map((key) => section[key])),
    tokenLimit,
  );
  if (named !== undefined || kind === 'litellm') return named;
  // Anthropic and Vercel call it `max_tokens`, beside the context; alone or as large, it could be the context itself.
  const context = tokenLimit(listing['context_window']) ?? tokenLimit(listing['max_input_tokens']);
  const limit = tokenLimit(listing['max_tokens']);
  return context !== undefined && limit !== undefined && limit < context ? limit : undefined;
}

function vectorSize(listing: JsonObject): number | undefined {
  const named = firstDefined(
    sectionsOf(listing).flatMap((section) => [section['output_vector_size'], section['embedding_length']]),
    tokenLimit,
  );
  return named ?? tokenLimit(objectOf(listing['meta'])['n_embd']);
}

function nonEmpty(list: string[]): string[] | undefined {
  return list.length === 0 ? undefined : sortedSet(list);
}

type ContextFields = Pick<NormalisedModel, 'maxContextWindow' | 'configuredContext' | 'observedContext'>;

function contextFields({ max, configured }: ContextWindow, observed: unknown): ContextFields {
  const seen = tokenLimit(observed);
  const bounded = seen !== undefined && max !== undefined ? Math.min(seen, max) : seen;
  return {
    ...(max !== undefined && { maxContextWindow: max }),
    ...(configured !== undefined && { configuredContext: configured }),
    ...(bounded !== undefined && { observedContext: bounded }),
  };
}

function contextProvenance(
  context: ContextFields,
  { provenance }: ContextWindow,
): Record<string, Provenance> {
  return {
    ...(context.maxContextWindow !== undefined && { max_context_window: provenance }),
    ...(context.configuredContext !== undefined && { configured_context: provenance }),
    ...(context.observedContext !== undefined && { observed_context: 'reported' as const }),
  };
}
