import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { cleanOllamaListing, cleanOllamaShow, cleanOpenAiListing } from '../../src/domain/clean-payload.js';
import { inheritFromParents } from '../../src/domain/context-window.js';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import type { FoundModel } from '../../src/domain/found-model.js';
import { groupLitellmRows } from '../../src/domain/group-litellm-rows.js';
import type { Json, JsonObject } from '../../src/domain/json.js';
import type { ProviderKind } from '../../src/domain/kinds.js';
import type { NormalisedModel } from '../../src/domain/normalised-model.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { parseModelList, type ParsedModel, type ParseOptions } from '../../src/domain/parse-model-list.js';

/** A body as a server of that name sends it. */
export function sample(path: string): JsonObject {
  return JSON.parse(
    readFileSync(new URL(`../fixtures/samples/${path}`, import.meta.url), 'utf8'),
  ) as JsonObject;
}

export function entriesOf(body: unknown, options?: ParseOptions): ParsedModel[] {
  const parsed = parseModelList(body, options);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.entries;
}

export function foundModel(modelId: string, listing: JsonObject, details?: JsonObject): FoundModel {
  const fingerprint = listingFingerprint(listing);
  return { modelId, listing, fingerprint, ...(details !== undefined && { details }) };
}

/** Every model of an OpenAI-compatible sample, by id, the way the catalogue step makes them. */
export function openAiModels(path: string): Map<string, NormalisedModel> {
  const entries = inheritFromParents(
    entriesOf(sample(path)).map(({ modelId, entry }) => ({ modelId, listing: cleanOpenAiListing(entry) })),
  );
  return new Map(
    entries.map(({ modelId, listing }) => [modelId, normaliseModel('openai', foundModel(modelId, listing))]),
  );
}

export function litellmModels(path: string): Map<string, NormalisedModel> {
  const rows = sample(path)['data'] as JsonObject[];
  return new Map(
    groupLitellmRows(rows).entries.map(({ modelId, listing }) => [
      modelId,
      normaliseModel('litellm', foundModel(modelId, listing)),
    ]),
  );
}

/** A model of `ollama/tags.json` with its show answer, or of another tags sample without one. */
export function ollamaModel(modelId: string, tags = 'tags.json', withShow = true): NormalisedModel {
  const entry = entriesOf(sample(`ollama/${tags}`), { caseFold: true }).find(
    (item) => item.modelId === modelId,
  );
  if (entry === undefined) throw new Error(`no ${modelId} in ${tags}`);
  const shows = sample('ollama/index.json')['show'] as Record<string, string>;
  const details = withShow ? cleanOllamaShow(sample(`ollama/${shows[modelId] ?? ''}`)) : undefined;
  return normaliseModel('ollama', foundModel(modelId, cleanOllamaListing(entry.entry), details));
}

/** A row or a show answer that is not in the samples. */
export function openAiModel(row: JsonObject): NormalisedModel {
  const id = typeof row['id'] === 'string' ? row['id'] : 'x';
  return normaliseModel('openai', foundModel(id, cleanOpenAiListing(row)));
}

export function shownModel(show: JsonObject, modelId = 'x:latest'): NormalisedModel {
  return normaliseModel('ollama', foundModel(modelId, { name: modelId }, cleanOllamaShow(show)));
}

export function normalised(kind: ProviderKind, found: FoundModel): NormalisedModel {
  return normaliseModel(kind, found);
}

/** The field names that the rules look at, so that arbitrary objects hit them. */
const fieldNames = [
  'id', 'name', 'capabilities', 'details', 'model_info', 'parameters', 'num_ctx', 'num_predict', 'general.architecture',
  'x.context_length', 'x.embedding_length', 'context_length', 'context_window', 'max_model_len', 'max_tokens',
  'max_input_tokens', 'max_output_tokens', 'meta', 'n_ctx', 'n_ctx_train', 'top_provider', 'pricing', 'prompt',
  'completion', 'input', 'output', 'hourly', 'request', 'architecture', 'input_modalities', 'output_modalities', 'type',
  'mode', 'supports_vision', 'input_cost_per_token', 'output_cost_per_token', 'providers', 'status', 'supported_parameters',
  'remote_host', 'families', 'family', 'parent', '__proto__', 'constructor',
]; // prettier-ignore

const leaves: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(
    null,
    true,
    false,
    0,
    -1,
    4096,
    1e15,
    0.5,
    '',
    '128k',
    '8192',
    '-1',
    '0',
    '0.000001',
    'chat',
  ),
  fc.constantFrom<Json[]>(
    'x',
    'live',
    'completion',
    'embedding',
    'tools',
    'vision',
    'image',
    'text',
    'audio',
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
);

export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaves,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...fieldNames), fc.string()), tie('value'), { maxKeys: 8 }),
  ),
})).value;

export const anyObject: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.oneof(fc.constantFrom(...fieldNames), fc.string()),
  anyJson,
  { maxKeys: 15 },
);
