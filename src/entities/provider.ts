import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { OllamaMode, ProviderKind } from '../domain/kinds.js';
import type { PricingOverride, PricingProfile } from '../domain/pricing.js';

/** A model server that we read from. Times are ISO 8601 in UTC. */
@Entity('providers')
export class Provider {
  @PrimaryGeneratedColumn() id!: number;
  /** Part of every deployment id: a rename, a new URL or a new key keeps it. */
  @Column({ type: 'text' }) uuid!: string;
  @Column({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) baseUrl!: string;
  @Column({ type: 'text' }) type!: ProviderKind;
  /** Ciphertext; never selected with the rest, see `ProvidersStore.apiKeyOf`. */
  @Column({ type: 'text', nullable: true, select: false }) apiKey?: string | null;
  /** The last four characters of a key of at least twelve. */
  @Column({ type: 'text', nullable: true }) apiKeyHint!: string | null;
  @Column({ type: 'boolean' }) hasApiKey!: boolean;
  @Column({ type: 'text', nullable: true }) prefix!: string | null;
  @Column({ type: 'text', nullable: true }) defaultOllamaMode!: OllamaMode | null;
  @Column({ type: 'simple-json', nullable: true }) tags!: string[] | null;
  @Column({ type: 'simple-json', nullable: true }) accessGroups!: string[] | null;
  @Column({ type: 'text', nullable: true }) pricingProfile!: PricingProfile | null;
  @Column({ type: 'simple-json', nullable: true }) pricingOverride!: PricingOverride | null;
  @Column({ type: 'boolean' }) syncEnabled!: boolean;
  /** Null or 0: the global interval. */
  @Column({ type: 'integer', nullable: true }) syncIntervalSeconds!: number | null;
  /** Kept for the predecessor's data; no way in yet. */
  @Column({ type: 'integer', nullable: true }) maxRequestsPerHour!: number | null;
  @Column({ type: 'boolean' }) autoDetectFim!: boolean;
  @Column({ type: 'text', nullable: true }) modelFilter!: string | null;
  @Column({ type: 'text', nullable: true }) modelFilterExclude!: string | null;
  @Column({ type: 'text', nullable: true }) litellmBaseUrl!: string | null;
  @Column({ type: 'integer', nullable: true }) defaultNumCtx!: number | null;
  /** Overrides what the host name says about "local, therefore free". */
  @Column({ type: 'boolean', nullable: true }) isLocal!: boolean | null;
  @Column({ type: 'text' }) orphanPolicy!: 'remove' | 'keep';
  @Column({ type: 'integer' }) graceMisses!: number;
  @Column({ type: 'integer' }) graceSeconds!: number;
  /** Where `/chat/completions` answers, learned from the list call; `openai` and `litellm` only. */
  @Column({ type: 'text', nullable: true }) apiRoot!: string | null;
  @Column({ type: 'text', nullable: true }) lastOkAt!: string | null;
  @Column({ type: 'text', nullable: true }) lastError!: string | null;
  @Column({ type: 'text', nullable: true }) lastErrorAt!: string | null;
  @Column({ type: 'text', nullable: true }) deletingAt!: string | null;
  /** How often a person edited it; `If-Match` compares it. */
  @Column({ type: 'integer', default: 0 }) editVersion!: number;
  @Column({ type: 'text' }) createdAt!: string;
  @Column({ type: 'text' }) updatedAt!: string;
}
