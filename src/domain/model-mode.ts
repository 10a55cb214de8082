import { inputModalities, outputModalities, wordKey, type Capabilities } from './capabilities.js';
import { liveProviders, sectionsOf } from './context-window.js';
import type { JsonObject } from './json.js';
import { litellmMode, type LitellmMode, type ProviderKind } from './kinds.js';
import type { Provenance } from './normalised-model.js';
import { firstDefined, objectOf, objectsOf, textOf, textsOf } from './read-json.js';

export interface ModelMode {
  mode: LitellmMode;
  provenance: Provenance;
  /** Why the model cannot be called, for people. */
  unusable?: string;
}

export function modelMode(
  kind: ProviderKind,
  modelId: string,
  listing: JsonObject,
  capabilities: Capabilities,
): ModelMode {
  if (kind === 'ollama') return ollamaMode(modelId, capabilities);
  const named = firstDefined(
    sectionsOf(listing).map((section) => section['mode']),
    (value) => litellmMode.safeParse(value).data,
  );
  if (named !== undefined) return { mode: named, provenance: 'reported' };
  const reported = kind === 'openai' ? reportedMode(listing) : undefined;
  const unusable = kind === 'openai' ? unusableReason(listing, reported) : undefined;
  return {
    ...(reported === undefined ? guessedMode(modelId) : { mode: reported, provenance: 'reported' }),
    ...(unusable !== undefined && { unusable }),
  };
}

function guessedMode(modelId: string): ModelMode {
  return { mode: modeById(modelId) ?? 'chat', provenance: 'guessed' };
}

/** Ollama serves chat and embeddings, so only these two are guessed there: a `llama-guard` is a chat model too. */
function ollamaMode(modelId: string, { words, provenance }: Capabilities): ModelMode {
  if (words.includes('completion')) return { mode: 'chat', provenance };
  if (words.includes('embedding')) return { mode: 'embedding', provenance };
  if (words.includes('image')) {
    const unusable = 'Ollama lists this image model, but since 0.32.6 it no longer serves image generation';
    return { mode: 'image_generation', provenance, unusable };
  }
  return { mode: modeById(modelId) === 'embedding' ? 'embedding' : 'chat', provenance: 'guessed' };
}

/** In the spelling of `wordKey`; what makes a model a chat model wins over everything else. */
const chatWords = new Set(['chat', 'completion', 'completion_chat', 'generatecontent']);
const modeByWord = new Map<string, LitellmMode>([
  ['embedding', 'embedding'],
  ['embeddings', 'embedding'],
  ['embed', 'embedding'],
  ['image_embed', 'embedding'],
  ['embedcontent', 'embedding'],
  ['rerank', 'rerank'],
  ['jina_rerank', 'rerank'],
  ['ocr', 'ocr'],
  ['moderation', 'moderation'],
  ['transcript', 'audio_transcription'],
  ['transcription', 'audio_transcription'],
  ['audio_transcription', 'audio_transcription'],
  ['tts', 'audio_speech'],
  ['audio_speech', 'audio_speech'],
  ['speech', 'audio_speech'],
  ['image', 'image_generation'],
  ['image_generation', 'image_generation'],
  ['predict', 'image_generation'],
  ['video', 'video_generation'],
  ['video_generation', 'video_generation'],
  ['bidigeneratecontent', 'realtime'],
]);

/** `type`, `task` or `model_type` of a row; the second half are Hugging Face's pipeline tags. */
const modeByType = new Map<string, LitellmMode>([
  ...modeByWord,
  ['llm', 'chat'],
  ['vlm', 'chat'],
  ['chat', 'chat'],
  ['language', 'chat'],
  ['code', 'completion'],
  ['reranker', 'rerank'],
  ['transcribe', 'audio_transcription'],
  ['realtime', 'realtime'],
  ['text_generation', 'chat'],
  ['image_text_to_text', 'chat'],
  ['feature_extraction', 'embedding'],
  ['sentence_similarity', 'embedding'],
  ['text_ranking', 'rerank'],
  ['text_to_image', 'image_generation'],
  ['text_to_speech', 'audio_speech'],
  ['text_to_video', 'video_generation'],
  ['automatic_speech_recognition', 'audio_transcription'],
]);

