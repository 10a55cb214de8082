import { isSuspicious } from '../domain/orphan-rules.js';
import type { Database, Sqlite } from './database.js';
import type { RunState } from './sync-run.js';

export interface Conclusion {
  state: Extract<RunState, 'done' | 'held' | 'superseded'>;
  providerId: number;
}

interface OpenRun {
  id: number;
  provider_id: number;
  decision: string | null;
}

/** The end of a sync run: who was not seen, and whether that is believed. One transaction, so that it happens once. */
export class ConclusionsStore {
  constructor(private readonly database: Database) {}

  /**
   * Rules 4.2 and 4.3. What does not bear the run's stamp was not seen: it becomes an orphan, or, when that looks like the
   * server's fault, the run is held and nothing is marked. Undefined when the run is not open any more.
   */
  async concludeSync(runId: number, now: string): Promise<Conclusion | undefined> {
    return this.database.write((sqlite) => {
      const run = sqlite
        .prepare<[number], OpenRun>(
          `SELECT id, provider_id, decision FROM sync_runs WHERE id = ? AND state = 'running'`,
        )
        .get(runId);
      if (run?.provider_id == null) return undefined;
      const missing = missingIds(sqlite, run);
      const count = (condition: string) => countModels(sqlite, run, condition);
      const seen = count('last_seen_run_id = @run');
      const wereActive = count(
        'is_orphaned = 0 AND created_run_id IS NOT @run AND restored_run_id IS NOT @run',
      );
      const suspicious = isSuspicious({ active: wereActive, missing: missing.length, seen });

      noteCounts(sqlite, run, suspicious ? 0 : missing.length);
      sqlite
        .prepare('UPDATE sync_runs SET warnings = ? WHERE id = ?')
        .run(JSON.stringify(nameClashes(sqlite, run.provider_id)), runId);
      const state = suspicious
        ? hold(sqlite, run, missing, { seen, wereActive }, now)
        : markOrphans(sqlite, run, now);
      return { state, providerId: run.provider_id };
    });
  }

  /** A person said that what a held run missed is really gone. What a later fetch saw again stays. */
  async applyAccepted(runId: number, now: string): Promise<Conclusion | undefined> {
    return this.database.write((sqlite) => {
      const run = sqlite
        .prepare<
          [number],
          OpenRun & { missing: string; fetched_at: string | null; finished_at: string | null }
        >(
          `SELECT id, provider_id, decision, missing, fetched_at, finished_at FROM sync_runs
            WHERE id = ? AND state = 'held' AND decision = 'accepted'`,
        )
        .get(runId);
      if (run?.provider_id == null) return undefined;
      const orphan = sqlite.prepare(
        `UPDATE models SET is_orphaned = 1, orphaned_at = @now, orphaned_run_id = @run, missed_count = 1, updated_at = @now
          WHERE provider_id = @provider AND model_id = @model AND is_orphaned = 0 AND last_seen <= @since`,
      );
      const since = run.fetched_at ?? run.finished_at ?? now;
      let orphaned = 0;
      for (const model of JSON.parse(run.missing) as string[]) {
        orphaned += orphan.run({ now, run: runId, provider: run.provider_id, model, since }).changes;
      }
      sqlite
        .prepare(
          `UPDATE sync_runs SET state = 'done', orphaned = ?, reason = NULL, finished_at = ? WHERE id = ?`,
        )
        .run(orphaned, now, runId);
      return { state: 'done', providerId: run.provider_id };
    });
  }
}

function missingIds(sqlite: Sqlite, run: OpenRun): string[] {
  return sqlite
    .prepare<[number, number], { model_id: string }>(
      `SELECT model_id FROM models WHERE provider_id = ? AND is_orphaned = 0 AND last_seen_run_id IS NOT ? ORDER BY model_id`,
    )
    .all(run.provider_id, run.id)
    .map((row) => row.model_id);
}

function countModels(sqlite: Sqlite, run: OpenRun, condition: string): number {
  const row = sqlite
    .prepare<[object], { n: number }>(
      `SELECT COUNT(*) AS n FROM models WHERE provider_id = @provider AND ${condition}`,
    )
    .get({ provider: run.provider_id, run: run.id });
  return row?.n ?? 0;
}

