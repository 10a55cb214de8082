import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** One execution of one job, with its outcome. */
@Entity('job_runs')
export class JobRun {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'text' }) queue!: string;
  @Column({ type: 'text' }) jobId!: string;
  @Column({ type: 'integer', nullable: true }) runId!: number | null;
  @Column({ type: 'integer' }) attempt!: number;
  /** `postponed` used up no attempt: the job waits for the destination, for a rate limit or for a poll. */
  @Column({ type: 'text' }) outcome!: 'completed' | 'retried' | 'failed' | 'postponed';
  @Column({ type: 'text', nullable: true }) error!: string | null;
  @Column({ type: 'text' }) startedAt!: string;
  @Column({ type: 'integer' }) durationMs!: number;
}
