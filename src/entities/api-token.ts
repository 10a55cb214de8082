import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { Scope } from '../domain/scope.js';

/** A way in for one script or person. The token itself is shown once and not kept. */
@Entity('api_tokens')
export class ApiToken {
  @PrimaryGeneratedColumn() id!: number;
  /** Unique among those that are not revoked. */
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) scope!: Scope;
  /** SHA-256 in hexadecimal: a token has 256 random bits, so that a slow hash would add nothing. */
  @Column({ type: 'text', select: false }) tokenHash?: string;
  /** Its last four characters. */
  @Column({ type: 'text' }) hint!: string;
  @Column({ type: 'text' }) createdAt!: string;
  @Column({ type: 'text' }) createdBy!: string;
  @Column({ type: 'text', nullable: true }) expiresAt!: string | null;
  /** To the minute. */
  @Column({ type: 'text', nullable: true }) lastUsedAt!: string | null;
  @Column({ type: 'text', nullable: true }) revokedAt!: string | null;
}
