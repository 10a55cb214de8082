import type { JsonObject } from './json.js';
import type { LitellmMode } from './kinds.js';
import { objectOf, sortedSet, textsOf } from './read-json.js';

/** Ollama's option → OpenAI's parameter (the predecessor's table; `top_k` is LiteLLM's word, not OpenAI's). */
const byOption: [string, string][] = [
  ['temperature', 'temperature'],
  ['top_k', 'top_k'],
  ['top_p', 'top_p'],
  ['repeat_penalty', 'frequency_penalty'],
  ['frequency_penalty', 'frequency_penalty'],
  ['presence_penalty', 'presence_penalty'],
  ['stop', 'stop'],
];

/** Sorted; empty where nothing is known. `tool_choice` is accepted, and then dropped, by LiteLLM: hence no flag for it. */
export function ollamaOpenAiParams(details: JsonObject, words: string[], mode: LitellmMode): string[] {
  const options = Object.keys(objectOf(details['parameters']));
  return sortedSet([
    ...byOption.filter(([option]) => options.includes(option)).map(([, parameter]) => parameter),
    ...(mode === 'chat' || words.includes('completion') ? ['max_tokens', 'n', 'seed', 'stream'] : []),
    ...(words.includes('tools') ? ['tool_choice', 'tools'] : []),
  ]);
}

/** As OpenRouter and Vercel report them. */
export function reportedOpenAiParams(listing: JsonObject): string[] {
  return sortedSet(textsOf(listing['supported_parameters']));
}
