import type { JsonObject } from './json.js';
import type { LitellmMode, ModelCategory } from './kinds.js';

/** Where a value comes from, strongest first; `override` is a person's and lives in `user_params`. */
export type Provenance = 'reported' | 'derived' | 'guessed' | 'advertised';

/** What a provider's metadata says about one model, in LiteLLM's terms. Unknown is absent, never false or 0. */
export interface NormalisedModel {
  mode: LitellmMode;
  /** Capability words as the provider (or derivation) gave them, sorted: `tools`, `vision`, `thinking`, `embedding`, … */
  capabilities: string[];
  /** For people to filter by. */
  category: ModelCategory;
  /** Tokens: the maximum that the model was made for. */
  maxContextWindow?: number;
  /** Tokens: what the server really uses by its own configuration (`num_ctx` of the Modelfile, `max_model_len`), ≤ the maximum. */
  configuredContext?: number;
  /** Tokens: seen while the model was loaded (`/api/ps`), ≤ the maximum. */
  observedContext?: number;
  /** Runs elsewhere (Ollama cloud model): not local, its maximum is its context. */
  remote: boolean;
  /** The model cannot be called in any mode we know; the reason, for people. */
  unusable?: string;
  /**
   * LiteLLM fields that do not depend on provider or settings: `mode`, `max_output_tokens`, `output_vector_size`,
   * `supports_*` (only true), `supported_openai_params`, reported prices. Limits derived from the context are not in it.
   */
  litellmParams: JsonObject;
  /** By field name of `litellmParams` and of the context fields above (snake case: `max_context_window`, …). */
  provenance: Record<string, Provenance>;
}
