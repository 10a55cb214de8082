import { randomUUID } from 'node:crypto';
import { In } from 'typeorm';
import type { SkippedEntry } from '../domain/found-model.js';
import type { Database } from './database.js';
import {
  pushColumns,
  SyncRun,
  type PushOutcome,
  type RunKind,
  type RunState,
  type RunTrigger,
} from './sync-run.js';

const openStates: RunState[] = ['waiting', 'running'];

export interface NewRun {
  kind: RunKind;
  trigger: RunTrigger;
  providerId: number | null;
  providerName: string | null;
  batch?: string | null;
  /** The job that opens the run for itself; else the run names the job that is to be queued for it. */
  jobId?: string;
}

export interface RunsQuery {
  providerId?: number;
  state?: RunState;
  kind?: RunKind;
  limit: number;
  offset: number;
}

export class RunsStore {
  constructor(private readonly database: Database) {}

  async byId(id: number): Promise<SyncRun | null> {
    return this.database.one(SyncRun, { id });
  }

  async byUuid(uuid: string): Promise<SyncRun | null> {
    return this.#repository.findOneBy({ uuid });
  }

  async page(query: RunsQuery): Promise<{ items: SyncRun[]; total: number }> {
    const { limit, offset, ...where } = query;
    return this.database.newest(SyncRun, where, { limit, offset });
  }

  /** Design 3a: whoever starts a sync inserts the run; who finds one open joins it. The UNIQUE index decides between two. */
  async openOrJoin(run: NewRun, now: string): Promise<{ run: SyncRun; joined: boolean }> {
    const id = await this.database.write((sqlite) => {
      const open = sqlite
        .prepare<[string, number], { id: number }>(
          `SELECT id FROM sync_runs WHERE kind = ? AND COALESCE(provider_id, 0) = ? AND state IN ('waiting', 'running')`,
        )
        .get(run.kind, run.providerId ?? 0);
      if (open !== undefined) {
        if (run.batch) sqlite.prepare('UPDATE sync_runs SET batch = ? WHERE id = ?').run(run.batch, open.id);
        if (run.trigger !== 'fetch') {
          // Who wants a sync and finds only a fetch makes a sync of it.
          sqlite
            .prepare(`UPDATE sync_runs SET trigger = ? WHERE id = ? AND trigger = 'fetch'`)
            .run(run.trigger, open.id);
        }
        return { id: open.id, joined: true };
      }
      const uuid = randomUUID();
      const inserted = sqlite
        .prepare(
          `INSERT INTO sync_runs (uuid, kind, state, trigger, provider_id, provider_name, batch, job_id, created_at)
           VALUES (?, ?, 'waiting', ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          uuid,
          run.kind,
          run.trigger,
          run.providerId,
          run.providerName,
          run.batch ?? null,
          run.jobId ?? `${run.kind}-${uuid}`,
          now,
        );
      return { id: Number(inserted.lastInsertRowid), joined: false };
    });
    return { run: await this.#repository.findOneByOrFail({ id: id.id }), joined: id.joined };
  }

  async setJob(id: number, jobId: string): Promise<void> {
    await this.#set(id, { jobId });
  }

  /** False when the run is no longer open. */
  async start(id: number, now: string): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare(
          `UPDATE sync_runs SET state = 'running', started_at = COALESCE(started_at, ?)
            WHERE id = ? AND state IN ('waiting', 'running')`,
        )
        .run(now, id);
      return result.changes === 1;
    });
  }

  /** While the run goes on: why it is being tried again. */
  async note(id: number, reason: string | null): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite
        .prepare(`UPDATE sync_runs SET reason = ? WHERE id = ? AND state IN ('waiting', 'running')`)
        .run(reason, id),
    );
  }

  /** False when the run was closed meanwhile, by a person who cancelled it. */
  async noteFetched(
    id: number,
    fetched: { listCalls: number; detailCalls: number; fetched: number; skipped: SkippedEntry[] },
    now: string,
  ): Promise<boolean> {
    const values = { ...fetched, reason: null, fetchedAt: now };
    return (await this.database.update(SyncRun, { id, state: 'running' }, values)) === 1;
  }

  async noteReconcile(
    id: number,
    found: Partial<Pick<SyncRun, 'missing' | 'drifted' | 'warnings'>>,
  ): Promise<void> {
    await this.#set(id, found);
  }

  /** False when somebody else closed it before. */
  async close(
    id: number,
    state: Exclude<RunState, 'waiting' | 'running'>,
    reason: string | null,
    now: string,
  ): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare(
          `UPDATE sync_runs SET state = ?, reason = ?, finished_at = ? WHERE id = ? AND state IN ('waiting', 'running')`,
        )
        .run(state, reason, now, id);
      return result.changes === 1;
    });
  }

  /** Of a sync that has not marked its orphans. False otherwise. */
  async cancel(id: number, reason: string, now: string): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare(
          `UPDATE sync_runs SET state = 'cancelled', reason = ?, finished_at = ?
            WHERE id = ? AND kind = 'sync' AND state IN ('waiting', 'running') AND conclusion IS NULL`,
        )
        .run(reason, now, id);
      return result.changes === 1;
    });
  }

  async countPush(id: number, outcome: PushOutcome): Promise<void> {
    const column = pushColumns[outcome];
    await this.database.write((sqlite) =>
      sqlite.prepare(`UPDATE sync_runs SET ${column} = ${column} + 1 WHERE id = ?`).run(id),
    );
  }

  async countListing(id: number): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite.prepare('UPDATE sync_runs SET list_calls = list_calls + 1 WHERE id = ?').run(id),
    );
  }

  /** One call that wrote, or may have written, to LiteLLM. */
  async countWrite(id: number): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite.prepare('UPDATE sync_runs SET writes = writes + 1 WHERE id = ?').run(id),
    );
  }

  /** When the newest push was made that this run asked for; later runs take their pushes over. */
  async lastPushOf(id: number): Promise<string | null> {
    const row = await this.database.row<{ at: string | null }>(
      'SELECT MAX(pushed_at) AS at FROM deployments WHERE requested_run_id = ?',
      id,
    );
    return row?.at ?? null;
  }

  async open(): Promise<SyncRun[]> {
    return this.#repository.find({ where: { state: In(openStates) }, order: { id: 'ASC' } });
  }

  async openInBatch(batch: string): Promise<number> {
    return this.#repository.countBy({ batch, state: In(openStates) });
  }

  /** False when it is not held, or was decided before. */
  async decide(id: number, decision: 'accepted' | 'rejected', now: string): Promise<boolean> {
    return this.database.write((sqlite) => {
      const result = sqlite
        .prepare(
          `UPDATE sync_runs SET decision = @decision, decided_at = @now,
             state = CASE WHEN @decision = 'rejected' THEN 'done' ELSE state END
            WHERE id = @id AND state = 'held' AND decision IS NULL`,
        )
        .run({ decision, now, id });
      return result.changes === 1;
    });
  }

  /** Closed runs and job runs that ended before that time. Held runs wait for their decision; the audit trail stays. */
  async prune(before: string): Promise<void> {
    await this.database.write((sqlite) => {
      sqlite
        .prepare(
          `DELETE FROM sync_runs WHERE finished_at < ? AND state NOT IN ('waiting', 'running', 'held')`,
        )
        .run(before);
      sqlite.prepare('DELETE FROM job_runs WHERE started_at < ?').run(before);
    });
  }

  get #repository() {
    return this.database.repository(SyncRun);
  }

  async #set(id: number, values: Partial<SyncRun>): Promise<void> {
    await this.database.update(SyncRun, { id }, values);
  }
}
