import { apiRootOf, listUrls } from './base-url.js';
import type { LitellmMode, OllamaMode, ProviderKind } from './kinds.js';

/** How LiteLLM reaches a model: the prefix of `litellm_params.model` and its `api_base`. */
export interface Route {
  prefix: 'openai' | 'text-completion-openai' | 'ollama' | 'ollama_chat';
  apiBase: string;
  /** What the marker tells about an Ollama model. */
  ollamaMode?: OllamaMode;
}

export interface RouteInput {
  type: ProviderKind;
  baseUrl: string;
  /** Where the list call worked, if it ever did; for `openai` and `litellm`. */
  apiRoot: string | null;
  /** The URL that LiteLLM must use, where it differs from ours. */
  litellmBaseUrl: string | null;
}

export function routeOf(
  provider: RouteInput,
  mode: LitellmMode,
  ollamaMode: OllamaMode,
  hasApiKey: boolean,
): Route {
  const openAiPrefix = mode === 'completion' ? 'text-completion-openai' : 'openai';
  if (provider.type !== 'ollama') return { prefix: openAiPrefix, apiBase: openAiBase(provider) };

  const root = provider.litellmBaseUrl ?? provider.baseUrl;
  if (ollamaMode === 'openai') return { prefix: openAiPrefix, apiBase: `${root}/v1`, ollamaMode };
  if (mode === 'embedding') {
    // LiteLLM's embedding call knows no `ollama_chat/`, and its `ollama/` one sends no key (litellm.md §9).
    return hasApiKey
      ? { prefix: 'openai', apiBase: `${root}/v1`, ollamaMode }
      : { prefix: 'ollama', apiBase: root, ollamaMode };
  }
  const prefix = ollamaMode === 'ollama_chat' && mode !== 'completion' ? 'ollama_chat' : 'ollama';
  return { prefix, apiBase: root, ollamaMode };
}

function openAiBase({ type, baseUrl, apiRoot, litellmBaseUrl }: RouteInput): string {
  const ours = apiRoot?.startsWith(baseUrl) ? apiRoot : defaultApiRoot(type, baseUrl);
  if (litellmBaseUrl === null) return ours;
  const theirs = defaultApiRoot(type, litellmBaseUrl);
  // A server that answers without a version answers LiteLLM without one, too.
  const versioned = type === 'litellm' || defaultApiRoot(type, ours) === ours;
  return versioned ? theirs : litellmBaseUrl;
}

function defaultApiRoot(type: ProviderKind, baseUrl: string): string {
  if (type === 'litellm') return `${baseUrl}/v1`;
  const [first] = listUrls(type, baseUrl);
  return first === undefined ? baseUrl : apiRootOf(first);
}
