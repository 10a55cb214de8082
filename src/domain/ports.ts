import type { JsonObject } from './json.js';
import type { SkippedEntry } from './found-model.js';
import type { ProviderKind } from './kinds.js';

/** Everything a client needs to read one provider. The key lives in memory only. */
export interface ProviderAccess {
  kind: ProviderKind;
  /** Normalised (see `base-url.ts`), without trailing slash. */
  baseUrl: string;
  apiKey?: string;
  /** Where an earlier list call found the API; asked first. */
  apiRoot?: string;
}

export interface CatalogueEntry {
  modelId: string;
  /** Cleaned and whitelisted (see `clean-payload.ts`). */
  listing: JsonObject;
}

/**
 * The answer of a list call that worked. No entries = the server said "none", which is not a failure.
 * A call that failed throws: `UnreachableError`, `RateLimitedError`, `PermanentError`, or another error (worth a retry).
 */
export interface Catalogue {
  entries: CatalogueEntry[];
  skipped: SkippedEntry[];
  /** HTTP calls it took (pages, the 404 of a first guess). */
  calls: number;
  /** For `openai` and `litellm`: the URL under which `/chat/completions` answers, e.g. `http://host:8000/v1`. */
  apiRoot?: string;
}

export interface ModelDetails {
  details?: JsonObject;
  /** Why there are none; one model's failure is never the catalogue's. */
  detailsError?: string;
}

export interface CatalogueReader {
  list(access: ProviderAccess, signal: AbortSignal): Promise<Catalogue>;
  /** Only Ollama has details; the others answer `{}` without a call. Never throws for one model's failure. */
  details(access: ProviderAccess, modelId: string, signal: AbortSignal): Promise<ModelDetails>;
  /** `/api/ps`: effective context by model id of what is loaded now; empty where unknown. Never throws. */
  observedContexts(access: ProviderAccess, signal: AbortSignal): Promise<Map<string, number>>;
  /** Whether `details` makes a call for this kind. */
  hasDetails(access: ProviderAccess): boolean;
}

/** Everything a client needs to talk to the LiteLLM we write to. */
export interface DestinationAccess {
  baseUrl: string;
  apiKey?: string;
}

/** One row of LiteLLM's listing. Keys are LiteLLM's own; secrets are masked or absent there. */
export interface DestinationRow {
  id: string;
  modelName: string;
  litellmParams: JsonObject;
  modelInfo: JsonObject;
  /** False for rows of config.yaml, which nobody can edit or delete. */
  dbModel: boolean;
}

/** The body of a create: `model_info.id` is the primary key at LiteLLM. */
export interface DeploymentBody {
  model_name: string;
  litellm_params: JsonObject;
  model_info: JsonObject & { id: string };
}

/**
 * LiteLLM's admin API, one call each. Throws `UnreachableError` (also for 502–504), `RateLimitedError`,
 * `PermanentError` (401/403 with an auth text, 4xx of the body) or another error (500: unknown, read by id before a retry).
 */
export interface Destination {
  /** `litellm_version` of `/public/model_hub/info`, without a key; undefined where it is not told. */
  version(access: DestinationAccess, signal?: AbortSignal): Promise<string | undefined>;
  /** All rows, deduplicated by id; throws when any page fails. */
  list(access: DestinationAccess, signal?: AbortSignal): Promise<DestinationRow[]>;
  /**
   * What this proxy serves now: `/model/info?litellm_model_id=`; undefined = it does not (yet). `kept` asks the replica that
   * answered last; otherwise a connection of its own lets a balancer choose another.
   */
  served(
    access: DestinationAccess,
    id: string,
    signal?: AbortSignal,
    connection?: 'fresh' | 'kept',
  ): Promise<DestinationRow | undefined>;
  /** What the database holds, read-your-write: `/v2/model/info?modelId=`; undefined = no such row. */
  stored(access: DestinationAccess, id: string, signal?: AbortSignal): Promise<DestinationRow | undefined>;
  /** `exists`: the 500 that a duplicate id and any database fault share; look up by id to tell them apart. */
  create(
    access: DestinationAccess,
    body: DeploymentBody,
    signal?: AbortSignal,
  ): Promise<'created' | 'refused-or-exists'>;
  patch(
    access: DestinationAccess,
    body: DeploymentBody,
    signal?: AbortSignal,
  ): Promise<'patched' | 'unknown-id'>;
  /** An id that is not there counts as removed; a row of config.yaml throws `PermanentError`. */
  remove(access: DestinationAccess, id: string, signal?: AbortSignal): Promise<'removed' | 'unknown-id'>;
  /** Whether the writes above would be taken, found out without touching a row. Throws what stands in their way. */
  mayWrite(access: DestinationAccess, signal?: AbortSignal): Promise<'yes' | 'unknown'>;
}
