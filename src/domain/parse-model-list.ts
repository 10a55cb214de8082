import type { SkippedEntry } from './found-model.js';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from './json.js';
import { cleanOpenAiListing } from './clean-payload.js';
import { textOf } from './read-json.js';

export interface ParsedModel {
  /** Byte-exact. */
  modelId: string;
  /** As the server sent it; not cleaned yet. */
  entry: JsonObject;
}

/** `error`: the body is no model list, which must never be taken for "no models". */
export type ParsedModelList = { entries: ParsedModel[]; skipped: SkippedEntry[] } | { error: string };

export interface ParseOptions {
  /** Ollama compares names without regard to case, and `x` is `x:latest` there. */
  caseFold?: boolean;
}

/** One rule for all servers (sources.md §0); only the id is mandatory. Entries come sorted by id. */
export function parseModelList(body: unknown, options: ParseOptions = {}): ParsedModelList {
  const list = listOf(body);
  if (!Array.isArray(list)) return list;
  const found: ParsedModel[] = [];
  const skipped: SkippedEntry[] = [];
  let withoutId = 0;
  for (const item of list) {
    const entry = entryOf(item);
    const modelId = entry === undefined ? undefined : idOf(entry);
    const reason =
      modelId === undefined ? 'the entry has no id' : (idProblem(modelId) ?? stateProblem(entry));
    if (entry !== undefined && modelId !== undefined && reason === undefined) found.push({ modelId, entry });
    else skipped.push({ modelId: printableId(modelId ?? ''), reason: reason ?? 'the entry has no id' });
    if (modelId === undefined) withoutId += 1;
  }
  if (list.length > 0 && withoutId === list.length) {
    return { error: `none of the ${list.length} entries has an id, key, name or model` };
  }
  const { entries, repeated } = withoutRepetitions(found, options.caseFold === true);
  return { entries, skipped: [...skipped, ...repeated] };
}

function listOf(body: unknown): Json[] | { error: string } {
  if (Array.isArray(body)) return body as Json[];
  if (!isJsonObject(body)) return { error: `expected a list of models, got ${nameOf(body)}` };
  const failure = failureOf(body);
  if (failure !== undefined) return { error: failure };
  const candidates = [body['data'], body['models']].filter((value) => value !== undefined);
  const list = candidates.find((value) => Array.isArray(value));
  if (list !== undefined) return list;
  if (candidates.length > 0 && candidates.every((value) => value === null)) return [];
  return { error: `expected an array under "data" or "models", got an object with ${keysOf(body)}` };
}

/** new-api and some gateways answer 200 with an error. */
function failureOf(body: JsonObject): string | undefined {
  const { error, success, message, object } = body;
  const detail = textOf(isJsonObject(error) ? error['message'] : error) ?? textOf(message) ?? 'no message';
  const failed =
    (error !== undefined && error !== null && error !== false && error !== '') || success === false;
  return failed || object === 'error'
    ? `the server answered with an error: ${detail.slice(0, 200)}`
    : undefined;
}

function nameOf(body: unknown): string {
  return body === null ? 'null' : body === undefined ? 'nothing' : typeof body;
}

function keysOf(body: JsonObject): string {
  const keys = Object.keys(body).slice(0, 8);
  return keys.length === 0
    ? 'no keys'
    : `the keys ${keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')}`;
}

function entryOf(item: Json): JsonObject | undefined {
  if (typeof item === 'string') return { id: item };
  return isJsonObject(item) ? item : undefined;
}

function idOf(entry: JsonObject): string | undefined {
  return ['id', 'key', 'name', 'model'].map((key) => textOf(entry[key])).find((id) => id !== undefined);
}

const maxIdLength = 256;
/** KoboldCpp's: nothing loaded; calling the second unloads the model. */
const pseudoIds = new Set(['inactive', 'unload_model', 'initial_model']);

/** Why an id cannot be a model of ours. */
export function idProblem(modelId: string): string | undefined {
  if (modelId.length > maxIdLength) return `the id is longer than ${maxIdLength} characters`;
  // LiteLLM's database refuses NUL and lone surrogates; other control characters break logs and headers.
  if (/[\p{Control}\p{Surrogate}]/u.test(modelId)) return 'the id contains a control character';
  if (modelId.includes('*')) return 'a wildcard, not a model';
  return pseudoIds.has(modelId) ? 'a pseudo model of KoboldCpp, not a model' : undefined;
}

/** For reports: without control characters, at most 256 characters. */
export function printableId(modelId: string): string {
  return modelId.slice(0, maxIdLength).replace(/[\p{Control}\p{Surrogate}]/gu, '\uFFFD');
}

/** Groq lists retired models; llama.cpp's router lists what it still downloads or could not load. */
function stateProblem(entry: JsonObject | undefined): string | undefined {
  if (entry?.['active'] === false) return 'the server marks it as not active';
  const status = entry?.['status'];
  if (!isJsonObject(status)) return undefined;
  if (status['value'] === 'downloading') return 'the server is still downloading it';
  return status['failed'] === true ? 'the server failed to load it' : undefined;
}

function withoutRepetitions(found: ParsedModel[], caseFold: boolean) {
  const byName = new Map<string, ParsedModel>();
  const repeated: SkippedEntry[] = [];
  for (const model of found) {
    const name = caseFold ? ollamaName(model.modelId) : model.modelId;
    const known = byName.get(name);
    const better = known === undefined ? model : richer(known, model);
    byName.set(name, better);
    if (known === undefined) continue;
    const other = better === known ? model : known;
    repeated.push({ modelId: other.modelId, reason: `a repetition of ${JSON.stringify(better.modelId)}` });
  }
  const entries = [...byName.values()].sort((a, b) => (a.modelId < b.modelId ? -1 : 1));
  return { entries, repeated };
}

function ollamaName(modelId: string): string {
  const name = modelId.toLowerCase();
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
}

/** The row that says more; among equals a choice that does not depend on their order, which differs from call to call. */
function richer(a: ParsedModel, b: ParsedModel): ParsedModel {
  const difference = richness(b.entry) - richness(a.entry);
  if (difference !== 0) return difference > 0 ? b : a;
  const [textA, textB] = [a, b].map(({ modelId, entry }) =>
    canonicalJson([modelId, cleanOpenAiListing(entry)]),
  );
  return (textB ?? '') < (textA ?? '') ? b : a;
}

function richness(value: Json | undefined): number {
  if (value === null || value === undefined || value === '') return 0;
  if (typeof value !== 'object') return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + richness(item), 0);
}
