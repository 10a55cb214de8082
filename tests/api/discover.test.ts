import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { discover, usualPlaces } from '../../src/api/discovery.js';
import { Product } from '../support/product.js';

const hostile = '<img src=x onerror=alert(1)>';

describe('looking for servers on this machine', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let vllm: OpenAiCompatibleStandIn;
  let locked: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: sampleOllamaModels(['qwen3:8b']) });
    vllm = await startOpenAiCompatible({ models: [openAiModel(hostile), openAiModel('b')] });
    locked = await startOpenAiCompatible({ models: [openAiModel('a')], apiKey: 'sk-0123456789' });
    product = await Product.start({ litellmUrl: litellm.url, worker: false });
    await product.addProvider({ name: 'mine', base_url: ollama.url, type: 'ollama' });
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama, vllm, locked, litellm].map((server) => server.close()));
  });

  const look = (places: Parameters<typeof discover>[0]) =>
    discover(places, product.apiServices, new AbortController().signal);
  const place = (kind: 'ollama' | 'openai' | 'litellm', name: string, url: string) => ({
    kind,
    name,
    baseUrl: new URL(url).origin,
  });

  test('what answers is told with its kind, how many models it lists, and whether it is known already', async () => {
    const found = await look([
      place('ollama', 'Ollama', ollama.url),
      place('openai', 'vLLM', vllm.url),
      place('litellm', 'LiteLLM', litellm.url),
    ]);
    expect(found).toEqual([
      { kind: 'ollama', name: 'Ollama', base_url: ollama.url, models: 1, configured: 'provider' },
      { kind: 'openai', name: 'vLLM', base_url: vllm.url, models: 2, configured: null },
      { kind: 'litellm', name: 'LiteLLM', base_url: litellm.url, models: null, configured: 'destination' },
    ]);
    expect(JSON.stringify(found)).not.toContain('<');
  });

  test('another server than usual at a port is told as what it is', async () => {
    expect(await look([place('openai', 'llama.cpp', ollama.url)])).toMatchObject([
      { kind: 'ollama', name: 'Ollama', base_url: ollama.url },
    ]);
  });

  test('this product itself, closed ports, locked servers and those of another kind are not found', async () => {
    expect(
      await look([
        place('ollama', 'Ollama', product.url),
        place('openai', 'vLLM', product.url),
        place('litellm', 'LiteLLM', product.url),
        place('openai', 'vLLM', 'http://127.0.0.1:9'),
        place('openai', 'vLLM', locked.url),
        place('litellm', 'LiteLLM', vllm.url),
      ]),
    ).toEqual([]);
  });

  test('one server under two names of this machine is told once', async () => {
    const { port } = new URL(vllm.url);
    const twins = [vllm.url, `http://localhost:${port}`].map((url) => place('openai', 'vLLM', url));
    expect((await look(twins)).map(({ base_url }) => base_url)).toEqual([vllm.url]);
  });

  test('who answers nothing does not hold up the others', async () => {
    vllm.faults.add({ path: /models/, behaviour: { kind: 'hang' } });
    const startedMs = performance.now();
    const found = await look([place('openai', 'vLLM', vllm.url), place('ollama', 'Ollama', ollama.url)]);
    vllm.faults.clear();
    expect(found.map(({ name }) => name)).toEqual(['Ollama']);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test('only this machine and the host of a container are asked, and only by an administrator', async () => {
    const hosts = new Set(usualPlaces.map(({ baseUrl }) => new URL(baseUrl).hostname));
    expect([...hosts]).toEqual(['127.0.0.1', 'host.docker.internal']);
    const { status, body } = await product.call('POST', '/api/discover');
    expect(status).toBe(200);
    expect(body.asked).toEqual(usualPlaces.map(({ baseUrl }) => baseUrl));
    expect(body.found).toEqual(expect.any(Array));
    const { token } = (await product.call('POST', '/api/tokens', { name: 'op', scope: 'operate' })).body;
    const authorization = `Bearer ${token}`;
    expect((await product.call('POST', '/api/discover', undefined, { authorization })).status).toBe(403);
  });
});
