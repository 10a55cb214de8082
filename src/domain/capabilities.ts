import { liveProviders, sectionsOf } from './context-window.js';
import type { JsonObject } from './json.js';
import type { LitellmMode } from './kinds.js';
import type { Provenance } from './normalised-model.js';
import { objectOf, sortedSet, textOf, textsOf } from './read-json.js';

/** LiteLLM's capability flags (`types/utils.py` ModelInfoBase of 1.81, and `supports_video_input` of the cost map). */
export const supportsKeys = [
  'supports_assistant_prefill',
  'supports_audio_input',
  'supports_audio_output',
  'supports_computer_use',
  'supports_embedding_image_input',
  'supports_function_calling',
  'supports_native_streaming',
  'supports_parallel_function_calling',
  'supports_pdf_input',
  'supports_prompt_caching',
  'supports_reasoning',
  'supports_response_schema',
  'supports_system_messages',
  'supports_tool_choice',
  'supports_url_context',
  'supports_video_input',
  'supports_vision',
  'supports_web_search',
] as const;
export type SupportsKey = (typeof supportsKeys)[number];

/**
 * Words of all servers, in the spelling of `wordKey`. `tools` does not mean tool_choice: Ollama has none, and the others
 * report it as a word of its own. `insert` has no flag here; whether it is published is a provider's setting (C16).
 */
const flagByWord = new Map<string, SupportsKey>([
  ['audio', 'supports_audio_input'],
  ['audio_input', 'supports_audio_input'],
  ['audio_output', 'supports_audio_output'],
  ['computer_use', 'supports_computer_use'],
  ['function_calling', 'supports_function_calling'],
  ['image_input', 'supports_vision'],
  ['parallel_tool_calls', 'supports_parallel_function_calling'],
  ['pdf', 'supports_pdf_input'],
  ['pdf_input', 'supports_pdf_input'],
  ['prompt_caching', 'supports_prompt_caching'],
  ['reasoning', 'supports_reasoning'],
  ['structured_outputs', 'supports_response_schema'],
  ['thinking', 'supports_reasoning'],
  ['tool_choice', 'supports_tool_choice'],
  ['tool_use', 'supports_function_calling'],
  ['tools', 'supports_function_calling'],
  ['trained_for_tool_use', 'supports_function_calling'],
  ['video_input', 'supports_video_input'],
  ['vision', 'supports_vision'],
  ['web_search', 'supports_web_search'],
]);

const conversational = new Set<LitellmMode>(['chat', 'completion', 'responses', 'realtime']);

/** One spelling for `function calling`, `function-calling` and `function_calling`. */
export function wordKey(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_');
}

/** Flags that capability words stand for; only ever flags that are true. */
export function supportsOf(words: string[], mode: LitellmMode): SupportsKey[] {
  const keys = words.map(wordKey);
  if (mode === 'embedding') return keys.includes('image_embed') ? ['supports_embedding_image_input'] : [];
  if (!conversational.has(mode)) return [];
  return keys.flatMap((key) => flagByWord.get(key) ?? []);
}

/** Flags that a server reports in LiteLLM's own words, for example another LiteLLM (C6). */
export function reportedFlags(listing: JsonObject): SupportsKey[] {
  return supportsKeys.filter((key) => sectionsOf(listing).some((section) => section[key] === true));
}

export interface Capabilities {
  /** Sorted. */
  words: string[];
  provenance: Provenance;
}

/** `/api/show` is authoritative; `/api/tags` shows a subset; servers before 0.6.4 tell neither. */
export function ollamaCapabilities(listing: JsonObject, details: JsonObject): Capabilities {
  const reported = [details, listing]
    .map((source) => textsOf(source['capabilities']))
    .find((words) => words.length > 0);
  if (reported !== undefined) return { words: sortedSet(reported), provenance: 'reported' };
  return { words: sortedSet(derivedWords(listing, details)), provenance: 'derived' };
}

const embeddingFamily = /bert/i;
const visionFamilies = new Set(['bakllava', 'clip', 'llava', 'mllama', 'moondream']);

