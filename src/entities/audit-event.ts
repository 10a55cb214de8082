import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A change that a person or a script made through the API. Never holds a secret. */
@Entity('audit_events')
export class AuditEvent {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'text' }) at!: string;
  @Column({ type: 'text' }) actor!: string;
  /** `provider.update`, `model.reset`, `run.accept`, … */
  @Column({ type: 'text' }) action!: string;
  @Column({ type: 'text', nullable: true }) subject!: string | null;
  /** `model:12`, `provider:3`, `token:1`, `run:7`: what it was done to, by id. */
  @Column({ type: 'text', nullable: true }) target!: string | null;
  @Column({ type: 'simple-json', nullable: true }) details!: Record<string, unknown> | null;
  /** The fields that changed, as they were and as they are; secrets as `set` or `removed`. */
  @Column({ type: 'simple-json', nullable: true }) before!: Record<string, unknown> | null;
  @Column({ type: 'simple-json', nullable: true }) after!: Record<string, unknown> | null;
}
