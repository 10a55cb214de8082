import { normaliseBaseUrl } from '../domain/base-url.js';
import { messageOf, PermanentError } from '../domain/errors.js';
import type { ProviderKind } from '../domain/kinds.js';
import type { Catalogue, CatalogueEntry, ProviderAccess } from '../domain/ports.js';
import { explainFailure, type ConnectionFailure } from './connection-failure.js';
import type { ApiServices } from './define-route.js';
import { withPatience } from './patience.js';

/** A person waits in front of it. */
const patienceMs = 15_000;
const shownModels = 10;

export interface ConnectionResult extends Partial<ConnectionFailure> {
  success: boolean;
  message: string;
  model_count?: number;
  /** The first few ids. */
  models?: string[];
  kind?: { answered: ProviderKind | 'web-page'; version?: string };
}

type Services = Pick<ApiServices, 'catalogues' | 'destination' | 'logger'>;

interface Asking {
  access: ProviderAccess;
  services: Services;
  signal: AbortSignal;
}

/** One list call as a sync makes it, and at most one more that finds out what kind of server answers. */
export async function tryConnection(
  access: ProviderAccess,
  services: Services,
  signal: AbortSignal,
  ms = patienceMs,
): Promise<ConnectionResult> {
  const who = `the server at ${access.baseUrl}`;
  try {
    return await withPatience({ ms, who, signal }, (patience) =>
      askAndTell({ access, services, signal: patience }),
    );
  } catch (error) {
    signal.throwIfAborted();
    return failed(error, access, services);
  }
}

async function askAndTell(asking: Asking): Promise<ConnectionResult> {
  const { access, services, signal } = asking;
  let catalogue: Catalogue;
  try {
    catalogue = await services.catalogues.list(access, signal);
  } catch (error) {
    signal.throwIfAborted();
    const failure = failed(error, access, services);
    // A key is missing, or nobody answered: another kind of question would be answered the same.
    const isOtherAnswer = error instanceof PermanentError && !/\((401|403)\)/.test(failure.message);
    const other = isOtherAnswer ? await otherKind(asking) : undefined;
    return other === undefined ? withWebPage(failure) : { ...failure, ...other };
  }
  const { entries } = catalogue;
  const answered = await kindOf(catalogue, asking);
  const version = answered === 'litellm' ? await versionOf(asking) : undefined;
  const advice =
    adviceFor(access.kind, answered) ?? (entries.length === 0 ? noModels(answered, catalogue) : undefined);
  return {
    success: true,
    message: `${nameOf(answered)} answered and lists ${countOf(entries.length)}`,
    model_count: entries.length,
    models: entries.slice(0, shownModels).map(({ modelId }) => modelId),
    kind: { answered, ...(version !== undefined && { version }) },
    ...(advice !== undefined && { suggestion: advice }),
  };
}

/** What an OpenAI list says about who wrote it decides which question is worth a call. */
async function kindOf(catalogue: Catalogue, asking: Asking): Promise<ProviderKind> {
  const { access } = asking;
  if (access.kind === 'ollama') return 'ollama';
  // The LiteLLM client asks for the OpenAI list where `/model/info` is unknown.
  if (access.kind === 'litellm' && catalogue.calls === 1) return 'litellm';
  const { entries } = catalogue;
  if (entries.length === 0 || entries.some((entry) => ownerOf(entry) === 'library')) {
    return (await answersAs('ollama', asking)) ? 'ollama' : 'openai';
  }
  const isLikeLitellm = access.kind === 'openai' && entries.every((entry) => ownerOf(entry) === 'openai');
  return isLikeLitellm && (await answersAs('litellm', asking)) ? 'litellm' : 'openai';
}

function ownerOf({ listing }: CatalogueEntry): unknown {
  return listing['owned_by'];
}

/** Of a server that does not answer as the kind that was chosen. */
async function otherKind(asking: Asking): Promise<Partial<ConnectionResult> | undefined> {
  const { kind } = asking.access;
  const other = kind === 'ollama' ? 'openai' : 'ollama';
  if (!(await answersAs(other, asking))) return undefined;
  const suggestion =
    other === 'ollama'
      ? 'this is an Ollama server: choose type ollama'
      : 'this is an OpenAI-compatible server: choose type openai';
  return { kind: { answered: other }, suggestion };
}

/** The same server asked as another kind, with the same key: it is the same host. */
async function answersAs(kind: ProviderKind, { access, services, signal }: Asking): Promise<boolean> {
  const address = normaliseBaseUrl(kind, access.baseUrl);
  if ('error' in address) return false;
  const { apiKey } = access;
  try {
    const catalogue = await services.catalogues.list(
      { kind, baseUrl: address.url, ...(apiKey !== undefined && { apiKey }) },
      signal,
    );
    return kind !== 'litellm' || (catalogue.calls === 1 && catalogue.entries.length > 0);
  } catch {
    // Also when the patience is over: what the first call said stands.
    return false;
  }
}

async function versionOf({ access, services, signal }: Asking): Promise<string | undefined> {
  const address = normaliseBaseUrl('litellm', access.baseUrl);
  if ('error' in address) return undefined;
  // Public at LiteLLM; not being told is no failure.
  return services.destination.version({ baseUrl: address.url }, signal).catch(() => undefined);
}

const names: Record<ProviderKind, string> = {
  ollama: 'an Ollama server',
  openai: 'an OpenAI-compatible server',
  litellm: 'a LiteLLM proxy',
};

function nameOf(kind: ProviderKind): string {
  return names[kind];
}

function adviceFor(asked: ProviderKind, answered: ProviderKind): string | undefined {
  if (asked === answered) return undefined;
  if (answered === 'ollama') return 'this is an Ollama server: choose type ollama to get its details';
  if (answered === 'litellm')
    return 'this is a LiteLLM proxy: choose type litellm to get limits, prices and modes of its models';
  return 'it lists its models as OpenAI does, not as LiteLLM: choose type openai unless a gateway hides LiteLLM’s own routes';
}

function noModels(answered: ProviderKind, { skipped: [skipped, ...more] }: Catalogue): string {
  if (skipped !== undefined)
    return `it lists ${more.length + 1} entries, none of them a model to us (${skipped.reason}): is the type right?`;
  return answered === 'ollama'
    ? 'pull a model there: it has none yet'
    : 'it lists no models: load one there, or check what this key may see';
}

function countOf(count: number): string {
  return count === 1 ? '1 model' : `${count === 0 ? 'no' : count} models`;
}

function withWebPage(failure: ConnectionResult): ConnectionResult {
  return /answered HTML/.test(failure.message) ? { ...failure, kind: { answered: 'web-page' } } : failure;
}

function failed(error: unknown, access: ProviderAccess, { logger }: Services): ConnectionResult {
  const failure = explainFailure(error, access.baseUrl);
  if (failure.error_type === 'unknown_error')
    logger.error('a connection test failed', { error: messageOf(error) });
  return { success: false, ...failure };
}
