import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { FoundModel } from '../domain/found-model.js';
import type { JsonObject } from '../domain/json.js';
import type { LitellmMode, ModelCategory, OllamaMode } from '../domain/kinds.js';
import type { Provenance } from '../domain/normalised-model.js';
import type { PricingOverride, PricingProfile } from '../domain/pricing.js';

/** A provider's model with its metadata and a person's edits. Token counts are tokens, times ISO 8601 in UTC. */
@Entity('models')
export class Model {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ type: 'integer' }) providerId!: number;
  /** The provider's own id, byte-exact, never prefixed. */
  @Column({ type: 'text' }) modelId!: string;

  // What the provider says; rewritten by each sync that finds a change.
  @Column({ type: 'text' }) mode!: LitellmMode;
  /** The mode, under the predecessor's name for those who read the table. */
  @Column({ type: 'text' }) modelType!: LitellmMode;
  /** The largest window the server will really use, as far as it tells. */
  @Column({ type: 'integer', nullable: true }) contextWindow!: number | null;
  @Column({ type: 'integer', nullable: true }) maxContextWindow!: number | null;
  @Column({ type: 'integer', nullable: true }) configuredContext!: number | null;
  @Column({ type: 'integer', nullable: true }) observedContext!: number | null;
  /** These three as LiteLLM names them, before provider settings and edits. */
  @Column({ type: 'integer', nullable: true }) maxInputTokens!: number | null;
  @Column({ type: 'integer', nullable: true }) maxOutputTokens!: number | null;
  @Column({ type: 'integer', nullable: true }) maxTokens!: number | null;
  @Column({ type: 'simple-json' }) capabilities!: string[];
  @Column({ type: 'text' }) category!: ModelCategory;
  @Column({ type: 'boolean' }) remote!: boolean;
  @Column({ type: 'text', nullable: true }) unusable!: string | null;
  /** The provider's parameters in LiteLLM's terms. */
  @Column({ type: 'simple-json' }) litellmParams!: JsonObject;
  @Column({ type: 'simple-json' }) provenance!: Record<string, Provenance>;
  /** Canonical JSON of the cleaned payload; heavy, so only selected by name. */
  @Column({ type: 'simple-json', select: false }) rawMetadata?: FoundModel;
  @Column({ type: 'text' }) fingerprint!: string;
  /** Why the last detail call failed; the next sync asks again. */
  @Column({ type: 'text', nullable: true }) detailsError!: string | null;
  /** Which release of the normalising rules wrote the columns above. */
  @Column({ type: 'integer' }) normaliserVersion!: number;

  // A person's edits; no sync touches them.
  @Column({ type: 'simple-json', nullable: true }) userParams!: JsonObject | null;
  @Column({ type: 'simple-json', nullable: true }) userTags!: string[] | null;
  @Column({ type: 'simple-json', nullable: true }) accessGroups!: string[] | null;
  @Column({ type: 'text', nullable: true }) pricingProfile!: PricingProfile | null;
  @Column({ type: 'simple-json', nullable: true }) pricingOverride!: PricingOverride | null;
  @Column({ type: 'text', nullable: true }) ollamaMode!: OllamaMode | null;
  @Column({ type: 'boolean' }) syncEnabled!: boolean;
  @Column({ type: 'boolean' }) userModified!: boolean;
  /** How often a person edited it; `If-Match` compares it. */
  @Column({ type: 'integer', default: 0 }) editVersion!: number;

  // Life.
  @Column({ type: 'text' }) firstSeen!: string;
  @Column({ type: 'text' }) lastSeen!: string;
  @Column({ type: 'boolean' }) isOrphaned!: boolean;
  @Column({ type: 'text', nullable: true }) orphanedAt!: string | null;
  /** Consecutive good fetches that did not show it. */
  @Column({ type: 'integer' }) missedCount!: number;
  /** The stamps of sync runs: who saw, made, changed, restored or orphaned this row last. A run's counts come from them. */
  @Column({ type: 'integer', nullable: true }) lastSeenRunId!: number | null;
  @Column({ type: 'integer', nullable: true }) createdRunId!: number | null;
  @Column({ type: 'integer', nullable: true }) changedRunId!: number | null;
  @Column({ type: 'integer', nullable: true }) restoredRunId!: number | null;
  @Column({ type: 'integer', nullable: true }) orphanedRunId!: number | null;
  /** Since when a person wants it gone: first its deployment goes, then this row. */
  @Column({ type: 'text', nullable: true }) deletingAt!: string | null;
  @Column({ type: 'text' }) createdAt!: string;
  @Column({ type: 'text' }) updatedAt!: string;
}
