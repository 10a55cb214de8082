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
  @Column({ type: 'simple-json', nullable: true }) details!: Record<string, unknown> | null;
}
