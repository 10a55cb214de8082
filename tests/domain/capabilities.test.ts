import { expect, test } from '@jest/globals';
import { litellmModels, ollamaModel, openAiModel, openAiModels, sample, shownModel } from './sample.js';

test('C6: an Ollama chat model with tools has its flags, but no tool_choice', () => {
  const { litellmParams, provenance } = ollamaModel('qwen3:8b');
  expect(litellmParams).toEqual({
    mode: 'chat',
    supports_function_calling: true,
    supports_reasoning: true,
    supports_response_schema: true,
    supports_system_messages: true,
    supported_openai_params: [
      'frequency_penalty', 'max_tokens', 'n', 'seed', 'stop', 'stream', 'temperature', 'tool_choice', 'tools', 'top_k', 'top_p',
    ], // prettier-ignore
  });
  expect(provenance).toMatchObject({ supports_reasoning: 'reported', supports_system_messages: 'derived' });
});

test('C6: flags that a server reports in LiteLLM’s words are true', () => {
  const model = openAiModel({
    id: 'm',
    model_info: { supports_vision: true, supports_function_calling: true, supports_reasoning: false },
  });
  expect(model.litellmParams).toEqual({
    mode: 'chat',
    supports_vision: true,
    supports_function_calling: true,
  });
});

test('C16: insert is a capability, never a flag of its own', () => {
  const model = ollamaModel('qwen2.5-coder:7b');
  expect(model.capabilities).toEqual(['completion', 'insert', 'tools']);
  expect(Object.keys(model.litellmParams).join()).not.toMatch(/fill_in_middle|infilling/);
  expect(openAiModels('mistral/v1-models.json').get('codestral-2508')?.capabilities).toContain('insert');
});

test('an embedding model has a vector size and no output limit', () => {
  expect(ollamaModel('nomic-embed-text:latest').litellmParams).toEqual({
    mode: 'embedding',
    output_vector_size: 768,
  });
});

test('show knows more than tags', () => {
  const id = 'hf.co/bartowski/Qwen2.5-14B-Instruct-GGUF:Q4_K_M';
  expect(ollamaModel(id).capabilities).toEqual(['completion', 'tools']);
  expect(ollamaModel(id, 'tags.json', false).capabilities).toEqual(['completion']);
});

test('a server before 0.6.4 is understood by template, projector, families and pooling, marked as derived', () => {
  const mistral = shownModel(sample('ollama/show-legacy-0.5--mistral--7b.json'));
  expect(mistral).toMatchObject({
    mode: 'chat',
    capabilities: ['completion', 'tools'],
    litellmParams: { supports_function_calling: true },
    provenance: { mode: 'derived', supports_function_calling: 'derived' },
  });
  const without = (name: string) => {
    const show = sample(`ollama/${name}`);
    delete show['capabilities'];
    return shownModel(show).capabilities;
  };
  expect(without('show-llava--7b.json')).toEqual(['completion', 'vision']);
  expect(without('show-gemma3--12b.json')).toEqual(['completion', 'vision']);
  expect(without('show-nomic-embed-text--latest.json')).toEqual(['embedding']);
  expect(without('show-qwen2.5-coder--7b.json')).toEqual(['completion', 'insert', 'tools']);
});

test('tags of a server before 0.30 without show are enough for chat or embedding', () => {
  const old = 'tags-0.12-to-0.29-no-capabilities.json';
  expect(ollamaModel('nomic-embed-text:latest', old, false).mode).toBe('embedding');
  expect(ollamaModel('llava:7b', old, false).capabilities).toEqual(['completion', 'vision']);
  expect(ollamaModel('x/z-image-turbo:latest', old, false).unusable).toBeDefined();
});

