import type { FoundModel } from '../domain/found-model.js';
import { canonicalJson } from '../domain/json.js';
import type { NormalisedModel } from '../domain/normalised-model.js';
import type { Sqlite } from './database.js';

export interface NormalisedRow {
  found: FoundModel;
  normalised: NormalisedModel;
}

export const derivedColumns = [
  'mode',
  'model_type',
  'context_window',
  'max_context_window',
  'configured_context',
  'observed_context',
  'max_input_tokens',
  'max_output_tokens',
  'max_tokens',
  'capabilities',
  'category',
  'remote',
  'unusable',
  'litellm_params',
  'provenance',
  'normaliser_version',
] as const;

/** The columns that normalising fills, as SQLite takes them. */
export function derivedValues(model: NormalisedModel, normaliserVersion: number) {
  const context = model.configuredContext ?? model.observedContext ?? model.maxContextWindow ?? null;
  const reported = model.litellmParams['max_output_tokens'];
  const output = typeof reported === 'number' ? reported : null;
  return {
    mode: model.mode,
    model_type: model.mode,
    context_window: context,
    max_context_window: model.maxContextWindow ?? null,
    configured_context: model.configuredContext ?? null,
    observed_context: model.observedContext ?? null,
    max_input_tokens: context,
    max_output_tokens: output,
    max_tokens: output ?? context,
    capabilities: JSON.stringify(model.capabilities),
    category: model.category,
    remote: model.remote ? 1 : 0,
    unusable: model.unusable ?? null,
    litellm_params: canonicalJson(model.litellmParams),
    provenance: canonicalJson(model.provenance),
    normaliser_version: normaliserVersion,
  } satisfies Record<(typeof derivedColumns)[number], string | number | null>;
}

function foundValues({ found, normalised }: NormalisedRow, normaliserVersion: number) {
  return {
    ...derivedValues(normalised, normaliserVersion),
    raw_metadata: canonicalJson(found),
    fingerprint: found.fingerprint,
    details_error: found.detailsError ?? null,
  };
}

/** Of a model that was read by itself and is there. */
export function refreshedColumns(row: NormalisedRow, normaliserVersion: number, now: string) {
  return {
    ...foundValues(row, normaliserVersion),
    last_seen: now,
    is_orphaned: 0,
    orphaned_at: null,
    missed_count: 0,
    updated_at: now,
  };
}

interface StoredRow {
  id: number;
  raw_metadata: string;
  normaliser_version: number;
  is_orphaned: number;
  last_seen_run_id: number | null;
}

/** One row of a chunk, inside its transaction: made, changed or only stamped as seen by this run. */
export function storeModel(
  sqlite: Sqlite,
  run: { runId: number; providerId: number },
  { found, normalised }: NormalisedRow,
  normaliserVersion: number,
  now: string,
): void {
  const stored = sqlite
    .prepare<[number, string], StoredRow>(
      `SELECT id, raw_metadata, normaliser_version, is_orphaned, last_seen_run_id FROM models
        WHERE provider_id = ? AND model_id = ?`,
    )
    .get(run.providerId, found.modelId);
  if (stored?.last_seen_run_id === run.runId) return;

  const values = foundValues({ found, normalised }, normaliserVersion);
  if (stored === undefined) {
    const columns = {
      ...values,
      provider_id: run.providerId,
      model_id: found.modelId,
      sync_enabled: 1,
      user_modified: 0,
      first_seen: now,
      last_seen: now,
      is_orphaned: 0,
      missed_count: 0,
      last_seen_run_id: run.runId,
      created_run_id: run.runId,
      created_at: now,
      updated_at: now,
    };
    const names = Object.keys(columns);
    sqlite
      .prepare(
        `INSERT INTO models (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`,
      )
      .run(columns);
    return;
  }

  const changed =
    stored.raw_metadata !== values.raw_metadata || stored.normaliser_version !== normaliserVersion;
  const stamps = {
    last_seen: now,
    last_seen_run_id: run.runId,
    is_orphaned: 0,
    orphaned_at: null,
    missed_count: 0,
    ...(stored.is_orphaned === 1 && { restored_run_id: run.runId }),
    ...(changed && { ...values, changed_run_id: run.runId, updated_at: now }),
  };
  const names = Object.keys(stamps);
  sqlite
    .prepare(`UPDATE models SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`)
    .run({ ...stamps, id: stored.id });
}
