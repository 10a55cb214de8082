import type { ModelCategory } from '../domain/kinds.js';
import { lowerCaseFunction } from './lower-case.js';

/** How a model stands at LiteLLM. `in-step`: it has what is wanted. `absent`: not there, as wanted. */
export const standings = ['in-step', 'pending', 'out-of-step', 'failed', 'absent'] as const;
export type Standing = (typeof standings)[number];

export interface ModelsFilter {
  ids?: number[];
  providerId?: number;
  /** Part of the model id or of the name it has at LiteLLM, any case. */
  search?: string;
  orphaned?: boolean;
  modified?: boolean;
  syncEnabled?: boolean;
  category?: ModelCategory;
  /** All of them. */
  capabilities?: string[];
  /** Tokens of what is published; models without a known window are left out. */
  contextAtLeast?: number;
  contextAtMost?: number;
  deployment?: Standing;
  /** For `deployment`: an orphan's grace runs out by this clock. */
  nowMs?: number;
}

export const modelOrders = ['id', 'name', '-name', 'context', '-context', 'last_seen', '-last_seen'] as const;
/** With a dash: descending. Models without a known window come last either way. */
export type ModelOrder = (typeof modelOrders)[number];

const displayName = `COALESCE(providers.prefix || '/', '') || models.model_id`;

/** `publishedContext` of the domain, in SQL, so that lists filter and sort by what they show. */
const published = `CASE WHEN models.remote THEN models.max_context_window ELSE MIN(
  CASE WHEN models.configured_context IS NOT NULL THEN models.configured_context
    WHEN providers.type = 'ollama' AND providers.default_num_ctx IS NOT NULL THEN providers.default_num_ctx
    ELSE COALESCE(models.observed_context, models.max_context_window) END,
  COALESCE(models.max_context_window, 1e9)) END`;

/** `whatIsWanted` of the domain, in SQL. */
const wanted = `CASE WHEN providers.deleting_at IS NOT NULL OR models.deleting_at IS NOT NULL OR NOT models.sync_enabled THEN 'absent'
  WHEN models.is_orphaned THEN CASE WHEN providers.orphan_policy <> 'keep' AND models.missed_count >= providers.grace_misses
    AND julianday(@now) - julianday(models.orphaned_at) >= providers.grace_seconds / 86400.0 THEN 'absent' ELSE 'leave' END
  WHEN models.unusable IS NOT NULL AND json_extract(models.user_params, '$.mode') IS NULL THEN 'absent'
  ELSE 'present' END`;

/** For the others, which ask for the whole row. */
const standing = `CASE WHEN deployments.pending THEN 'pending' WHEN deployments.last_error IS NOT NULL THEN 'failed'
  WHEN (${wanted}) = 'absent' THEN CASE WHEN deployments.applied_hash IS NULL THEN 'absent' ELSE 'out-of-step' END
  WHEN (${wanted}) = 'leave' THEN CASE WHEN deployments.applied_hash IS NULL THEN 'absent' ELSE 'in-step' END
  WHEN deployments.applied_hash = deployments.wanted_hash THEN 'in-step' ELSE 'out-of-step' END`;

/** The same filter is the same text, whatever its values, so that SQLite prepares it once. */
export interface MatchingModels {
  /** Where to begin: the few that a deployment tells apart are found among the deployments. */
  id: 'models.id' | 'deployments.model_id';
  conditions: string[];
  parameters: Record<string, string | number>;
}

export function matchModels(filter: ModelsFilter): MatchingModels {
  const { ids, providerId, search, orphaned, modified, syncEnabled, category, deployment } = filter;
  const conditions: string[] = [];
  const parameters: Record<string, string | number> = {};
  const add = (condition: string, name: string, value: string | number) => {
    conditions.push(condition);
    parameters[name] = value;
  };
  if (ids) add('models.id IN (SELECT value FROM json_each(@ids))', 'ids', JSON.stringify(ids));
  if (providerId !== undefined) add('models.provider_id = @provider', 'provider', providerId);
  // Not LIKE: `_` and `%` are ordinary characters of model ids.
  if (search) add(`instr(${lowerFor(search)}(${displayName}), @search) > 0`, 'search', search.toLowerCase());
  if (orphaned !== undefined) add('models.is_orphaned = @orphaned', 'orphaned', Number(orphaned));
  if (modified !== undefined) add('models.user_modified = @modified', 'modified', Number(modified));
  if (syncEnabled !== undefined) add('models.sync_enabled = @enabled', 'enabled', Number(syncEnabled));
  if (category !== undefined) add('models.category = @category', 'category', category);
  for (const [index, word] of (filter.capabilities ?? []).entries()) {
    // In a JSON list of words, a word in its quotes is an element of it.
    const name = `capability${index}`;
    add(`instr(models.capabilities, json_quote(@${name})) > 0`, name, word);
  }
  if (filter.contextAtLeast !== undefined) add(`${published} >= @least`, 'least', filter.contextAtLeast);
  if (filter.contextAtMost !== undefined) add(`${published} <= @most`, 'most', filter.contextAtMost);
  if (deployment === 'pending') conditions.push('deployments.pending');
  else if (deployment === 'failed')
    conditions.push('NOT deployments.pending AND deployments.last_error IS NOT NULL');
  else if (deployment !== undefined) {
    add(`${standing} = @standing`, 'standing', deployment);
    parameters['now'] = new Date(filter.nowMs ?? Date.now()).toISOString();
  }
  const fromDeployments = deployment === 'pending' || deployment === 'failed';
  return { id: fromDeployments ? 'deployments.model_id' : 'models.id', conditions, parameters };
}

/** One statement; other tables are joined where a part of it asks for them. */
export function selectModels(columns: string, { id, conditions }: MatchingModels, order = ''): string {
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rest = `${where} ${order}`;
  const tables: string[] = [];
  // By itself SQLite would go through the whole rows for the windows, which this index has as well.
  const goesThroughAll = rest.includes(published) && !rest.includes('@ids');
  const models = goesThroughAll ? 'models INDEXED BY ix_models_list' : 'models';
  if (id === 'models.id') {
    tables.push(models);
    if (rest.includes('deployments.'))
      tables.push('LEFT JOIN deployments ON deployments.model_id = models.id');
  } else {
    tables.push('deployments');
    if (rest.includes('models.')) tables.push('JOIN models ON models.id = deployments.model_id');
  }
  // Each has one; LEFT, because SQLite would begin with the providers otherwise.
  if (rest.includes('providers.')) tables.push('LEFT JOIN providers ON providers.id = models.provider_id');
  return `SELECT ${columns} FROM ${tables.join(' ')} ${rest}`;
}

/** SQLite's own knows only ASCII, which is enough for what has nothing else; ours costs a call into JavaScript for each row. */
function lowerFor(search: string): string {
  return /^[\x20-\x7e]*$/.test(search) ? 'lower' : lowerCaseFunction;
}

/**
 * The plus keeps SQLite from going through the rows by id until it has a page full: where few models match that is the
 * whole table, and the index of the list is a tenth of it.
 */
export function orderModels(order: ModelOrder = 'id', { id, conditions }: MatchingModels): string {
  const key = keys[order.replace('-', '')];
  const direction = order.startsWith('-') ? 'DESC' : 'ASC';
  const plus = id === 'models.id' && conditions.length > 0 ? '+' : '';
  return `ORDER BY ${key === undefined ? '' : `${key} ${direction} NULLS LAST, `}${plus}${id}`;
}

const keys: Record<string, string> = {
  name: `${displayName} COLLATE NOCASE`,
  context: published,
  last_seen: 'models.last_seen',
};
