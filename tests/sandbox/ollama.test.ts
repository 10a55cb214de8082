import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { ollamaModel } from '../../sandbox/ollama-model.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { call } from './recordings.js';

interface Tags {
  models: { name: string; digest: string; details: Record<string, unknown>; capabilities?: string[] }[];
}

let ollama: OllamaStandIn;
beforeEach(async () => {
  ollama = await startOllama({ models: sampleOllamaModels() });
});
afterEach(() => ollama.close());

const tags = async () => (await call(ollama.url, 'GET', '/api/tags')).body as Tags;
const show = (body?: unknown) => call(ollama.url, 'POST', '/api/show', body);

describe('the Ollama stand-in', () => {
  test('lists the newest model first, with digests of 64 hex digits', async () => {
    const { models } = await tags();
    expect(models).toHaveLength(11);
    expect(models[0]?.name).toBe('llama3.1:8b');
    for (const { digest } of models) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a replaced model has a new digest, its changes in tags and show, and comes first', async () => {
    const before = (await tags()).models.find(({ name }) => name === 'qwen3:8b');
    ollama.replace('qwen3:8b', { contextLength: 262_144, capabilities: ['completion'] });
    const [first] = (await tags()).models;
    expect(first).toMatchObject({
      name: 'qwen3:8b',
      capabilities: ['completion'],
      details: { context_length: 262_144 },
    });
    expect(first?.digest).not.toBe(before?.digest);
    expect((await show({ model: 'qwen3:8b' })).body).toMatchObject({
      capabilities: ['completion'],
      model_info: { 'qwen3.context_length': 262_144 },
    });
  });

  test('shows a model by any spelling of its name, its parameter lines in changing order', async () => {
    const first = (await show({ model: 'NOMIC-embed-text' })).body as { parameters: string };
    expect(first).toMatchObject({ capabilities: ['embedding'] });
    const qwen = [await show({ model: 'qwen3:8b' }), await show({ name: 'qwen3:8b' })].map(
      ({ body }) => (body as { parameters: string }).parameters,
    );
    expect(qwen[0]).not.toBe(qwen[1]);
    expect(qwen[0]?.split('\n').sort()).toEqual(qwen[1]?.split('\n').sort());
  });

  test('refuses as Ollama does: JSON 404 and 400, text 404 and 405', async () => {
    expect(await show({ model: 'nope' })).toMatchObject({
      status: 404,
      body: { error: "model 'nope' not found" },
    });
    expect(await show({})).toMatchObject({ status: 400, body: { error: 'model is required' } });
    expect(await show()).toMatchObject({ status: 400, body: { error: 'missing request body' } });
    expect(await call(ollama.url, 'GET', '/nowhere')).toMatchObject({
      status: 404,
      text: '404 page not found',
    });
    expect(await call(ollama.url, 'GET', '/api/show')).toMatchObject({
      status: 405,
      text: '405 method not allowed',
    });
    expect((await call(ollama.url, 'GET', '/v1/models/hf.co%2Fa%2Fb')).text).toBe('404 page not found');
  });

  test('older versions tell less in tags, the oldest less in show', async () => {
    ollama.version = '0.29.1';
    const [first] = (await tags()).models;
    expect(first).not.toHaveProperty('capabilities');
    expect(first?.details).not.toHaveProperty('context_length');
    expect((await show({ model: 'qwen3:8b' })).body).toHaveProperty('capabilities');
    ollama.version = '0.5.0';
    expect((await show({ model: 'qwen3:8b' })).body).not.toHaveProperty('capabilities');
  });

  test('ps tells what is loaded; an empty list is null in the OpenAI face; verbose is counted', async () => {
    ollama.replace('qwen3:8b', { loadedContext: 4096 });
    expect((await call(ollama.url, 'GET', '/api/ps')).body).toMatchObject({
      models: [{ name: 'qwen3:8b', context_length: 4096 }],
    });
    await show({ model: 'qwen3:8b', verbose: true });
    expect(ollama.counters.get('verbose')).toBe(1);
    for (const { name } of [...ollama.models]) ollama.remove(name);
    expect((await call(ollama.url, 'GET', '/v1/models')).body).toEqual({ object: 'list', data: null });
  });

  test('with a key every route wants it; made-up models are plausible', async () => {
    const locked = await startOllama({
      apiKey: 'secret',
      models: [ollamaModel('my-embed', { contextLength: 512 })],
    });
    expect((await call(locked.url, 'GET', '/api/tags')).status).toBe(401);
    const listed = await call(locked.url, 'GET', '/api/tags', undefined, { Authorization: 'Bearer secret' });
    await locked.close();
    expect(listed.body).toMatchObject({
      models: [{ name: 'my-embed:latest', capabilities: ['embedding'], details: { context_length: 512 } }],
    });
  });
});
