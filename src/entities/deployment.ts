import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export type Intent = 'create' | 'patch' | 'replace' | 'remove';
/** `write`: the call may or may not have happened. `verify`: written, not yet seen served. `delete-old`: served, old row left. */
export type Step = 'write' | 'verify' | 'delete-old';

/** What we know and intend about one model's row at LiteLLM. Written before each first call, so that a crash is finished. */
@Entity('deployments')
export class Deployment {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'integer' }) modelId!: number;
  /** LiteLLM's `model_info.id` of the row that serves (or last served) the model; an adopted row keeps its own. */
  @Column({ type: 'text', nullable: true }) deploymentId!: string | null;
  @Column({ type: 'integer' }) generation!: number;
  /** Null: not at LiteLLM, or not known to be as wanted. */
  @Column({ type: 'text', nullable: true }) appliedHash!: string | null;
  @Column({ type: 'simple-json', nullable: true }) appliedKeys!: string[] | null;
  @Column({ type: 'text', nullable: true }) wantedHash!: string | null;
  @Column({ type: 'text', nullable: true }) intent!: Intent | null;
  @Column({ type: 'text', nullable: true }) step!: Step | null;
  /** The hash that the intent writes; a newer wish starts over. */
  @Column({ type: 'text', nullable: true }) intentHash!: string | null;
  /** When the row was written that we wait to see served. */
  @Column({ type: 'text', nullable: true }) writtenAt!: string | null;
  /** Rows of earlier generations, adopted ones and copies, to be deleted once the new one is served. */
  @Column({ type: 'simple-json' }) retiredIds!: string[];
  @Column({ type: 'text', nullable: true }) pushedAt!: string | null;
  @Column({ type: 'text', nullable: true }) lastError!: string | null;
  @Column({ type: 'text', nullable: true }) lastErrorAt!: string | null;
  /** A push is queued or under way for this row, asked by that run. */
  @Column({ type: 'boolean' }) pending!: boolean;
  @Column({ type: 'integer', nullable: true }) requestedRunId!: number | null;
}
