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

const foundColumns = [...derivedColumns, 'raw_metadata', 'fingerprint', 'details_error'] as const;

// Whole texts, and values by position: building and binding names for each row took longer than the writing.
const find = `SELECT id, raw_metadata = ? AND normaliser_version = ? AS unchanged, is_orphaned, last_seen_run_id FROM models
  WHERE provider_id = ? AND model_id = ?`;
const insert = `INSERT INTO models (${foundColumns.join(', ')}, provider_id, model_id, sync_enabled, user_modified,
    first_seen, last_seen, is_orphaned, missed_count, last_seen_run_id, created_run_id, created_at, updated_at)
  VALUES (${foundColumns.map(() => '?').join(', ')}, ?, ?, 1, 0, ?, ?, 0, 0, ?, ?, ?, ?)`;
// Apart, because the index of lists holds `is_orphaned`: who is seen again as always must not pay for it.
const seen = 'last_seen = ?, last_seen_run_id = ?';
const seenAgain = `${seen}, restored_run_id = ?, is_orphaned = 0, orphaned_at = NULL, missed_count = 0`;
const changed = `${foundColumns.map((name) => `${name} = ?`).join(', ')}, changed_run_id = ?, updated_at = ?`;
const update = {
  stamp: `UPDATE models SET ${seen} WHERE id = ?`,
  restore: `UPDATE models SET ${seenAgain} WHERE id = ?`,
  change: `UPDATE models SET ${changed}, ${seen} WHERE id = ?`,
  changeAndRestore: `UPDATE models SET ${changed}, ${seenAgain} WHERE id = ?`,
};

interface StoredRow {
  id: number;
  unchanged: number;
  is_orphaned: number;
  last_seen_run_id: number | null;
}

/** One row of a chunk, inside its transaction: made, changed or only stamped as seen by this run. */
export function storeModel(
  sqlite: Sqlite,
  { runId, providerId }: { runId: number; providerId: number },
  row: NormalisedRow,
  normaliserVersion: number,
  now: string,
): void {
  const values = foundValues(row, normaliserVersion);
  const stored = sqlite
    .prepare<unknown[], StoredRow>(find)
    .get(values.raw_metadata, normaliserVersion, providerId, row.found.modelId);
  if (stored?.last_seen_run_id === runId) return;

  const found = foundColumns.map((name) => values[name]);
  const seenNow = stored?.is_orphaned === 1 ? [now, runId, runId] : [now, runId];
  if (stored === undefined) {
    sqlite.prepare(insert).run(...found, providerId, row.found.modelId, now, now, runId, runId, now, now);
  } else if (stored.unchanged === 1) {
    sqlite.prepare(stored.is_orphaned === 1 ? update.restore : update.stamp).run(...seenNow, stored.id);
  } else {
    sqlite
      .prepare(stored.is_orphaned === 1 ? update.changeAndRestore : update.change)
      .run(...found, runId, now, ...seenNow, stored.id);
  }
}
