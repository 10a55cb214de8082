import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanOpenAiListing } from '../../src/domain/clean-payload.js';
import type { JsonObject } from '../../src/domain/json.js';
import { reportedPrice } from '../../src/domain/reported-price.js';
import { anyObject, entriesOf, sample } from './sample.js';

function prices(path: string, id: string) {
  const row = entriesOf(sample(path)).find(({ modelId }) => modelId === id);
  return priceOf(row?.entry ?? {});
}

function priceOf(row: JsonObject, mode: 'chat' | 'rerank' = 'chat') {
  return reportedPrice('openai', cleanOpenAiListing(row), mode).prices;
}

test('C9: a free model of OpenRouter costs 0 and 0', () => {
  expect(prices('openrouter/api-v1-models.json', 'cohere/north-mini-code:free')).toEqual({
    input_cost_per_token: 0,
    output_cost_per_token: 0,
  });
});

test('C9: no price is invented', () => {
  expect(prices('openai/v1-models.json', 'whisper-1')).toEqual({});
  expect(prices('openai/v1-models.json', 'gpt-4o-mini')).toEqual({});
  expect(prices('openrouter/api-v1-models.json', 'openrouter/auto')).toEqual({});
  expect(prices('together/v1-models.json', 'black-forest-labs/FLUX.1-schnell')).toEqual({});
  expect(reportedPrice('ollama', { input_cost_per_token: 1e-6 }, 'chat').prices).toEqual({});
});

test('OpenRouter’s strings per token are read, extras of 0 left out', () => {
  expect(prices('openrouter/api-v1-models.json', '~anthropic/claude-sonnet-latest')).toEqual({
    input_cost_per_token: 3e-6,
    output_cost_per_token: 1.5e-5,
    cache_read_input_token_cost: 3e-7,
    cache_creation_input_token_cost: 3.75e-6,
  });
  expect(prices('openrouter/api-v1-models.json', 'openai/gpt-4')).toEqual({
    input_cost_per_token: 3e-5,
    output_cost_per_token: 6e-5,
  });
});

test('a fee per request is a price per query for a reranker, and no free tokens for others', () => {
  const pricing = { prompt: '0', completion: '0', request: '0.002' };
  expect(priceOf({ pricing }, 'rerank')).toEqual({ input_cost_per_query: 0.002 });
  expect(priceOf({ pricing })).toEqual({});
});

test('Together’s price per million becomes one per token without noise', () => {
  expect(prices('together/v1-models.json', 'meta-llama/Llama-3.3-70B-Instruct-Turbo')).toEqual({
    input_cost_per_token: 8.8e-7,
    output_cost_per_token: 8.8e-7,
  });
  expect(prices('together/v1-models.json', 'BAAI/bge-base-en-v1.5')).toEqual({
    input_cost_per_token: 8e-9,
    output_cost_per_token: 0,
  });
});

test('Vercel’s strings are per token; numbers without a known unit are no price', () => {
  expect(prices('vercel-ai-gateway/v1-models.json', 'openai/gpt-5-mini')).toEqual({
    input_cost_per_token: 2.5e-7,
    output_cost_per_token: 2e-6,
    cache_read_input_token_cost: 2.5e-8,
  });
  expect(priceOf({ pricing: { input: 0.3, output: 0.6 } })).toEqual({});
  expect(priceOf({ pricing: { prompt: '3', completion: '15' } })).toEqual({});
});

test('Hugging Face’s router: the highest of the live providers, or none when one has no price', () => {
  const live = (input: number, output: number) => ({ status: 'live', pricing: { input, output } });
  const cheapAndDear = [
    live(0.1, 0.4),
    live(0.3, 0.2),
    { status: 'staging', pricing: { input: 9, output: 9 } },
  ];
  expect(priceOf({ providers: cheapAndDear })).toEqual({
    input_cost_per_token: 3e-7,
    output_cost_per_token: 4e-7,
  });
  expect(priceOf({ providers: [...cheapAndDear, { status: 'live' }] })).toEqual({});
});

test('zeros that LiteLLM fills in beside a price per second are no free tokens', () => {
  const info = { input_cost_per_token: 0, output_cost_per_token: 0, input_cost_per_second: 1e-4 };
  expect(reportedPrice('litellm', { model_info: info }, 'audio_transcription').prices).toEqual({
    input_cost_per_second: 1e-4,
  });
});

test('every price is a number of 0 or more, and 0 only for tokens', () => {
  fc.assert(
    fc.property(anyObject, anyObject, (listing, pricing) => {
      const { prices: found } = reportedPrice('openai', { ...listing, pricing }, 'chat');
      for (const [key, price] of Object.entries(found)) {
        expect(Number.isFinite(price) && price >= 0).toBe(true);
        if (price === 0) expect(key).toMatch(/^(input|output)_cost_per_token$/);
      }
    }),
  );
});
