import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cleanOllamaListing, cleanOpenAiListing } from '../../src/domain/clean-payload.js';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import { isJsonObject, type Json, type JsonObject } from '../../src/domain/json.js';
import { anyObject, entriesOf, sample } from './sample.js';

/** What servers change between two calls although nothing changed: times, random ids, statistics, orders. */
function secondCall(value: Json): Json {
  if (Array.isArray(value)) return value.map(secondCall).reverse();
  if (!isJsonObject(value)) return value;
  const changed = Object.entries(value)
    .reverse()
    .map(([key, item]): [string, Json] => {
      if (['created', 'modified_at'].includes(key)) return [key, 'another time'];
      if (['permission', 'stats'].includes(key)) return [key, [{ id: 'another id' }]];
      return [key, secondCall(item)];
    });
  return Object.fromEntries(changed);
}

function fingerprints(body: Json, clean: (entry: JsonObject) => JsonObject): [string, string][] {
  return entriesOf(body).map(({ modelId, entry }) => [modelId, listingFingerprint(clean(entry))]);
}

test.each([
  'vllm/v1-models.json',
  'sglang/v1-models.json',
  'llamacpp/v1-models.json',
  'infinity/models.json',
  'openrouter/api-v1-models.json',
  'mistral/v1-models.json',
  'together/v1-models.json',
  'localai/v1-models-capabilities.json',
])('C1: two calls of an unchanged server have the same fingerprints (%s)', (path) => {
  expect(fingerprints(secondCall(sample(path)), cleanOpenAiListing)).toEqual(
    fingerprints(sample(path), cleanOpenAiListing),
  );
});

test('C1: two calls of an unchanged Ollama have the same fingerprints', () => {
  const tags = sample('ollama/tags.json');
  expect(fingerprints(secondCall(tags), cleanOllamaListing)).toEqual(fingerprints(tags, cleanOllamaListing));
});

test('a new digest, a new limit or a new capability is a new fingerprint', () => {
  const clean = (entry: JsonObject) => listingFingerprint(cleanOllamaListing(entry));
  expect(clean({ name: 'a', digest: '1' })).not.toBe(clean({ name: 'a', digest: '2' }));
  const row = (entry: JsonObject) => listingFingerprint(cleanOpenAiListing({ id: 'a', ...entry }));
  expect(row({ max_model_len: 1 })).not.toBe(row({ max_model_len: 2 }));
  expect(row({ capabilities: ['tools'] })).not.toBe(row({ capabilities: ['tools', 'vision'] }));
  expect(row({})).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test('the order of keys changes no fingerprint', () => {
  fc.assert(
    fc.property(anyObject, (entry) => {
      const turned = Object.fromEntries(Object.entries(entry).reverse());
      expect(listingFingerprint(cleanOpenAiListing(turned))).toBe(
        listingFingerprint(cleanOpenAiListing(entry)),
      );
    }),
  );
});
