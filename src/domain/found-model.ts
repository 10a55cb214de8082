import { z } from 'zod';
import { jsonObject } from './json.js';

/**
 * One model as a provider showed it in one fetch, cleaned: heavy and secret fields are gone, only whitelisted ones left.
 * It travels in the payload of `upsert-models` and is stored as `models.raw_metadata`.
 */
export const foundModel = z.object({
  /** Byte-exact id of the provider, never prefixed; 1 to 256 characters, no control characters. */
  modelId: z.string().min(1).max(256),
  /** The entry of the list call. */
  listing: jsonObject,
  /** The answer of the detail call (Ollama `/api/show`); absent where there is none or where it failed. */
  details: jsonObject.optional(),
  /** Why the detail call failed. What was known before stays. */
  detailsError: z.string().max(500).optional(),
  /** `context_length` of Ollama's `/api/ps`, when the model was loaded while its details were read. */
  observedContext: z.int().positive().optional(),
  /** `sha256:…` of the canonical listing; equal fingerprints need no detail call. */
  fingerprint: z.string(),
});
export type FoundModel = z.infer<typeof foundModel>;

/** An entry of the catalogue that is no model for us, and why (wildcard, duplicate, unusable id, filtered out, …). */
export const skippedEntry = z.object({ modelId: z.string(), reason: z.string() });
export type SkippedEntry = z.infer<typeof skippedEntry>;