test('cloud models are remote, and their maximum is their context', () => {
  expect(ollamaModel('gpt-oss:120b-cloud')).toMatchObject({ remote: true, maxContextWindow: 131_072 });
  expect(ollamaModel('teamspace/helper-cloud:latest')).toMatchObject({ remote: true, mode: 'chat' });
  expect(ollamaModel('gpt-oss:20b').remote).toBe(false);
  expect(shownModel({ parameters: 'num_ctx 4096' }, 'x:cloud')).not.toHaveProperty('configuredContext');
  expect(shownModel({ remote_host: 'https://ollama.com' }, 'x:local').remote).toBe(false);
});

test('OpenRouter’s parameters and modalities become flags and parameters', () => {
  const models = openAiModels('openrouter/api-v1-models.json');
  expect(models.get('openai/gpt-5-mini')).toMatchObject({
    capabilities: ['pdf input', 'reasoning', 'structured_outputs', 'tool_choice', 'tools', 'vision'],
    litellmParams: {
      max_output_tokens: 128_000,
      supports_function_calling: true,
      supports_pdf_input: true,
      supports_reasoning: true,
      supports_response_schema: true,
      supports_tool_choice: true,
      supports_vision: true,
    },
  });
  expect(models.get('mistralai/voxtral-small')?.litellmParams).toMatchObject({ supports_audio_input: true });
  expect(models.get('google/gemma-4-26b-a4b-it:free')?.litellmParams).toMatchObject({
    supports_video_input: true,
  });
  expect(models.get('inception/mercury-2.5-preview')?.litellmParams['supported_openai_params']).toEqual([
    'include_reasoning', 'max_tokens', 'reasoning', 'reasoning_effort', 'response_format', 'stop', 'structured_outputs',
    'temperature', 'tool_choice', 'tools',
  ]); // prettier-ignore
});

test('a model that does not talk has no chat flags and no output limit', () => {
  const models = openAiModels('groq/v1-models.json');
  expect(models.get('whisper-large-v3-turbo')).toEqual({
    mode: 'audio_transcription',
    category: 'audio',
    capabilities: [],
    remote: false,
    litellmParams: { mode: 'audio_transcription' },
    provenance: { mode: 'guessed' },
  });
  expect(models.get('qwen/qwen3-32b')?.litellmParams).toMatchObject({ max_output_tokens: 40_960 });
});

test('the vector size of llama.cpp counts for embedding models only', () => {
  const row = { meta: { n_ctx: 512, n_embd: 1024 } };
  expect(openAiModel({ id: 'bge-m3', ...row }).litellmParams).toEqual({
    mode: 'embedding',
    output_vector_size: 1024,
  });
  expect(openAiModel({ id: 'qwen', ...row }).litellmParams).toEqual({ mode: 'chat' });
});

test('num_predict is an output limit when positive; the context never is', () => {
  const show = (parameters: string) => shownModel({ capabilities: ['completion'], parameters }).litellmParams;
  expect(show('num_predict 512')['max_output_tokens']).toBe(512);
  expect(show('num_predict -1')).not.toHaveProperty('max_output_tokens');
  expect(show('num_ctx 8192')).not.toHaveProperty('max_output_tokens');
  expect(openAiModel({ id: 'a', context_window: 8192, max_tokens: 8192 }).litellmParams).toEqual({
    mode: 'chat',
  });
});

test('another LiteLLM’s group has what all its deployments have', () => {
  const model = litellmModels('litellm/model-info.json').get('gpt-4o');
  expect(model).toEqual({
    mode: 'chat',
    capabilities: ['function_calling', 'vision'],
    category: 'vision',
    maxContextWindow: 128_000,
    remote: false,
    litellmParams: {
      mode: 'chat',
      max_output_tokens: 16_384,
      supports_function_calling: true,
      supports_vision: true,
      input_cost_per_token: 2.75e-6,
      output_cost_per_token: 1.1e-5,
    },
    provenance: {
      mode: 'reported',
      max_context_window: 'reported',
      max_output_tokens: 'reported',
      supports_function_calling: 'reported',
      supports_vision: 'reported',
      input_cost_per_token: 'reported',
      output_cost_per_token: 'reported',
    },
  });
});
