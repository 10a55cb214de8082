import { Column, Entity, PrimaryGeneratedColumn, VirtualColumn } from 'typeorm';
import type { SkippedEntry } from '../domain/found-model.js';

export type RunKind = 'sync' | 'reconcile' | 'delete';
export type RunState =
  'waiting' | 'running' | 'done' | 'held' | 'failed' | 'lost' | 'superseded' | 'cancelled';
/** `fetch` reads and stores without pushing; a sync that joins it makes a sync of it. */
export type RunTrigger = 'schedule' | 'manual' | 'sync-all' | 'retry' | 'fetch';

/** Where a run counts each outcome of its pushes. */
export const pushColumns = {
  created: 'created',
  patched: 'patched',
  replaced: 'replaced',
  removed: 'removed',
  unchanged: 'unchanged_pushes',
  failed: 'failed_pushes',
} as const;
export type PushOutcome = keyof typeof pushColumns;

/** One pass: of one provider (`sync`, `delete`) or of the whole destination (`reconcile`). */
@Entity('sync_runs')
export class SyncRun {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'text' }) uuid!: string;
  @Column({ type: 'text' }) kind!: RunKind;
  @Column({ type: 'text' }) state!: RunState;
  @Column({ type: 'text' }) trigger!: RunTrigger;
  @Column({ type: 'integer', nullable: true }) providerId!: number | null;
  /** Stays when the provider goes. */
  @Column({ type: 'text', nullable: true }) providerName!: string | null;
  /** Runs of one "sync all" share it. */
  @Column({ type: 'text', nullable: true }) batch!: string | null;
  /** The job that moves this run; named with the run itself, so that a crash around its queueing leaves no riddle. */
  @Column({ type: 'text', nullable: true }) jobId!: string | null;
  /** In words: why it failed, is held, waits or was superseded. */
  @Column({ type: 'text', nullable: true }) reason!: string | null;
  @Column({ type: 'integer' }) listCalls!: number;
  @Column({ type: 'integer' }) detailCalls!: number;
  /** Writes to LiteLLM that this run's pushes made. */
  @Column({ type: 'integer' }) writes!: number;
  @Column({ type: 'integer', nullable: true }) fetched!: number | null;
  @Column({ type: 'simple-json' }) skipped!: SkippedEntry[];
  /** Model ids: of a held run what would be orphaned, of a reconcile what was missing at LiteLLM. */
  @Column({ type: 'simple-json' }) missing!: string[];
  @Column({ type: 'simple-json' }) drifted!: { model: string; keys: string[] }[];
  @Column({ type: 'simple-json' }) warnings!: string[];
  @Column({ type: 'integer', nullable: true }) added!: number | null;
  @Column({ type: 'integer', nullable: true }) updated!: number | null;
  @Column({ type: 'integer', nullable: true }) unchanged!: number | null;
  @Column({ type: 'integer', nullable: true }) orphaned!: number | null;
  @Column({ type: 'integer', nullable: true }) restored!: number | null;
  @Column({ type: 'integer' }) created!: number;
  @Column({ type: 'integer' }) patched!: number;
  @Column({ type: 'integer' }) replaced!: number;
  @Column({ type: 'integer' }) removed!: number;
  @Column({ type: 'integer' }) unchangedPushes!: number;
  @Column({ type: 'integer' }) failedPushes!: number;
  /**
   * Pushes that this run asked for and that are not finished. Read in the statement that reads the counts above: between
   * two statements a push can end, and would be in neither.
   */
  @VirtualColumn({
    type: 'integer',
    query: (run) => `SELECT COUNT(*) FROM deployments WHERE pending AND requested_run_id = ${run}.id`,
  })
  readonly pendingPushes!: number;
  /** How it will close, once what it changed is planned; stored first, so that a crash in between is finished. */
  @Column({ type: 'text', nullable: true }) conclusion!: 'done' | 'held' | 'superseded' | null;
  /** A person's word on a held run. */
  @Column({ type: 'text', nullable: true }) decision!: 'accepted' | 'rejected' | null;
  @Column({ type: 'text', nullable: true }) decidedAt!: string | null;
  /** How often a held run was renewed by a sync that missed the same models. */
  @Column({ type: 'integer' }) renewals!: number;
  @Column({ type: 'text' }) createdAt!: string;
  @Column({ type: 'text', nullable: true }) startedAt!: string | null;
  @Column({ type: 'text', nullable: true }) fetchedAt!: string | null;
  @Column({ type: 'text', nullable: true }) finishedAt!: string | null;
}