function derivedWords(listing: JsonObject, details: JsonObject): string[] {
  const families = familiesOf(listing, details);
  const infoKeys = Object.keys(objectOf(details['model_info']));
  const has = (suffix: string) => infoKeys.some((key) => key.endsWith(suffix));
  const words: string[] = [];
  // Diffusers' class names end in "Pipeline"; such a model draws and does not talk.
  if (families.some((family) => family.endsWith('pipeline'))) return ['image'];
  if (has('.pooling_type') || families.some((family) => embeddingFamily.test(family))) return ['embedding'];
  if (families.length > 0 || has('.context_length')) words.push('completion');
  if (details['template_has_tools'] === true) words.push('tools');
  if (details['template_has_suffix'] === true) words.push('insert');
  const sees = details['has_projector'] === true || families.some((family) => visionFamilies.has(family));
  if (sees || has('.vision.block_count')) words.push('vision');
  if (has('.audio.block_count')) words.push('audio');
  return words;
}

function familiesOf(listing: JsonObject, details: JsonObject): string[] {
  return [details, listing].flatMap((source) => {
    const summary = objectOf(source['details']);
    return [textOf(summary['family']) ?? '', ...textsOf(summary['families'])]
      .map((family) => family.toLowerCase())
      .filter((family) => family !== '');
  });
}

const inputWords = new Map([
  ['audio', 'audio input'],
  ['file', 'pdf input'],
  ['image', 'vision'],
  ['pdf', 'pdf input'],
  ['video', 'video input'],
]);
/** OpenRouter's `supported_parameters` that are capabilities (LiteLLM's scripts/sync_cost_map.py). */
const parameterWords = new Set([
  'parallel_tool_calls',
  'reasoning',
  'structured_outputs',
  'tool_choice',
  'tools',
]);
const fimWords = new Set(['completion_fim', 'fill_in_middle', 'fim']);

/** Everything an OpenAI-compatible row says about what a model can do, as words. */
export function openAiCapabilities(listing: JsonObject): Capabilities {
  const own = textsOf(listing['capabilities']);
  const words = [
    ...own,
    ...inputModalities(listing).flatMap((modality) => inputWords.get(modality) ?? []),
    ...outputModalities(listing).flatMap((modality) =>
      ['audio', 'speech'].includes(modality) ? ['audio output'] : [],
    ),
    ...textsOf(listing['supported_parameters']).filter((parameter) => parameterWords.has(parameter)),
    ...routerWords(listing),
    ...(textOf(listing['type'])?.toLowerCase() === 'vlm' ? ['vision'] : []),
    // Ollama's word, which the rest of the product knows.
    ...(own.some((word) => fimWords.has(wordKey(word))) ? ['insert'] : []),
  ];
  return { words: sortedSet(words), provenance: 'reported' };
}

/** Hugging Face's router picks any live provider, so a capability counts when all of them have it. */
function routerWords(listing: JsonObject): string[] {
  const live = liveProviders(listing);
  if (live.length === 0) return [];
  const all = (key: string) => live.every((provider) => provider[key] === true);
  return [
    ...(all('supports_tools') ? ['tools'] : []),
    ...(all('supports_structured_output') ? ['structured_outputs'] : []),
  ];
}

/** Another LiteLLM has no words, only flags. */
export function litellmCapabilities(listing: JsonObject): Capabilities {
  const words = reportedFlags(listing).map((key) => key.slice('supports_'.length));
  return { words: sortedSet(words), provenance: 'reported' };
}

export function inputModalities(listing: JsonObject): string[] {
  return modalities(listing, 'input');
}

export function outputModalities(listing: JsonObject): string[] {
  return modalities(listing, 'output');
}

/** OpenRouter: `architecture`; LocalAI and xAI: the row itself; Vercel: `modalities`. */
function modalities(listing: JsonObject, side: 'input' | 'output'): string[] {
  return [
    ...textsOf(objectOf(listing['architecture'])[`${side}_modalities`]),
    ...textsOf(listing[`${side}_modalities`]),
    ...textsOf(objectOf(listing['modalities'])[side]),
  ].map((modality) => modality.toLowerCase());
}
