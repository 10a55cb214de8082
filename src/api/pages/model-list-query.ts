import { z } from 'zod';
import { modelFilter, modelSort } from '../model-filter.js';

const contextEdges = [0, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

const inK = (tokens: number) => `${tokens / 1_024}K`;

/** Each begins where it says and ends before the next one begins. */
export const contextRanges = contextEdges.map((least, index) => {
  const next = contextEdges[index + 1];
  return next === undefined
    ? { value: `${least}-`, label: `${inK(least)} and more` }
    : { value: `${least}-${next - 1}`, label: `${index === 0 ? '0' : inK(least)}–${inK(next)}` };
});

/** Offered as boxes; every other word can be written. */
export const commonCapabilities = ['tools', 'vision', 'thinking', 'embedding', 'audio', 'insert'];

/** Keeps the page below 150 kB with everything that it loads. */
export const pageSize = 50;

/** A plain form sends what is empty, too; what cannot be read counts as not given. */
function lenient<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional()).catch(undefined);
}

const words = z.preprocess((value) => {
  const texts = [value].flat().filter((text) => typeof text === 'string');
  const list = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  return list.length > 0 ? [...new Set(list)].filter((text) => text !== '') : undefined;
}, modelFilter.capability);

/** Of the address: the names of GET /api/models, and `context`, a range of the form. */
export const modelListQuery = z.object({
  search: lenient(modelFilter.search),
  provider_id: lenient(modelFilter.provider_id),
  category: lenient(modelFilter.category),
  capability: words.catch(undefined),
  context: lenient(z.string().regex(/^\d{1,9}-\d{0,9}$/)),
  context_min: lenient(modelFilter.context_min),
  context_max: lenient(modelFilter.context_max),
  /** Orphans are left out unless asked for. */
  orphaned: lenient(z.enum(['true', 'false', 'any'])),
  modified: lenient(modelFilter.modified),
  sync_enabled: lenient(modelFilter.sync_enabled),
  disabled: lenient(modelFilter.disabled),
  deployment: lenient(modelFilter.deployment),
  sort: modelSort.catch('name').default('name'),
  limit: z.coerce.number().int().min(1).max(pageSize).catch(pageSize),
  offset: z.coerce.number().int().min(0).catch(0),
});
export type ModelListQuery = z.output<typeof modelListQuery>;

/** What the list asks the database, and, as JSON, what an action on all that match sends. */
export function filterOf(query: ModelListQuery) {
  const [least, most] = (query.context ?? '').split('-');
  const filter = {
    search: query.search?.trim() || undefined,
    provider_id: query.provider_id,
    category: query.category,
    capability: query.capability?.length ? query.capability : undefined,
    context_min: query.context_min ?? numberOf(least),
    context_max: query.context_max ?? numberOf(most),
    orphaned: query.orphaned === 'any' ? undefined : query.orphaned === 'true',
    modified: query.modified,
    sync_enabled: query.sync_enabled,
    disabled: query.disabled,
    deployment: query.deployment,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as {
    [K in keyof typeof filter]?: Exclude<(typeof filter)[K], undefined>;
  };
}

/** The address of the list with some things changed; undefined takes one away. */
export function addressOf(query: ModelListQuery, changes: Partial<ModelListQuery>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, ...changes })) {
    if (value === undefined || value === defaults[name]) continue;
    for (const each of [value].flat()) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === '' ? '/models' : `/models?${text}`;
}

const defaults: Record<string, unknown> = { sort: 'name', limit: pageSize, offset: 0 };

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === '' || text === '0' ? undefined : Number(text);
}
