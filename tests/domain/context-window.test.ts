import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { architectureContext, inheritFromParents, tokenLimit } from '../../src/domain/context-window.js';
import { objectOf } from '../../src/domain/read-json.js';
import { litellmModels, ollamaModel, openAiModel, openAiModels, sample, shownModel } from './sample.js';

test.each([4096, '4096', ' 131072 ', 128_000.0, 1e8])('%p is a number of tokens', (value) => {
  expect(tokenLimit(value)).toBe(Number(value));
});

test.each([
  0,
  -1,
  1.5,
  1e15,
  NaN,
  Infinity,
  true,
  null,
  undefined,
  '',
  '0',
  '-1',
  '128k',
  '1e5',
  '4096.5',
  [4096],
])('%p is unknown, not a number of tokens', (value) => {
  expect(tokenLimit(value)).toBeUndefined();
});

test('every number of tokens is a positive safe integer up to 1e8', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const limit = tokenLimit(value) ?? 1;
      expect(Number.isSafeInteger(limit) && limit > 0 && limit <= 1e8).toBe(true);
    }),
  );
});

test('C5: context and embedding length come from the metadata of show', () => {
  expect(ollamaModel('gemma3:12b').maxContextWindow).toBe(131_072);
  expect(ollamaModel('nomic-embed-text:latest').litellmParams['output_vector_size']).toBe(768);
  const show = (architecture: string, context: number) =>
    shownModel({
      capabilities: ['completion'],
      model_info: { 'general.architecture': architecture, [`${architecture}.context_length`]: context },
    });
  expect(show('llama', 131_072).maxContextWindow).toBe(131_072);
  expect(show('qwen3moe', 262_144).maxContextWindow).toBe(262_144);
  expect(show('phi3', 16_384).maxContextWindow).toBe(16_384);
});

test('C5: no context is invented from a name', () => {
  expect(openAiModel({ id: 'llama-3.1-8b-128k' }).maxContextWindow).toBeUndefined();
  expect(ollamaModel('teamspace/helper-cloud:latest').maxContextWindow).toBeUndefined();
});

test('the rope length is a decoy', () => {
  const info = { 'general.architecture': 'gptoss', 'gptoss.rope.scaling.original_context_length': 4096 };
  expect(architectureContext(info)).toBeUndefined();
  expect(architectureContext({ ...info, 'gptoss.context_length': 131_072 })).toBe(131_072);
  expect(ollamaModel('gpt-oss:20b').maxContextWindow).toBe(131_072);
});

test('façades with other keys are understood, and two candidates are none', () => {
  expect(architectureContext(objectOf(sample('localai/api-show.json')['model_info']))).toBe(8192);
  expect(architectureContext(objectOf(sample('sglang/api-show.json')['model_info']))).toBe(131_072);
  expect(architectureContext(objectOf(sample('llamacpp/api-show.json')['model_info']))).toBeUndefined();
  expect(architectureContext({ 'a.context_length': 1, 'b.context_length': 2 })).toBeUndefined();
});

test('num_ctx of the Modelfile is what the server uses, bounded by the maximum', () => {
  expect(ollamaModel('llava:7b')).toMatchObject({ maxContextWindow: 32_768, configuredContext: 4096 });
  expect(ollamaModel('nomic-embed-text:latest')).toMatchObject({
    maxContextWindow: 2048,
    configuredContext: 2048,
  });
  expect(ollamaModel('llama3.1:8b')).not.toHaveProperty('configuredContext');
});

test('without show the context of tags counts', () => {
  expect(ollamaModel('qwen3:8b', 'tags.json', false)).toMatchObject({
    maxContextWindow: 40_960,
    capabilities: ['completion', 'thinking', 'tools'],
  });
});

test('max_model_len is maximum and configuration in one, and a LoRA inherits it', () => {
  const models = openAiModels('sglang/v1-models.json');
  const limits = { maxContextWindow: 131_072, configuredContext: 131_072 };
  expect(models.get('meta-llama/Llama-3.1-8B-Instruct')).toMatchObject({
    ...limits,
    provenance: { max_context_window: 'reported' },
  });
  expect(models.get('my-lora')).toMatchObject({ ...limits, provenance: { max_context_window: 'derived' } });
});

test('a circle of parents ends', () => {
  const circle = [
    { modelId: 'a', listing: { parent: 'b' } },
    { modelId: 'b', listing: { parent: 'a' } },
  ];
  expect(inheritFromParents(circle)).toEqual(circle);
});

test('llama.cpp tells both windows, or the trained one alone', () => {
  expect(openAiModels('llamacpp/v1-models.json').get('Qwen3-8B-Q4_K_M.gguf')).toMatchObject({
    maxContextWindow: 40_960,
    configuredContext: 16_384,
  });
  const older = [...openAiModels('llamacpp/v1-models-2025.json').values()][0];
  expect(older).toMatchObject({ maxContextWindow: 131_072 });
  expect(older).not.toHaveProperty('configuredContext');
});

test('hosted services name the window in their own ways', () => {
  expect(openAiModels('openrouter/api-v1-models.json').get('openai/gpt-4')?.maxContextWindow).toBe(8191);
  expect(openAiModels('groq/v1-models.json').get('qwen/qwen3-32b')?.maxContextWindow).toBe(131_072);
  expect(openAiModels('mistral/v1-models.json').get('codestral-2508')?.maxContextWindow).toBe(256_000);
  expect(openAiModels('together/v1-models.json').get('BAAI/bge-base-en-v1.5')?.maxContextWindow).toBe(512);
  expect(openAiModels('anthropic/v1-models-page1.json').get('claude-opus-4-6')).toMatchObject({
    maxContextWindow: 200_000,
    litellmParams: { max_output_tokens: 128_000 },
  });
  expect(litellmModels('litellm/model-info.json').get('bge-m3')?.maxContextWindow).toBe(8192);
});
