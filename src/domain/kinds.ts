import { z } from 'zod';

/** What a provider speaks. `openai` is every OpenAI-compatible server; `litellm` is another LiteLLM proxy as a source. */
export const providerKinds = ['ollama', 'openai', 'litellm'] as const;
export const providerKind = z.enum(providerKinds, `takes ${providerKinds.join(', ')}`);
export type ProviderKind = z.infer<typeof providerKind>;

/** Which of LiteLLM's routes serves an Ollama model; the words are LiteLLM's prefixes. */
export const ollamaModes = ['ollama', 'ollama_chat', 'openai'] as const;
export const ollamaMode = z.enum(ollamaModes, `takes ${ollamaModes.join(', ')}`);
export type OllamaMode = z.infer<typeof ollamaMode>;

/** The `model_info.mode` values that LiteLLM's health check and routing know (`main.py:ahealth_check`, 1.81). */
export const litellmModes = [
  'chat',
  'completion',
  'embedding',
  'rerank',
  'audio_transcription',
  'audio_speech',
  'image_generation',
  'image_edit',
  'video_generation',
  'moderation',
  'responses',
  'ocr',
  'search',
  'realtime',
  'vector_store',
] as const;
export const litellmMode = z.enum(litellmModes, `takes ${litellmModes.join(', ')}`);
export type LitellmMode = z.infer<typeof litellmMode>;

/** The predecessor's categories (its B.17), for people to filter by; nothing that is pushed depends on them. */
export const modelCategories = [
  'chat',
  'vision',
  'code',
  'reasoning',
  'embedding',
  'audio',
  'image',
  'unknown',
] as const;
export type ModelCategory = (typeof modelCategories)[number];
