import { sameEndpoint } from '../domain/base-url.js';
import type { ProviderKind } from '../domain/kinds.js';
import { tryConnection, type ConnectionResult } from './connection-test.js';
import type { ApiServices } from './define-route.js';
import { withPatience } from './patience.js';

/** A server on this machine answers within milliseconds; a closed port of a container's host may never answer. */
const patienceMs = 1_500;

interface Place {
  kind: ProviderKind;
  name: string;
  baseUrl: string;
}

const usualPorts: { kind: ProviderKind; name: string; port: number }[] = [
  { kind: 'ollama', name: 'Ollama', port: 11434 },
  { kind: 'openai', name: 'LM Studio', port: 1234 },
  { kind: 'openai', name: 'vLLM', port: 8000 },
  { kind: 'openai', name: 'llama.cpp', port: 8080 },
  { kind: 'litellm', name: 'LiteLLM', port: 4000 },
];

/** This machine, and the one that a container runs on: no other host is ever asked without being named by a person. */
export const usualPlaces: Place[] = ['127.0.0.1', 'host.docker.internal'].flatMap((host) =>
  usualPorts.map(({ kind, name, port }) => ({ kind, name, baseUrl: `http://${host}:${port}` })),
);

interface Found {
  kind: ProviderKind;
  name: string;
  base_url: string;
  models: number | null;
  configured: 'provider' | 'destination' | null;
}

type Services = Pick<ApiServices, 'stores' | 'catalogues' | 'destination' | 'logger'>;

/**
 * Asks all places at once, without any key. What wants a key for its list is not told, and so this product is never: it
 * answers such questions with 401. Of what the servers answer only numbers are told.
 */
export async function discover(places: Place[], services: Services, signal: AbortSignal): Promise<Found[]> {
  const answers = await Promise.all(places.map((place) => askPlace(place, services, signal)));
  signal.throwIfAborted();
  const found = withoutTwins(answers.filter((answer) => answer !== undefined));
  const settings = await services.stores.settings.get();
  const providers = await services.stores.providers.list();
  return found.map(({ kind, name, base_url, models }) => {
    const isProvider = providers.some(({ baseUrl }) => sameEndpoint(baseUrl, base_url));
    const isDestination = settings.litellmBaseUrl !== null && sameEndpoint(settings.litellmBaseUrl, base_url);
    const configured = isDestination ? 'destination' : isProvider ? 'provider' : null;
    return { kind, name, base_url, models, configured };
  });
}

type Answer = Omit<Found, 'configured'> & { fingerprint: string };

async function askPlace(place: Place, services: Services, signal: AbortSignal): Promise<Answer | undefined> {
  const { name, baseUrl } = place;
  if (place.kind === 'litellm') {
    const version = await versionAt(baseUrl, services, signal);
    if (version === undefined) return undefined;
    return { kind: 'litellm', name, base_url: baseUrl, models: null, fingerprint: version };
  }
  const result = await tryConnection({ kind: place.kind, baseUrl }, services, signal, patienceMs).catch(
    () => undefined,
  );
  const kind = kindIn(result);
  if (result === undefined || kind === undefined) return undefined;
  return {
    kind,
    name: kind === place.kind ? name : namesOfOthers[kind],
    base_url: baseUrl,
    models: result.model_count ?? null,
    fingerprint: JSON.stringify([result.model_count, result.models]),
  };
}

/** Another server than usual may stand at a port. */
const namesOfOthers: Record<ProviderKind, string> = {
  ollama: 'Ollama',
  openai: 'OpenAI-compatible server',
  litellm: 'LiteLLM',
};

function kindIn(result: ConnectionResult | undefined): ProviderKind | undefined {
  const answered = result?.success === true ? result.kind?.answered : undefined;
  return answered === 'web-page' ? undefined : answered;
}

async function versionAt(baseUrl: string, { destination }: Services, signal: AbortSignal) {
  const patience = { ms: patienceMs, who: `LiteLLM at ${baseUrl}`, signal };
  try {
    return await withPatience(patience, (until) => destination.version({ baseUrl }, until));
  } catch {
    return undefined; // nobody there, or nobody who says that it is LiteLLM
  }
}

/** `host.docker.internal` may be this machine itself: the same answer from the same port is one server. */
function withoutTwins(answers: Answer[]): Answer[] {
  const keyOf = ({ base_url, kind, fingerprint }: Answer) =>
    `${new URL(base_url).port} ${kind} ${fingerprint}`;
  const seen = new Set<string>();
  return answers.filter((answer) => {
    const isNew = !seen.has(keyOf(answer));
    seen.add(keyOf(answer));
    return isNew;
  });
}
