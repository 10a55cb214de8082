import { z } from 'zod';
import { textWithoutSecrets, withoutSecrets } from '../domain/secret-keys.js';
import { textOf, textsOf } from '../domain/read-json.js';
import { displayName } from '../domain/wanted-deployment.js';
import type { DestinationRow } from '../domain/ports.js';
import type { DestinationContents } from '../jobs/destination-view.js';
import {
  judgeRows,
  missingModels,
  missingStates,
  owners,
  rowStates,
  type Clock,
  type JudgedRow,
} from './destination-rows.js';

const anyObject = z.record(z.string(), z.unknown());

const rowView = z.object({
  id: z.string(),
  model_name: z.string(),
  model: z.string().nullable().describe('litellm_params.model'),
  api_base: z.string().nullable(),
  mode: z.string().nullable(),
  tags: z.array(z.string()),
  owner: z.enum(owners),
  deletable: z.boolean().describe('false for rows of config.yaml'),
  state: z.enum(rowStates).nullable().describe('null for rows that are not ours'),
  drifted_keys: z.array(z.string()).describe('edited at LiteLLM; the next reconcile overwrites them'),
  model_ref: z.int().nullable().describe('the id of our model'),
  provider_id: z.int().nullable(),
  litellm_params: anyObject.describe('without secrets'),
  model_info: anyObject.describe('without secrets'),
});

export const destinationView = z.object({
  models: z.array(rowView),
  total: z.int().describe('rows that match the filter'),
  missing: z
    .array(
      z.object({
        model_ref: z.int(),
        provider_id: z.int(),
        display_name: z.string(),
        state: z.enum(missingStates),
      }),
    )
    .describe('models that LiteLLM should have and does not list, whatever the filter'),
  tags: z
    .array(z.object({ tag: z.string(), count: z.int() }))
    .describe('of all rows, the most frequent first'),
  counts: z.object({
    all: z.int(),
    by_owner: z.record(z.enum(owners), z.int()),
    by_state: z.record(z.enum(rowStates), z.int()),
    missing: z.int(),
  }),
  listed_at: z.string(),
});

export const rowFilter = z.object({
  tag: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => [value].flat())
    .pipe(z.array(z.string().min(1).max(256)).max(50))
    .optional()
    .describe('one or more, repeated: rows with any of them'),
  owner: z.enum(owners, `takes ${owners.join(', ')}`).optional(),
  state: z.enum(rowStates, `takes ${rowStates.join(', ')}`).optional(),
  search: z.string().max(256).optional().describe('part of the name, the id or the upstream model, any case'),
});

type RowFilter = z.output<typeof rowFilter> & { limit: number; offset: number };

export function viewDestinationList(
  contents: DestinationContents,
  clock: Clock,
  { limit, offset, ...filter }: RowFilter,
): z.infer<typeof destinationView> {
  const judged = judgeRows(contents, clock).sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const missing = missingModels(contents, judged, clock);
  const matching = judged.filter((row) => matches(row, filter));
  return {
    models: matching.slice(offset, offset + limit).map(viewRow),
    total: matching.length,
    missing: missing.map(({ known: { model, provider }, state }) => ({
      model_ref: model.id,
      provider_id: provider.id,
      display_name: displayName(provider, model.modelId),
      state,
    })),
    tags: countTags(judged),
    counts: {
      all: judged.length,
      by_owner: countBy(owners, judged, ({ owner }) => owner),
      by_state: countBy(rowStates, judged, ({ state }) => state),
      missing: missing.length,
    },
    listed_at: clock.now().toISOString(),
  };
}

const sortKey = ({ row }: JudgedRow) => `${row.modelName}\0${row.id}`;

function matches({ row, owner, state }: JudgedRow, filter: z.output<typeof rowFilter>): boolean {
  if (filter.owner !== undefined && owner !== filter.owner) return false;
  if (filter.state !== undefined && state !== filter.state) return false;
  if (filter.tag !== undefined && !tagsOf(row).some((tag) => filter.tag?.includes(tag))) return false;
  if (filter.search === undefined) return true;
  const wanted = filter.search.toLowerCase();
  const texts = [row.modelName, row.id, textOf(row.litellmParams['model']) ?? ''];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

function viewRow({ row, owner, state, driftedKeys, known }: JudgedRow): z.infer<typeof rowView> {
  const { litellmParams: params, modelInfo: info } = row;
  const apiBase = textOf(params['api_base']);
  return {
    id: row.id,
    model_name: row.modelName,
    model: textOf(params['model']) ?? null,
    api_base: apiBase === undefined ? null : textWithoutSecrets(apiBase),
    mode: textOf(info['mode']) ?? null,
    tags: tagsOf(row),
    owner,
    deletable: owner !== 'config',
    state,
    drifted_keys: driftedKeys,
    model_ref: known?.model.id ?? null,
    provider_id: known?.provider.id ?? null,
    litellm_params: withoutSecrets(params),
    model_info: withoutSecrets(info),
  };
}

/** Where tags are kept is a setting of ours, and people's rows have them in either place. */
function tagsOf({ litellmParams, modelInfo }: DestinationRow): string[] {
  return [...new Set([...textsOf(litellmParams['tags']), ...textsOf(modelInfo['tags'])])];
}

function countTags(judged: JudgedRow[]): { tag: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { row } of judged) for (const tag of tagsOf(row)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts]
    .map(([tag, count]) => ({ tag, count }))
    .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1));
}

function countBy<K extends string>(
  keys: readonly K[],
  judged: JudgedRow[],
  of: (row: JudgedRow) => K | null,
): Record<K, number> {
  const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
  for (const row of judged) {
    const key = of(row);
    if (key !== null) counts[key] += 1;
  }
  return counts;
}
