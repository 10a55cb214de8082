import { filterReason } from '../domain/model-filter.js';
import { isSuspicious } from '../domain/orphan-rules.js';
import type { Database, Sqlite } from './database.js';
import { runWarnings } from './run-warnings.js';

interface OpenRun {
  id: number;
  provider_id: number;
  conclusion: string | null;
}

/**
 * The end of a sync run: who was not seen, and whether that is believed. In two transactions around the planning of pushes,
 * so that a run that is closed has told all that it waits for; a crash in between is finished by the job's next attempt.
 */
export class ConclusionsStore {
  constructor(private readonly database: Database) {}

  /**
   * Rules 4.2 and 4.3. What does not bear the run's stamp was not seen: it becomes an orphan, or, when that looks like the
   * server's fault, the run will be held and nothing is marked. Happens once, to an open run.
   */
  async concludeSync(runId: number, now: string): Promise<void> {
    await this.database.write((sqlite) => {
      const run = sqlite
        .prepare<[number], OpenRun>(
          `SELECT id, provider_id, conclusion FROM sync_runs WHERE id = ? AND state = 'running'`,
        )
        .get(runId);
      if (run?.provider_id == null || run.conclusion !== null) return;
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
        .run(JSON.stringify(runWarnings(sqlite, run.provider_id)), runId);
      if (suspicious) hold(sqlite, run, missing, { seen, wereActive }, now);
      else markOrphans(sqlite, run, now);
    });
  }

  /** A person said that what a held run missed is really gone. What a later fetch saw again stays. */
  async applyAccepted(runId: number, now: string): Promise<void> {
    await this.database.write((sqlite) => {
      const run = sqlite
        .prepare<[number], OpenRun & { missing: string; fetched_at: string | null }>(
          `SELECT id, provider_id, conclusion, missing, fetched_at FROM sync_runs
            WHERE id = ? AND state = 'held' AND decision = 'accepted'`,
        )
        .get(runId);
      if (run?.provider_id == null) return;
      const orphan = sqlite.prepare(
        `UPDATE models SET is_orphaned = 1, orphaned_at = @now, orphaned_run_id = @run, missed_count = 1, updated_at = @now
          WHERE provider_id = @provider AND model_id = @model AND is_orphaned = 0 AND last_seen <= @since`,
      );
      const since = run.fetched_at ?? now;
      for (const model of JSON.parse(run.missing) as string[]) {
        orphan.run({ now, run: runId, provider: run.provider_id, model, since });
      }
      const orphaned = countModels(sqlite, run, 'orphaned_run_id = @run');
      sqlite
        .prepare(`UPDATE sync_runs SET orphaned = ?, conclusion = 'done', reason = NULL WHERE id = ?`)
        .run(orphaned, runId);
    });
  }

  /** After the pushes are planned. */
  async close(runId: number, now: string): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite
        .prepare(
          `UPDATE sync_runs SET state = conclusion, finished_at = ?
            WHERE id = ? AND conclusion IS NOT NULL AND (state = 'running' OR (state = 'held' AND decision = 'accepted'))`,
        )
        .run(now, runId),
    );
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

function markOrphans(sqlite: Sqlite, run: OpenRun, now: string): void {
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
  conclude(sqlite, run, 'done', null, []);
}

function hold(
  sqlite: Sqlite,
  run: OpenRun,
  missing: string[],
  { seen, wereActive }: { seen: number; wereActive: number },
  now: string,
): void {
  const earlier = sqlite
    .prepare<[number], { id: number; missing: string }>(
      `SELECT id, missing FROM sync_runs WHERE provider_id = ? AND state = 'held'`,
    )
    .get(run.provider_id);
  if (earlier !== undefined && earlier.missing === JSON.stringify(missing)) {
    sqlite
      .prepare(`UPDATE sync_runs SET renewals = renewals + 1, finished_at = ? WHERE id = ?`)
      .run(now, earlier.id);
    const reason = `the same models are missing as in run ${earlier.id}; decide there`;
    conclude(sqlite, run, 'superseded', reason, missing);
    return;
  }
  if (earlier !== undefined) {
    sqlite
      .prepare(`UPDATE sync_runs SET state = 'superseded', reason = ?, finished_at = ? WHERE id = ?`)
      .run(`run ${run.id} misses other models`, now, earlier.id);
  }
  const filtered = leftOutByFilter(sqlite, run, missing);
  const byFilter = filtered === 0 ? '' : ` (${filtered} of them are left out by the filter)`;
  const what =
    seen === 0
      ? `the provider lists no models (or the filter lets none through), ${wereActive} were active before`
      : `${missing.length} of ${wereActive} active models are gone at once${byFilter}`;
  const advice = 'Nothing was orphaned. Accept the run if they are really gone, reject it if not.';
  conclude(sqlite, run, 'held', `needs review: ${what}. ${advice}`, missing);
}

function conclude(
  sqlite: Sqlite,
  run: OpenRun,
  conclusion: 'done' | 'held' | 'superseded',
  reason: string | null,
  missing: string[],
): void {
  sqlite
    .prepare('UPDATE sync_runs SET conclusion = ?, reason = ?, missing = ? WHERE id = ?')
    .run(conclusion, reason, JSON.stringify(missing), run.id);
}

/** A filter that somebody narrowed on purpose looks like a loss; the run says so. */
function leftOutByFilter(sqlite: Sqlite, run: OpenRun, missing: string[]): number {
  const row = sqlite
    .prepare<[number], { skipped: string }>('SELECT skipped FROM sync_runs WHERE id = ?')
    .get(run.id);
  const skipped = JSON.parse(row?.skipped ?? '[]') as { modelId: string; reason: string }[];
  const filtered = new Set(
    skipped.filter(({ reason }) => reason === filterReason).map(({ modelId }) => modelId),
  );
  return missing.filter((model) => filtered.has(model)).length;
}
