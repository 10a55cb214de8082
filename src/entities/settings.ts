import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PricingOverride, PricingProfile } from '../domain/pricing.js';
import type { UpdateStrategy } from '../domain/update-strategy.js';

/** The one row of settings, and what we know of the destination. */
@Entity('settings')
export class Settings {
  @PrimaryColumn({ type: 'integer' }) id!: 1;
  /** Namespace of every deployment id and our name in every marker. */
  @Column({ type: 'text' }) instanceId!: string;
  /** Ciphertext of the random key of the HMAC in deployment hashes. */
  @Column({ type: 'text', select: false }) hashKey?: string;
  /** Null: nothing is pushed, everything else goes on. */
  @Column({ type: 'text', nullable: true }) litellmBaseUrl!: string | null;
  @Column({ type: 'text', nullable: true, select: false }) litellmApiKey?: string | null;
  @Column({ type: 'text', nullable: true }) litellmApiKeyHint!: string | null;
  @Column({ type: 'boolean' }) hasLitellmApiKey!: boolean;
  /** 0: no schedule. */
  @Column({ type: 'integer' }) syncIntervalSeconds!: number;
  @Column({ type: 'text', nullable: true }) defaultPricingProfile!: PricingProfile | null;
  @Column({ type: 'simple-json', nullable: true }) defaultPricingOverride!: PricingOverride | null;
  @Column({ type: 'text' }) updateStrategy!: UpdateStrategy;
  @Column({ type: 'text' }) tagsPlacement!: 'litellm_params' | 'model_info';
  /** How long a replica of this LiteLLM may take to learn of a change: its reload interval. */
  @Column({ type: 'integer' }) litellmPollSeconds!: number;
  @Column({ type: 'integer' }) runRetentionDays!: number;

  @Column({ type: 'text', nullable: true }) litellmVersion!: string | null;
  /** Last listing that worked. A model that no listing has seen yet is not created before one (adoption, name clashes). */
  @Column({ type: 'text', nullable: true }) surveyedAt!: string | null;
  @Column({ type: 'text', nullable: true }) destinationError!: string | null;
  @Column({ type: 'text', nullable: true }) destinationErrorAt!: string | null;
  /** Since when listings lack many of our rows at once; nothing is created or deleted until a later one agrees. */
  @Column({ type: 'text', nullable: true }) suspectSince!: string | null;
  /** How often a person edited it; `If-Match` compares it. */
  @Column({ type: 'integer', default: 0 }) editVersion!: number;
  @Column({ type: 'text' }) updatedAt!: string;
}