const modeByOutput = new Map<string, LitellmMode>([
  ['embeddings', 'embedding'],
  ['embedding', 'embedding'],
  ['rerank', 'rerank'],
  ['transcription', 'audio_transcription'],
  ['image', 'image_generation'],
  ['audio', 'audio_speech'],
  ['speech', 'audio_speech'],
  ['video', 'video_generation'],
]);

function reportedMode(listing: JsonObject): LitellmMode | undefined {
  return (
    modeOfWords(textsOf(listing['capabilities'])) ??
    modeOfType(listing) ??
    modeOfOutput(listing) ??
    modeOfCalls(listing)
  );
}

function modeOfWords(words: string[]): LitellmMode | undefined {
  const keys = words.map(wordKey);
  if (keys.some((key) => chatWords.has(key))) return 'chat';
  return firstMode(modeByWord, keys);
}

/** By the order of the table, so that the order of the words plays no part. */
function firstMode(table: Map<string, LitellmMode>, keys: string[]): LitellmMode | undefined {
  return [...table].find(([key]) => keys.includes(key))?.[1];
}

function modeOfType(listing: JsonObject): LitellmMode | undefined {
  // Together's `language` is a base model without chat template; Vercel's is every chat model.
  const together = 'hourly' in objectOf(listing['pricing']);
  return firstDefined(
    ['type', 'model_type', 'task'].map((key) => listing[key]),
    (value) => {
      const key = wordKey(textOf(value) ?? '');
      return together && key === 'language' ? 'completion' : modeByType.get(key);
    },
  );
}

function modeOfOutput(listing: JsonObject): LitellmMode | undefined {
  const outputs = outputModalities(listing);
  // Text alone from sound alone is as often a transcriber as a chat model: left to the id.
  const hears = inputModalities(listing).join() === 'audio';
  if (outputs.includes('text')) return hears ? undefined : 'chat';
  return firstMode(modeByOutput, outputs);
}

/** Which calls a server offers for a model: Cohere, new-api, Gemini. new-api says `openai` of everything. */
function modeOfCalls(listing: JsonObject): LitellmMode | undefined {
  const calls = ['endpoints', 'supported_endpoint_types', 'supportedGenerationMethods'].flatMap((key) =>
    textsOf(listing[key]),
  );
  return calls.includes('openai') ? undefined : modeOfWords(calls);
}

/** Capabilities that no mode of LiteLLM serves. */
const uncallable = new Set(['classification', 'classify', 'detection', 'vad']);

function unusableReason(listing: JsonObject, reported: LitellmMode | undefined): string | undefined {
  const words = textsOf(listing['capabilities']);
  if (reported === undefined && words.length > 0 && words.every((word) => uncallable.has(wordKey(word)))) {
    return `the server offers it for ${words.join(', ')} only, which LiteLLM has no mode for`;
  }
  if (objectsOf(listing['providers']).length > 0 && liveProviders(listing).length === 0) {
    return 'no provider behind the router serves it at present';
  }
  return undefined;
}

/** A word of an id: not a part of a longer word, whatever separates words there. */
function word(pattern: string): RegExp {
  return new RegExp(`(?<![a-z0-9])(?:${pattern})(?![a-z0-9])`, 'i');
}

/** Tested in this order: a `bge-reranker` is no embedder, a `gpt-realtime-whisper` no transcriber. */
const modePatterns: [RegExp, LitellmMode][] = [
  [word('rerank[a-z]*'), 'rerank'],
  [word('embed[a-z0-9]*|bge|e5|gte|minilm'), 'embedding'],
  [word('realtime'), 'realtime'],
  [word('whisper|transcribe|parakeet'), 'audio_transcription'],
  [word('x?tts|orpheus|kokoro|piper'), 'audio_speech'],
  [word('dall-?e|gpt-image|flux|sdxl|stable-?diffusion|imagen'), 'image_generation'],
  [word('moderation|guard'), 'moderation'],
  [word('sora|veo'), 'video_generation'],
  [word('babbage|davinci'), 'completion'],
  [/^gpt-[\w.-]*-instruct(-\d{4})?$/i, 'completion'],
];

/** The mode that an id suggests, for servers that say nothing. Only the part after the last slash counts: the rest names people. */
export function modeById(modelId: string): LitellmMode | undefined {
  const name = modelId.split(/[/\\]/).at(-1) ?? modelId;
  return modePatterns.find(([pattern]) => pattern.test(name))?.[1];
}
