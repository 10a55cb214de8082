import { isLocalHost } from '../../domain/base-url.js';
import type { GracePolicy } from '../../domain/orphan-rules.js';
import type { Provider } from '../../entities/provider.js';
import type { Settings } from '../../entities/settings.js';
import { format } from './format.js';

export const kindNames = {
  ollama: 'Ollama',
  openai: 'OpenAI-compatible',
  litellm: 'LiteLLM proxy, as a source',
} as const;

type Fact = [name: string, words: string];

/** Every setting of a provider in words; what is not set says what holds instead. */
export function providerDetailFacts(provider: Provider, settings: Settings): Fact[] {
  const isOllama = provider.type === 'ollama';
  return [
    ['Server', provider.baseUrl],
    ['Type', kindNames[provider.type]],
    ['API key', keyWords(provider)],
    ['URL for LiteLLM', provider.litellmBaseUrl ?? 'the same as ours'],
    [
      'Names at LiteLLM',
      provider.prefix ? `${provider.prefix}/<model id>` : 'the model id alone, without prefix',
    ],
    ['Tags', listOr(provider.tags, 'none of its own')],
    ['Access groups', listOr(provider.accessGroups, 'none')],
    ...(isOllama ? ollamaFacts(provider) : []),
    ['Reads', provider.modelFilter ? `ids that contain ${termsOf(provider.modelFilter)}` : 'all models'],
    [
      'Leaves out',
      provider.modelFilterExclude ? `ids that contain ${termsOf(provider.modelFilterExclude)}` : 'none',
    ],
    ['Schedule', scheduleWords(provider, settings)],
    ['Orphans', orphanWords(provider)],
    ['Prices', priceWords(provider)],
    ['Fill-in-the-middle', provider.autoDetectFim ? 'told to LiteLLM where a model can do it' : 'not told'],
    ['Added', provider.createdAt.slice(0, 10)],
  ];
}

function ollamaFacts({ defaultOllamaMode, defaultNumCtx }: Provider): Fact[] {
  return [
    ['Ollama mode', defaultOllamaMode ?? 'ollama, as none is set'],
    [
      'Context size',
      defaultNumCtx === null
        ? 'what the server tells of each model'
        : `${format.number(defaultNumCtx)} tokens (num_ctx) where a model sets none`,
    ],
  ];
}

function keyWords({ hasApiKey, apiKeyHint }: Provider): string {
  if (!hasApiKey) return 'none';
  return apiKeyHint === null ? 'stored' : `stored, ends in …${apiKeyHint}`;
}

function scheduleWords({ syncEnabled, syncIntervalSeconds }: Provider, settings: Settings): string {
  if (!syncEnabled)
    return 'paused: it is synced only when somebody asks for it, and its models stay in LiteLLM, orphans until their grace is over';
  if (syncIntervalSeconds) return `every ${format.seconds(syncIntervalSeconds)}`;
  return settings.syncIntervalSeconds === 0
    ? 'the global one, which is off'
    : `the global one: every ${format.seconds(settings.syncIntervalSeconds)}`;
}

/** What becomes of orphans, as the rest of a sentence. */
export function orphanWords({ orphanPolicy, graceMisses, graceSeconds }: GracePolicy): string {
  if (orphanPolicy === 'keep') return 'stay in LiteLLM';
  // The sync that orphans them is the first without them.
  const waits = [
    ...(graceMisses > 1 ? [`${graceMisses} syncs in a row without them`] : []),
    ...(graceSeconds > 0 ? [format.seconds(graceSeconds)] : []),
  ];
  return `leave LiteLLM ${waits.length === 0 ? 'at once' : `after ${waits.join(' and ')}`}`;
}

function priceWords(provider: Provider): string {
  const { pricingProfile, pricingOverride, isLocal, litellmBaseUrl, baseUrl } = provider;
  const byHand = Object.entries(pricingOverride ?? {}).map(([key, usd]) => `${key} ${usd}`);
  const set = [...(pricingProfile ? [`profile ${pricingProfile}`] : []), ...byHand];
  if (set.length > 0) return `${set.join(', ')} (USD)`;
  const local = isLocal ?? isLocalHost(litellmBaseUrl ?? baseUrl);
  return local ? 'free, as the server is local' : 'what the server reports, if it does';
}

function listOr(items: string[] | null, otherwise: string): string {
  return items?.length ? items.join(', ') : otherwise;
}

function termsOf(filter: string): string {
  return filter
    .split(',')
    .map((term) => `“${term.trim()}”`)
    .join(' or ');
}
