import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ModelCategory } from '../domain/kinds.js';
import { Deployment } from './deployment.js';
import type { Model } from './model.js';
import { Provider } from './provider.js';

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

const displayName = `COALESCE(provider.prefix || '/', '') || model.model_id`;

/** `publishedContext` of the domain, in SQL, so that lists filter and sort by what they show. */
const published = `CASE WHEN model.remote THEN model.max_context_window ELSE MIN(
  CASE WHEN model.configured_context IS NOT NULL THEN model.configured_context
    WHEN provider.type = 'ollama' AND provider.default_num_ctx IS NOT NULL THEN provider.default_num_ctx
    ELSE COALESCE(model.observed_context, model.max_context_window) END,
  COALESCE(model.max_context_window, 1e9)) END`;

/** `whatIsWanted` of the domain, in SQL. */
const wanted = `CASE WHEN provider.deleting_at IS NOT NULL OR model.deleting_at IS NOT NULL OR NOT model.sync_enabled THEN 'absent'
  WHEN model.is_orphaned THEN CASE WHEN provider.orphan_policy <> 'keep' AND model.missed_count >= provider.grace_misses
    AND julianday(:now) - julianday(model.orphaned_at) >= provider.grace_seconds / 86400.0 THEN 'absent' ELSE 'leave' END
  WHEN model.unusable IS NOT NULL AND json_extract(model.user_params, '$.mode') IS NULL THEN 'absent'
  ELSE 'present' END`;

const standing = `CASE WHEN deployment.pending THEN 'pending' WHEN deployment.last_error IS NOT NULL THEN 'failed'
  WHEN (${wanted}) = 'absent' THEN CASE WHEN deployment.applied_hash IS NULL THEN 'absent' ELSE 'out-of-step' END
  WHEN (${wanted}) = 'leave' THEN CASE WHEN deployment.applied_hash IS NULL THEN 'absent' ELSE 'in-step' END
  WHEN deployment.applied_hash = deployment.wanted_hash THEN 'in-step' ELSE 'out-of-step' END`;

/** Adds the conditions of a filter to a query of `model`, and the tables that it or the order asks for. */
export function matchModels(
  builder: SelectQueryBuilder<Model>,
  filter: ModelsFilter,
): SelectQueryBuilder<Model> {
  const add = (condition: string, values: ObjectLiteral) => void builder.andWhere(condition, values);
  const { ids, providerId, search, orphaned, modified, syncEnabled, category } = filter;
  builder.innerJoin(Provider, 'provider', 'provider.id = model.providerId');
  if (ids) add('model.id IN (SELECT value FROM json_each(:ids))', { ids: JSON.stringify(ids) });
  if (providerId !== undefined) add('model.providerId = :providerId', { providerId });
  // Not LIKE: `_` and `%` are ordinary characters of model ids.
  if (search) add(`instr(lower(${displayName}), lower(:search)) > 0`, { search });
  if (orphaned !== undefined) add('model.isOrphaned = :orphaned', { orphaned: Number(orphaned) });
  if (modified !== undefined) add('model.userModified = :modified', { modified: Number(modified) });
  if (syncEnabled !== undefined) add('model.syncEnabled = :enabled', { enabled: Number(syncEnabled) });
  if (category !== undefined) add('model.category = :category', { category });
  for (const [index, word] of (filter.capabilities ?? []).entries()) {
    const name = `capability${index}`;
    add(`EXISTS (SELECT 1 FROM json_each(model.capabilities) WHERE value = :${name})`, { [name]: word });
  }
  if (filter.contextAtLeast !== undefined) add(`${published} >= :least`, { least: filter.contextAtLeast });
  if (filter.contextAtMost !== undefined) add(`${published} <= :most`, { most: filter.contextAtMost });
  if (filter.deployment !== undefined) {
    builder.leftJoin(Deployment, 'deployment', 'deployment.modelId = model.id');
    const now = new Date(filter.nowMs ?? Date.now()).toISOString();
    add(`${standing} = :standing`, { standing: filter.deployment, now });
  }
  return builder;
}

export function orderModels(
  builder: SelectQueryBuilder<Model>,
  order: ModelOrder = 'id',
): SelectQueryBuilder<Model> {
  const descending = order.startsWith('-');
  const key = keys[order.replace('-', '')];
  if (key !== undefined) builder.orderBy(key, descending ? 'DESC' : 'ASC', 'NULLS LAST');
  return builder.addOrderBy('model.id');
}

const keys: Record<string, string> = {
  name: `${displayName} COLLATE NOCASE`,
  context: published,
  last_seen: 'model.last_seen',
};
