import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { providerKinds } from '../../src/domain/kinds.js';
import { canonicalJson, type Json, type JsonObject } from '../../src/domain/json.js';
import { anyObject, foundModel, normalised } from './sample.js';

const limitFields = ['max_output_tokens', 'output_vector_size'];

function isKnown(name: string, value: Json): boolean {
  if (value === false || value === null || Number.isNaN(value)) return false;
  return value !== 0 || /^(input|output)_cost_per_token$/.test(name);
}

test('whatever a server sends: no throw, no false, null, NaN or 0 but a price, and limits that LiteLLM can use', () => {
  const id = fc.oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.constantFrom('a:cloud', 'whisper-1', 'bge-m3'),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...providerKinds),
      id,
      anyObject,
      fc.option(anyObject),
      (kind, modelId, listing, details) => {
        const model = normalised(kind, {
          ...foundModel(modelId, listing, details ?? undefined),
          observedContext: 4096,
        });
        for (const [name, value] of Object.entries(model.litellmParams))
          expect([name, isKnown(name, value)]).toEqual([name, true]);
        const limits = [
        model.maxContextWindow, model.configuredContext, model.observedContext,
        ...limitFields.map((name) => model.litellmParams[name]),
      ].filter((limit) => limit !== undefined); // prettier-ignore
        for (const limit of limits) expect(Number.isSafeInteger(limit) && Number(limit) > 0).toBe(true);
        expect(Math.max(model.configuredContext ?? 0, model.observedContext ?? 0)).toBeLessThanOrEqual(
          model.maxContextWindow ?? Infinity,
        );
        expect(model.litellmParams['mode']).toBe(model.mode);
        expect(model.capabilities).toEqual([...model.capabilities].sort());
        for (const name of Object.keys(model.litellmParams)) expect(model.provenance).toHaveProperty([name]);
        expect(model.litellmParams).not.toHaveProperty('litellm_provider');
        expect(model.litellmParams).not.toHaveProperty('max_input_tokens');
      },
    ),
    { numRuns: 500 },
  );
});

test('what was observed while a model was loaded is bounded by its maximum', () => {
  const found = foundModel('a:1b', { details: { context_length: 2048 } });
  expect(normalised('ollama', { ...found, observedContext: 8192 })).toMatchObject({
    observedContext: 2048,
    provenance: { observed_context: 'reported' },
  });
});

test('the order in which a server writes its fields changes nothing', () => {
  const turned = (value: JsonObject) => Object.fromEntries(Object.entries(value).reverse());
  fc.assert(
    fc.property(fc.constantFrom(...providerKinds), anyObject, anyObject, (kind, listing, details) => {
      const model = normalised(kind, foundModel('x', listing, details));
      expect(canonicalJson(normalised(kind, foundModel('x', turned(listing), turned(details))))).toBe(
        canonicalJson(model),
      );
    }),
  );
});
