import { cleanLitellmRow } from './clean-payload.js';
import { supportsKeys } from './capabilities.js';
import { tokenLimit } from './context-window.js';
import type { SkippedEntry } from './found-model.js';
import type { Json, JsonObject } from './json.js';
import { idProblem, printableId } from './parse-model-list.js';
import type { CatalogueEntry } from './ports.js';
import { objectOf, sortedSet, textOf } from './read-json.js';
import { priceKeys } from './reported-price.js';

const limitKeys = ['max_tokens', 'max_input_tokens', 'max_output_tokens'];

/**
 * LiteLLM lists one row per deployment; callers see one model per name. A call may land on any deployment, so the group
 * has the smallest of the limits, the flags that all have, and the highest of the prices.
 */
export function groupLitellmRows(rows: JsonObject[]): { entries: CatalogueEntry[]; skipped: SkippedEntry[] } {
  const groups = new Map<string, JsonObject[]>();
  const skipped: SkippedEntry[] = [];
  for (const row of rows.map(cleanLitellmRow)) {
    const name = textOf(row['model_name']) ?? '';
    const reason = rowProblem(name, row);
    if (reason === undefined) groups.set(name, [...(groups.get(name) ?? []), row]);
    else skipped.push({ modelId: printableId(name), reason });
  }
  const entries = [...groups].map(([modelId, group]) => ({ modelId, listing: groupListing(modelId, group) }));
  return { entries: entries.sort((a, b) => (a.modelId < b.modelId ? -1 : 1)), skipped };
}

function rowProblem(name: string, row: JsonObject): string | undefined {
  if (name === '') return 'the row has no model_name';
  if (objectOf(row['model_info'])['litellm_updater'] !== undefined)
    return 'written there by a LiteLLM Updater';
  return idProblem(name);
}

function groupListing(modelName: string, rows: JsonObject[]): JsonObject {
  const infos = rows.map((row) => objectOf(row['model_info']));
  const ids = infos.map((info, index) => textOf(info['id']) ?? `row ${index}`);
  const upstreams = rows.flatMap((row) => textOf(objectOf(row['litellm_params'])['model']) ?? []);
  const info: JsonObject = {};
  const set = (key: string, value: Json | undefined) => {
    if (value !== undefined) info[key] = value;
  };
  for (const key of limitKeys) set(key, smallest(infos.map((row) => tokenLimit(row[key]))));
  for (const key of supportsKeys) set(key, infos.every((row) => row[key] === true) || undefined);
  for (const key of priceKeys) set(key, highest(infos.map((row) => row[key])));
  for (const key of ['mode', 'output_vector_size']) set(key, common(infos.map((row) => row[key])));
  return {
    model_name: modelName,
    // An alias repeats the rows of its model, under the same ids.
    deployments: new Set(ids).size,
    upstream_models: sortedSet(upstreams).slice(0, 20),
    model_info: info,
  };
}

function smallest(values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** One deployment without a price makes the group's unknown. */
function highest(values: (Json | undefined)[]): number | undefined {
  const known = values.filter((value) => typeof value === 'number');
  return known.length < values.length ? undefined : Math.max(...known);
}

function common(values: (Json | undefined)[]): Json | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}
