import { canonicalJson, type Json, type JsonObject } from './json.js';

/** Options that are integers in Ollama's api/types.go `Options`; JSON makes floats of large ones (`1.048576e+06`). */
const wholeNumbers = new Set([
  'main_gpu',
  'mirostat',
  'num_batch',
  'num_ctx',
  'num_gpu',
  'num_keep',
  'num_predict',
  'num_thread',
  'repeat_last_n',
  'seed',
  'top_k',
]);

/** Far above any Modelfile; guards against a hostile server. */
const maxLines = 500;

/**
 * Ollama's `parameters` text (`fmt("%-30s %#v")`, one per line) as an object. The order of the lines is random per call
 * (a Go map), so a repeated key becomes a sorted array without repetitions.
 */
export function parseOllamaParameters(text: string): JsonObject {
  const values = new Map<string, Json[]>();
  for (const line of text.split(/\r?\n/).slice(0, maxLines)) {
    const [, key = '', raw = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (isParameterName(key)) values.set(key, [...(values.get(key) ?? []), parameterValue(key, raw)]);
  }
  return Object.fromEntries(
    [...values].map(([key, list]) => [key, list.length === 1 ? (list[0] ?? null) : asSet(list)]),
  );
}

/** Keeps `__proto__` and other things out that are no option. */
export function isParameterName(key: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/i.test(key);
}

function parameterValue(key: string, raw: string): Json {
  if (raw.startsWith('"')) return unquoted(raw);
  if (raw === 'true' || raw === 'false') return raw === 'true';
  const number = Number(raw);
  if (!Number.isFinite(number)) return raw;
  // `+ 0`: no negative zero, which JSON cannot tell from zero.
  return (wholeNumbers.has(key) ? Math.trunc(number) : number) + 0;
}

/** Go's `%#v` of a string: nearly JSON; `\x00`, `\a` and `\v` are not, and then only the quotes go. */
function unquoted(raw: string): string {
  try {
    const parsed: unknown = JSON.parse(raw);
    if (typeof parsed === 'string') return parsed;
  } catch {
    // Falls through to the plain strip.
  }
  return raw.replace(/^"|"$/g, '');
}

function asSet(list: Json[]): Json[] {
  const byText = new Map(list.map((value) => [canonicalJson(value), value]));
  return [...byText.keys()].sort().map((text) => byText.get(text) ?? null);
}
