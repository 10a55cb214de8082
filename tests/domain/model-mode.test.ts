import { expect, test } from '@jest/globals';
import { modeById } from '../../src/domain/model-mode.js';
import { openAiModel, openAiModels, ollamaModel, litellmModels } from './sample.js';

test.each([
  ['text-embedding-3-small', 'embedding'],
  ['BAAI/bge-m3', 'embedding'],
  ['intfloat/multilingual-e5-large', 'embedding'],
  ['Alibaba-NLP/gte-Qwen2-1.5B-instruct', 'embedding'],
  ['embeddinggemma:300m', 'embedding'],
  ['all-MiniLM-L6-v2', 'embedding'],
  ['BAAI/bge-reranker-v2-m3', 'rerank'],
  ['rerank-v3.5', 'rerank'],
  ['whisper-large-v3-turbo', 'audio_transcription'],
  ['gpt-4o-transcribe', 'audio_transcription'],
  ['nvidia/parakeet-tdt-0.6b', 'audio_transcription'],
  ['gpt-4o-mini-tts', 'audio_speech'],
  ['canopylabs/orpheus-arabic-saudi', 'audio_speech'],
  ['Kokoro-82M', 'audio_speech'],
  ['dall-e-3', 'image_generation'],
  ['gpt-image-1', 'image_generation'],
  ['black-forest-labs/FLUX.1-schnell', 'image_generation'],
  ['stable-diffusion-3.5-large', 'image_generation'],
  ['models/imagen-4.0-generate-001', 'image_generation'],
  ['omni-moderation-latest', 'moderation'],
  ['meta-llama/Llama-Guard-3-8B', 'moderation'],
  ['gpt-4o-realtime-preview', 'realtime'],
  ['babbage-002', 'completion'],
  ['gpt-3.5-turbo-instruct', 'completion'],
  ['gpt-3.5-turbo-instruct-0914', 'completion'],
  ['sora-2', 'video_generation'],
])('the id %s suggests %s', (id, mode) => {
  expect(modeById(id)).toBe(mode);
});

test.each([
  'gpt-4o',
  'Llama-3.3-70B-Instruct',
  'guardrails/llama',
  'whisper-labs/chatty',
  'fluxion-7b',
  'the5th',
  'visor',
])('the id %s suggests nothing: only whole words of the last part count', (id) => {
  expect(modeById(id)).toBeUndefined();
});

test('C6: embedding, whisper, tts and dall-e of a server that tells nothing have their own modes, marked as guessed', () => {
  const models = openAiModels('openai/v1-models.json');
  expect([...models].map(([id, { mode }]) => `${id} ${mode}`)).toEqual([
    'babbage-002 completion',
    'dall-e-3 image_generation',
    'ft:gpt-4o-mini-2024-07-18:acme-corp:support-bot:AbCdEfGh chat',
    'gpt-4o-mini chat',
    'gpt-4o-mini-2024-07-18 chat',
    'gpt-4o-realtime-preview realtime',
    'gpt-image-1 image_generation',
    'o4-mini chat',
    'omni-moderation-latest moderation',
    'text-embedding-3-large embedding',
    'tts-1-hd audio_speech',
    'whisper-1 audio_transcription',
  ]);
  expect(models.get('whisper-1')?.provenance['mode']).toBe('guessed');
});

test('C6: an Ollama chat model is chat, an embedding model embedding', () => {
  expect(ollamaModel('llama3.1:8b')).toMatchObject({ mode: 'chat', provenance: { mode: 'reported' } });
  expect(ollamaModel('nomic-embed-text:latest')).toMatchObject({
    mode: 'embedding',
    provenance: { mode: 'reported' },
  });
});

test('an image model of Ollama cannot be called, and says why', () => {
  const model = ollamaModel('x/z-image-turbo:latest');
  expect(model.unusable).toMatch(/image generation/);
  expect(model.litellmParams).toEqual({ mode: 'image_generation' });
});

test('capability words decide (LocalAI, Infinity, Mistral)', () => {
  const localai = openAiModels('localai/v1-models-capabilities.json');
  expect(Object.fromEntries([...localai].map(([id, { mode }]) => [id, mode]))).toEqual({
    'gpt-4': 'chat',
    'jina-reranker-v1-base-en': 'rerank',
    'some-loose-file.gguf': 'chat',
    stablediffusion: 'image_generation',
    'text-embedding-ada-002': 'embedding',
    'tts-1': 'audio_speech',
    'whisper-1': 'audio_transcription',
  });
  expect(localai.get('whisper-1')?.provenance['mode']).toBe('reported');

  const infinity = openAiModels('infinity/models.json');
  expect(infinity.get('mixedbread-ai/mxbai-rerank-xsmall-v1')?.mode).toBe('rerank');
  expect(infinity.get('wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M')?.mode).toBe('embedding');
  expect(infinity.get('SamLowe/roberta-base-go_emotions')?.unusable).toMatch(/classify/);

  const mistral = openAiModels('mistral/v1-models.json');
  expect(mistral.get('mistral-ocr-2505')?.mode).toBe('ocr');
  expect(mistral.get('voxtral-mini-2507')?.mode).toBe('audio_transcription');
  expect(mistral.get('mistral-moderation-2411')?.mode).toBe('moderation');
  expect(mistral.get('mistral-embed')).toMatchObject({ mode: 'embedding', provenance: { mode: 'guessed' } });
});

test('the reported type decides (Together, LM Studio, Vercel)', () => {
  const together = openAiModels('together/v1-models.json');
  expect(together.get('codellama/CodeLlama-34b-Python-hf')?.mode).toBe('completion');
  expect(together.get('Salesforce/Llama-Rank-V1')).toMatchObject({
    mode: 'rerank',
    provenance: { mode: 'reported' },
  });
  const lmStudio = openAiModels('lmstudio/api-v0-models.json');
  expect(lmStudio.get('text-embedding-nomic-embed-text-v1.5')?.mode).toBe('embedding');
  expect(lmStudio.get('qwen2-vl-7b-instruct')).toMatchObject({
    mode: 'chat',
    litellmParams: { supports_vision: true },
  });
  const vercel = openAiModels('vercel-ai-gateway/v1-models.json');
  expect(vercel.get('openai/gpt-5-mini')?.mode).toBe('chat');
  expect(vercel.get('openai/gpt-4o-mini-transcribe')?.mode).toBe('audio_transcription');
});

test('output modalities decide, and image with text is chat (OpenRouter)', () => {
  expect(openAiModels('openrouter/api-v1-models.json').get('google/gemini-3-image')?.mode).toBe('chat');
  const others = openAiModels('openrouter/api-v1-models-output_modalities-embeddings.json');
  expect(others.get('openai/text-embedding-3-small')?.mode).toBe('embedding');
  expect(others.get('cohere/rerank-v3.5')?.mode).toBe('rerank');
  const image = { id: 'a', architecture: { input_modalities: ['text'], output_modalities: ['image'] } };
  expect(openAiModel(image).mode).toBe('image_generation');
});

test('a mode in LiteLLM’s words wins; one that LiteLLM does not know is ignored', () => {
  expect(litellmModels('litellm/model-info.json').get('bge-m3')).toMatchObject({
    mode: 'embedding',
    provenance: { mode: 'reported' },
    litellmParams: { output_vector_size: 1024 },
  });
  expect(openAiModel({ id: 'a', type: 'embedding', model_info: { mode: 'chat' } }).mode).toBe('chat');
  expect(openAiModel({ id: 'a', mode: 'ollama' })).toMatchObject({
    mode: 'chat',
    provenance: { mode: 'guessed' },
  });
});
