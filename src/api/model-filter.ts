import { z } from 'zod';
import { modelCategories } from '../domain/kinds.js';
import { modelOrders, standings, type ModelsFilter } from '../entities/match-models.js';
import { queryBoolean } from './paging.js';

const tokens = z.coerce.number('takes a number of tokens').int().min(0).max(1e9);

/** The query of every list of models; in the URL, so that a filtered list can be linked to. */
export const modelFilter = {
  provider_id: z.coerce.number('takes a number').int().positive().optional(),
  search: z.string().max(256).optional().describe('part of the model id or the display name, any case'),
  orphaned: queryBoolean.optional(),
  modified: queryBoolean.optional(),
  sync_enabled: queryBoolean.optional(),
  disabled: queryBoolean.optional().describe('the opposite of sync_enabled'),
  category: z.enum(modelCategories, `takes ${modelCategories.join(', ')}`).optional(),
  capability: z
    .union([z.string(), z.array(z.string())])
    .transform((value) => [value].flat().flatMap((text) => text.split(',')))
    .pipe(z.array(z.string().trim().min(1).max(100)).max(20))
    .optional()
    .describe('one or more, all required: repeated or with commas'),
  context_min: tokens.optional().describe('tokens of the published context window'),
  context_max: tokens.optional().describe('tokens of the published context window'),
  deployment: z
    .enum(standings, `takes ${standings.join(', ')}`)
    .optional()
    .describe('how it stands at LiteLLM'),
};

/** Of lists; with a dash: descending. */
export const modelSort = z.enum(modelOrders, `takes ${modelOrders.join(', ')}`);

type Query = z.output<z.ZodObject<typeof modelFilter>>;

/** `nowMs`: an orphan's grace decides how it stands at LiteLLM. */
export function readFilter(query: Partial<Query>, nowMs: number): ModelsFilter {
  const syncEnabled = query.sync_enabled ?? (query.disabled === undefined ? undefined : !query.disabled);
  const filter = {
    providerId: query.provider_id,
    search: query.search,
    orphaned: query.orphaned,
    modified: query.modified,
    syncEnabled,
    category: query.category,
    capabilities: query.capability,
    contextAtLeast: query.context_min,
    contextAtMost: query.context_max,
    deployment: query.deployment,
    ...(query.deployment !== undefined && { nowMs }),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
