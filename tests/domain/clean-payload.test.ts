import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  cleanLitellmRow,
  cleanOllamaListing,
  cleanOllamaShow,
  cleanOpenAiListing,
} from '../../src/domain/clean-payload.js';
import { canonicalJson, type JsonObject } from '../../src/domain/json.js';
import { anyObject, entriesOf, sample } from './sample.js';

const cleaners = { cleanOllamaListing, cleanOllamaShow, cleanOpenAiListing, cleanLitellmRow };

test('a show answer of 65 kB keeps what we use and nothing heavy', () => {
  expect(cleanOllamaShow(sample('ollama/show-gemma3--12b.json'))).toEqual({
    details: {
      format: 'gguf',
      family: 'gemma3',
      families: ['gemma3'],
      parameter_size: '12.2B',
      quantization_level: 'Q4_K_M',
    },
    capabilities: ['completion', 'vision'],
    parameters: { stop: '<end_of_turn>', temperature: 1, top_k: 64, top_p: 0.95 },
    model_info: {
      'gemma3.context_length': 131072,
      'gemma3.embedding_length': 3840,
      'gemma3.vision.block_count': 27,
      'general.architecture': 'gemma3',
      'general.file_type': 15,
      'general.parameter_count': 12187325040,
    },
  });
  expect(canonicalJson(cleanOllamaShow(sample('ollama/show-huge--llama3.1--70b.json'))).length).toBeLessThan(
    1_000,
  );
});

test('a server without capabilities leaves the facts of its template and projector behind', () => {
  expect(cleanOllamaShow(sample('ollama/show-legacy-0.5--mistral--7b.json'))).toMatchObject({
    template_has_tools: true,
  });
  expect(cleanOllamaShow({ template: '{{ .Suffix }}' })).toEqual({ template_has_suffix: true });
  expect(cleanOllamaShow(sample('ollama/show-qwen2.5-coder--7b.json'))).not.toHaveProperty(
    'template_has_suffix',
  );
  expect(cleanOllamaShow(sample('ollama/show-llava--7b.json'))).toMatchObject({ has_projector: true });
});

test('what another LiteLLM knows of hosts and keys stays there', () => {
  const row = cleanLitellmRow({
    model_name: 'm',
    litellm_params: {
      model: 'azure/x',
      api_base: 'https://eu.example',
      api_key: 'sk-1',
      headers: { a: 'b' },
    },
    model_info: { id: 'a', mode: 'chat', supports_vision: null, supports_reasoning: false, api_key: 'sk-2' },
  });
  expect(row).toEqual({
    model_name: 'm',
    litellm_params: { model: 'azure/x' },
    model_info: { id: 'a', mode: 'chat' },
  });
});

test('user name and password of a remote host are not kept', () => {
  expect(cleanOllamaListing({ remote_host: 'https://me:secret@ollama.com:443/?key=x' })).toEqual({
    remote_host: 'https://ollama.com:443/',
  });
});

test('capabilities as an object of flags become the words that hold', () => {
  const clean = entriesOf(sample('anthropic/v1-models-page1.json')).map(({ entry }) =>
    cleanOpenAiListing(entry),
  );
  expect(clean[1]?.['capabilities']).toEqual([
    'batch',
    'citations',
    'code_execution',
    'context_management',
    'image_input',
    'pdf_input',
    'structured_outputs',
    'thinking',
  ]);
});

test('an entry is bounded to 16 kB, whatever a server sends', () => {
  const words = Array.from({ length: 500 }, (_, index) => `${'é'.repeat(90)}${index}`);
  const entry: JsonObject = { id: 'x', description: 'x'.repeat(1e6) };
  for (const key of ['capabilities', 'tags', 'supported_parameters', 'endpoints', 'input_modalities'])
    entry[key] = words;
  const clean = cleanOpenAiListing(entry);
  expect(Buffer.byteLength(JSON.stringify(clean))).toBeLessThanOrEqual(16_000);
  expect(clean['id']).toBe('x');
});

test.each(Object.entries(cleaners))(
  '%s never throws, is bounded, and cleaning twice changes nothing',
  (_, clean) => {
    fc.assert(
      fc.property(anyObject, (entry) => {
        const once = clean(entry);
        expect(Buffer.byteLength(canonicalJson(once))).toBeLessThanOrEqual(16_000);
        expect(canonicalJson(clean(once))).toBe(canonicalJson(once));
      }),
    );
  },
);
