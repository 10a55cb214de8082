import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject } from '../../src/domain/json.js';
import { parseModelList } from '../../src/domain/parse-model-list.js';
import { anyJson, entriesOf, sample } from './sample.js';

const ids = (body: unknown, options?: { caseFold?: boolean }) =>
  entriesOf(body, options).map(({ modelId }) => modelId);

test.each([
  ['openai/v1-models.json', 12],
  ['ollama/tags.json', 11],
  ['ollama/v1-models-empty.json', 0],
  ['localai/api-tags-empty.json', 0],
  ['generic-odd/data-null.json', 0],
  ['lmstudio/v1-models-empty-jit-off.json', 0],
  ['together/v1-models.json', 8],
  ['llamacpp/v1-models.json', 1],
  ['llamacpp/v1-models-while-loading-2025.json', 1],
  ['xai/v1-language-models.json', 3],
  ['openrouter/api-v1-models.json', 11],
  ['generic-odd/array-of-strings.json', 3],
  ['generic-odd/data-array-of-strings.json', 2],
  ['generic-odd/array-of-objects.json', 2],
  ['generic-odd/missing-object-field.json', 2],
])('C29: %s lists %i models', (path, count) => {
  expect(ids(sample(path))).toHaveLength(count);
});

test.each([
  'generic-odd/data-missing.json',
  'generic-odd/error-in-200.json',
  'generic-odd/success-false-200.json',
  'generic-odd/json-null.json',
  'generic-odd/json-string.json',
  'openai/error-401.json',
  'vllm/error-401.json',
  'ollama/error-tags-500.json',
])('%s is an error, never "no models"', (path) => {
  expect(parseModelList(sample(path))).toEqual({ error: expect.any(String) });
});

test('an error tells what the server said', () => {
  expect(parseModelList(sample('generic-odd/error-in-200.json'))).toEqual({
    error: 'the server answered with an error: upstream connect error',
  });
  expect(parseModelList({ data: [{ a: 1 }, 7] })).toHaveProperty('error');
});

test('ids with slashes, colons, blanks and letters of all scripts are kept byte for byte; unusable ones are skipped', () => {
  const parsed = parseModelList(sample('generic-odd/weird-ids.json'));
  if ('error' in parsed) throw new Error(parsed.error);
  expect(parsed.entries.map(({ modelId }) => modelId)).toEqual(
    expect.arrayContaining([
      'C:\\models\\llama.gguf',
      'my model with spaces',
      '模型-中文',
      'model%2Fenc',
      'emoji-🦙',
    ]),
  );
  expect(parsed.skipped.map(({ reason }) => reason).sort()).toEqual([
    'a wildcard, not a model',
    'a wildcard, not a model',
    'the id contains a control character',
    'the id is longer than 256 characters',
  ]);
});

test('pseudo models, retired models and entries without id are skipped with a reason', () => {
  expect(ids(sample('koboldcpp/v1-models-no-model.json'))).toEqual([]);
  expect(ids(sample('groq/v1-models.json'))).not.toContain('llama-3.1-70b-versatile');
  expect(
    ids({
      data: [
        { id: 'a', status: { value: 'downloading' } },
        { id: 'b', status: { failed: true } },
      ],
    }),
  ).toEqual([]);
  expect(parseModelList({ data: [{ id: 'a' }, { object: 'model' }, 7] })).toMatchObject({
    skipped: [{ reason: 'the entry has no id' }, { reason: 'the entry has no id' }],
  });
});

test('C21: a repeated id keeps the richest row and is counted; other cases of letters are other models', () => {
  const rows = [
    { id: 'qwen3' },
    { id: 'qwen3', max_model_len: 8192 },
    { id: 'Qwen3' },
    { id: 'qwen3', parent: null },
  ];
  const parsed = parseModelList({ data: rows });
  if ('error' in parsed) throw new Error(parsed.error);
  expect(parsed.entries.map(({ entry }) => entry)).toEqual([
    { id: 'Qwen3' },
    { id: 'qwen3', max_model_len: 8192 },
  ]);
  expect(parsed.skipped).toHaveLength(2);
  expect(parseModelList({ data: [...rows].reverse() })).toMatchObject({ entries: parsed.entries });
});

test('C21: for Ollama, letters of another case and a missing :latest are the same model', () => {
  const models = [
    { name: 'Foo:latest', size: 1 },
    { name: 'foo' },
    { name: 'a/b:7b' },
    { name: 'A/b:7B', size: 1 },
  ];
  expect(ids({ models }, { caseFold: true })).toEqual(['A/b:7B', 'Foo:latest']);
  expect(ids({ models })).toHaveLength(4);
});

test('3,000 models are no trouble', () => {
  const data = Array.from({ length: 3_000 }, (_, index) => ({ id: `model-${index}` }));
  expect(ids({ data })).toHaveLength(3_000);
});

test('what is no list is an error, and every entry of a list is counted', () => {
  fc.assert(
    fc.property(anyJson, (body) => {
      const parsed = parseModelList(body);
      const lists = isJsonObject(body) ? [body['data'], body['models']] : [body];
      if ('error' in parsed) return;
      expect(lists.some((list) => Array.isArray(list) || (isJsonObject(body) && list === null))).toBe(true);
      const list = lists.find((candidate) => Array.isArray(candidate));
      expect(parsed.entries.length + parsed.skipped.length).toBe(Array.isArray(list) ? list.length : 0);
    }),
  );
});

test('no sample makes the parser throw', () => {
  const html = readFileSync(
    new URL('../fixtures/samples/generic-odd/html-200-spa-index.html', import.meta.url),
    'utf8',
  );
  expect(parseModelList(html)).toHaveProperty('error');
  expect(parseModelList(undefined)).toHaveProperty('error');
});