/** From the stamps, so that a chunk that ran twice counts once. */
function noteCounts(sqlite: Sqlite, run: OpenRun, orphaned: number): void {
  const count = (condition: string) => countModels(sqlite, run, condition);
  const added = count('created_run_id = @run');
  const restored = count('restored_run_id = @run');
  const updated = count('changed_run_id = @run AND restored_run_id IS NOT @run');
  const seen = count('last_seen_run_id = @run');
  sqlite
    .prepare(
      'UPDATE sync_runs SET added = ?, updated = ?, restored = ?, unchanged = ?, orphaned = ? WHERE id = ?',
    )
    .run(added, updated, restored, seen - added - updated - restored, orphaned, run.id);
}

function markOrphans(sqlite: Sqlite, run: OpenRun, now: string): 'done' {
  const who = { provider: run.provider_id, run: run.id, now };
  sqlite
    .prepare(
      `UPDATE models SET missed_count = missed_count + 1 WHERE provider_id = @provider AND last_seen_run_id IS NOT @run`,
    )
    .run(who);
  sqlite
    .prepare(
      `UPDATE models SET is_orphaned = 1, orphaned_at = @now, orphaned_run_id = @run, updated_at = @now
        WHERE provider_id = @provider AND last_seen_run_id IS NOT @run AND is_orphaned = 0`,
    )
    .run(who);
  sqlite
    .prepare(
      `UPDATE sync_runs SET state = 'superseded', reason = 'a later sync found a plausible list', finished_at = ?
        WHERE provider_id = ? AND state = 'held'`,
    )
    .run(now, run.provider_id);
  sqlite
    .prepare(`UPDATE sync_runs SET state = 'done', reason = NULL, finished_at = ? WHERE id = ?`)
    .run(now, run.id);
  return 'done';
}

function hold(
  sqlite: Sqlite,
  run: OpenRun,
  missing: string[],
  { seen, wereActive }: { seen: number; wereActive: number },
  now: string,
): 'held' | 'superseded' {
  const text = JSON.stringify(missing);
  const earlier = sqlite
    .prepare<[number], { id: number; missing: string }>(
      `SELECT id, missing FROM sync_runs WHERE provider_id = ? AND state = 'held'`,
    )
    .get(run.provider_id);
  const close = sqlite.prepare(
    `UPDATE sync_runs SET state = ?, reason = ?, missing = ?, finished_at = ? WHERE id = ?`,
  );
  if (earlier !== undefined && earlier.missing === text) {
    sqlite
      .prepare(`UPDATE sync_runs SET renewals = renewals + 1, finished_at = ? WHERE id = ?`)
      .run(now, earlier.id);
    close.run(
      'superseded',
      `the same models are missing as in run ${earlier.id}, which waits for a decision`,
      text,
      now,
      run.id,
    );
    return 'superseded';
  }
  if (earlier !== undefined) {
    close.run('superseded', `run ${run.id} misses other models`, earlier.missing, now, earlier.id);
  }
  const reason =
    seen === 0
      ? `needs review: the provider lists no models (or the filter lets none through), ${wereActive} were active before`
      : `needs review: ${missing.length} of ${wereActive} active models are gone at once`;
  close.run(
    'held',
    `${reason}. Nothing was orphaned. Accept the run if they are really gone, reject it if not.`,
    text,
    now,
    run.id,
  );
  return 'held';
}

/** Two active models under one public name: LiteLLM would balance between them (scenario C21). */
function nameClashes(sqlite: Sqlite, providerId: number): string[] {
  const name = (models: string, providers: string) =>
    `CASE WHEN COALESCE(${providers}.prefix, '') = '' THEN ${models}.model_id ELSE ${providers}.prefix || '/' || ${models}.model_id END`;
  return sqlite
    .prepare<[number], { name: string; other: string }>(
      `SELECT ${name('m', 'p')} AS name, op.name AS other
         FROM models m JOIN providers p ON p.id = m.provider_id
         JOIN models om ON om.provider_id <> m.provider_id AND om.is_orphaned = 0 AND om.sync_enabled = 1
         JOIN providers op ON op.id = om.provider_id
        WHERE m.provider_id = ? AND m.is_orphaned = 0 AND m.sync_enabled = 1
          AND ${name('m', 'p')} = ${name('om', 'op')}
        ORDER BY 1, 2 LIMIT 100`,
    )
    .all(providerId)
    .map(
      (row) =>
        `"${row.name}" is also served by provider "${row.other}": LiteLLM balances between the two. ` +
        'Give one of the providers a prefix to keep them apart.',
    );
}
