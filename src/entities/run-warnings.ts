import type { Sqlite } from './database.js';

const mostWarnings = 100;

/** What a person should know about a provider's models, though nothing failed. */
export function runWarnings(sqlite: Sqlite, providerId: number): string[] {
  return [...nameClashes(sqlite, providerId), ...unusableModels(sqlite, providerId)].slice(0, mostWarnings);
}

/** Two active models under one public name: LiteLLM would balance between them (scenario C21). */
function nameClashes(sqlite: Sqlite, providerId: number): string[] {
  return sqlite
    .prepare<[number], { name: string; other: string }>(
      `WITH names AS MATERIALIZED (
         SELECT p.id AS provider_id, p.name AS provider,
                CASE WHEN COALESCE(p.prefix, '') = '' THEN m.model_id ELSE p.prefix || '/' || m.model_id END AS name
           FROM models m JOIN providers p ON p.id = m.provider_id
          WHERE m.is_orphaned = 0 AND m.sync_enabled = 1)
       SELECT ours.name, theirs.provider AS other
         FROM names ours JOIN names theirs ON theirs.name = ours.name AND theirs.provider_id <> ours.provider_id
        WHERE ours.provider_id = ? ORDER BY 1, 2 LIMIT ${mostWarnings}`,
    )
    .all(providerId)
    .map(
      ({ name, other }) =>
        `"${name}" is also served by provider "${other}": LiteLLM balances between the two. ` +
        'Give one of the providers a prefix to keep them apart.',
    );
}

/** Listed, stored, and never pushed: said, so that nobody waits for them. */
function unusableModels(sqlite: Sqlite, providerId: number): string[] {
  return sqlite
    .prepare<[number], { model_id: string; unusable: string }>(
      `SELECT model_id, unusable FROM models
        WHERE provider_id = ? AND is_orphaned = 0 AND sync_enabled = 1 AND unusable IS NOT NULL
          AND json_extract(user_params, '$.mode') IS NULL
        ORDER BY model_id LIMIT ${mostWarnings}`,
    )
    .all(providerId)
    .map(
      ({ model_id: model, unusable }) =>
        `"${model}" is not pushed: ${unusable}. Set its mode to push it all the same.`,
    );
}
