import { wordKey } from './capabilities.js';
import type { LitellmMode, ModelCategory } from './kinds.js';

const byMode: Partial<Record<LitellmMode, ModelCategory>> = {
  embedding: 'embedding',
  rerank: 'embedding',
  audio_transcription: 'audio',
  audio_speech: 'audio',
  image_generation: 'image',
  image_edit: 'image',
};

const visionWords = new Set(['vision', 'image_input']);
const reasoningWords = new Set(['thinking', 'reasoning']);
const talking = new Set<LitellmMode>(['chat', 'completion', 'responses', 'realtime']);
const codeNames = /coder|code-|codellama|starcoder|codestral|devstral|\bcode\b/;
const reasoningNames = /\bo[13](?:-|$)|reasoning|deepseek-r1|\bqwq\b/;

/** The first that fits: what it is for, then what it can, then what its name says. */
export function modelCategory(modelId: string, mode: LitellmMode, capabilities: string[]): ModelCategory {
  const forMode = byMode[mode];
  if (forMode !== undefined) return forMode;
  if (!talking.has(mode)) return 'unknown';
  const words = capabilities.map(wordKey);
  if (words.some((word) => visionWords.has(word))) return 'vision';
  const name = modelId.toLowerCase();
  if (words.some((word) => reasoningWords.has(word)) || reasoningNames.test(name)) return 'reasoning';
  if (codeNames.test(name)) return 'code';
  return 'chat';
}
