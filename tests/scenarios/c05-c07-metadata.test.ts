import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel, type OllamaModel } from '../../sandbox/ollama-model.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { startOllama, type OllamaOptions, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';

describe("a server's metadata in LiteLLM", () => {
  const closers: (() => Promise<void>)[] = [];
  let product: Product;
  let litellm: LitellmStandIn;

  beforeEach(async () => {
    litellm = await startLitellm();
    product = await Product.start({ litellmUrl: litellm.url });
    closers.push(
      () => product.stop(),
      () => litellm.close(),
    );
  });

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function ollamaWith(models: OllamaModel[], options: OllamaOptions = {}): Promise<OllamaStandIn> {
    const ollama = await startOllama({ ...options, models });
    closers.push(() => ollama.close());
    return ollama;
  }

  async function serverWith(models: unknown[]): Promise<OpenAiCompatibleStandIn> {
    const server = await startOpenAiCompatible({ models });
    closers.push(() => server.close());
    return server;
  }

  async function synced(fields: Record<string, unknown>): Promise<{ id: number }> {
    const provider = await product.addProvider({ name: 'box', ...fields });
    const run = await product.sync(provider.id);
    expect(run).toMatchObject({ state: 'done', outcome: { pushes: { failed: 0, pending: 0 } } });
    return provider;
  }

  /** What LiteLLM tells its callers, by model name; one row each. */
  function infos(): Record<string, Record<string, unknown>> {
    const rows = litellm.served().map((row) => [row.model_name, row.model_info] as const);
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length);
    return Object.fromEntries(rows);
  }
  const routes = () =>
    Object.fromEntries(
      litellm
        .rows()
        .map((row) => [row.model_name, [row.litellm_params['model'], row.litellm_params['api_base']]]),
    );

  test('C5: what /api/show says of context and embedding lengths reaches LiteLLM, and no guess by name', async () => {
    const ollama = await ollamaWith([
      ...sampleOllamaModels(['gemma3:12b']),
      ollamaModel('llama3.3:70b', { contextLength: 131_072 }),
      ollamaModel('qwen3-coder:30b', { family: 'qwen3moe', contextLength: 262_144 }),
      ollamaModel('phi4:14b', { family: 'phi3', contextLength: 16_384 }),
      ...sampleOllamaModels(['nomic-embed-text:latest']),
    ]);
    await synced({ base_url: ollama.url, type: 'ollama' });
    expect(infos()).toMatchObject({
      'gemma3:12b': { max_input_tokens: 131_072 },
      'llama3.3:70b': { max_input_tokens: 131_072 },
      'qwen3-coder:30b': { max_input_tokens: 262_144 },
      'phi4:14b': { max_input_tokens: 16_384 },
      'nomic-embed-text:latest': { output_vector_size: 768 },
    });
    expect(await product.model('gemma3:12b')).toMatchObject({
      context_window: 131_072,
      max_context_window: 131_072,
    });
  });

  test('C5: old servers that tell no lengths in their list are read as well', async () => {
    const ollama = await ollamaWith(sampleOllamaModels(['gemma3:12b', 'nomic-embed-text:latest']), {
      version: '0.5.13',
    });
    await synced({ base_url: ollama.url, type: 'ollama' });
    expect(infos()).toMatchObject({
      'gemma3:12b': { max_input_tokens: 131_072, mode: 'chat', supports_vision: true },
      'nomic-embed-text:latest': { output_vector_size: 768, mode: 'embedding' },
    });
  });

  test("C5: a Modelfile's num_ctx is what is published, never above the model's maximum, which stays beside it", async () => {
    const ollama = await ollamaWith(sampleOllamaModels(['llava:7b', 'nomic-embed-text:latest', 'qwen3:8b']));
    await synced({ base_url: ollama.url, type: 'ollama' });
    expect(infos()).toMatchObject({
      'llava:7b': { max_input_tokens: 4096 },
      'nomic-embed-text:latest': { max_input_tokens: 2048 },
      'qwen3:8b': { max_input_tokens: 40_960 },
    });
    expect(await product.model('llava:7b')).toMatchObject({
      context_source: 'configured',
      max_context_window: 32_768,
    });
    expect(await product.model('qwen3:8b')).toMatchObject({ context_source: 'advertised' });
  });

  test('C5: what no server tells stays absent', async () => {
    const ollama = await ollamaWith([
      ollamaModel('mystery:1b', { contextLength: null, embeddingLength: null }),
    ]);
    await synced({ base_url: ollama.url, type: 'ollama' });
    const info = infos()['mystery:1b'] ?? {};
    expect(Object.keys(info).filter((key) => /max_|vector/.test(key))).toEqual([]);
    expect(await product.model('mystery:1b')).toMatchObject({ context_window: null, context_source: null });
  });

  test('C6: Ollama models keep their mode and flags at push, and in later syncs', async () => {
    const ollama = await ollamaWith(
      sampleOllamaModels(['llama3.1:8b', 'gemma3:12b', 'gpt-oss:20b', 'nomic-embed-text:latest']),
    );
    const provider = await synced({ base_url: ollama.url, type: 'ollama' });
    const expected = {
      'llama3.1:8b': { mode: 'chat', supports_function_calling: true },
      'gemma3:12b': { mode: 'chat', supports_vision: true },
      'gpt-oss:20b': { mode: 'chat', supports_function_calling: true, supports_reasoning: true },
      'nomic-embed-text:latest': { mode: 'embedding' },
    };
    expect(infos()).toMatchObject(expected);
    expect(infos()['llama3.1:8b']).not.toHaveProperty('supports_vision');
    expect(infos()['gemma3:12b']).not.toHaveProperty('supports_function_calling');
    expect(Object.values(infos()).flatMap((info) => Object.values(info))).not.toContain(false);

    await product.call('PATCH', `/api/providers/${provider.id}`, { tags: ['gold'] });
    await product.sync(provider.id);
    await product.idle();
    expect(infos()).toMatchObject(expected);
  });

  test("C6: models of an OpenAI list get the mode that is theirs, and none is called 'chat' for want of a better word", async () => {
    const sample = new URL('../fixtures/samples/openai/v1-models.json', import.meta.url);
    const { data } = JSON.parse(readFileSync(sample, 'utf8')) as { data: { id: string }[] };
    const server = await serverWith([...data, openAiModel('tts-1')]);
    await synced({ base_url: server.baseUrl, type: 'openai' });
    const modes = Object.fromEntries(Object.entries(infos()).map(([name, info]) => [name, info['mode']]));
    expect(modes).toMatchObject({
      'gpt-4o-mini': 'chat',
      'o4-mini': 'chat',
      'text-embedding-3-large': 'embedding',
      'whisper-1': 'audio_transcription',
      'tts-1': 'audio_speech',
      'tts-1-hd': 'audio_speech',
      'gpt-image-1': 'image_generation',
      'dall-e-3': 'image_generation',
      'omni-moderation-latest': 'moderation',
    });
  });

  test("C6: flags in the server's model_info are believed", async () => {
    const server = await serverWith([
      openAiModel('seer', { model_info: { supports_vision: true, supports_function_calling: true } }),
      openAiModel('plain', { model_info: { supports_vision: false } }),
    ]);
    await synced({ base_url: server.baseUrl, type: 'openai' });
    expect(infos()['seer']).toMatchObject({ supports_vision: true, supports_function_calling: true });
    expect(infos()['plain']).not.toHaveProperty('supports_vision', true);
  });

  test("C6: another LiteLLM's modes and flags are passed on", async () => {
    const source = await startLitellm();
    closers.push(() => source.close());
    for (const [name, info] of [
      ['drawer', { mode: 'image_generation' }],
      ['embedder', { mode: 'embedding', output_vector_size: 768 }],
      ['seer', { mode: 'chat', supports_vision: true, supports_function_calling: false }],
    ] as const) {
      source.seed({ model_name: name, litellm_params: { model: `openai/${name}` }, model_info: info });
    }
    await synced({ base_url: source.url, type: 'litellm', api_key: source.masterKey });
    expect(infos()).toMatchObject({
      drawer: { mode: 'image_generation' },
      embedder: { mode: 'embedding', output_vector_size: 768 },
      seer: { mode: 'chat', supports_vision: true },
    });
    expect(infos()['seer']).not.toHaveProperty('supports_function_calling');
  });

  test("C6: a person's mode and flags win over the server's, also after the next sync, until they are taken back", async () => {
    const server = await serverWith([
      openAiModel('odd', { model_info: { supports_function_calling: true } }),
    ]);
    const provider = await synced({ base_url: server.baseUrl, type: 'openai' });
    const path = `/api/models/${(await product.model('odd')).id}`;
    await product.call('PATCH', path, {
      params: { supports_vision: true, mode: 'embedding', supports_function_calling: null },
    });
    await product.sync(provider.id);
    await product.idle();
    expect(infos()['odd']).toMatchObject({ supports_vision: true, mode: 'embedding' });
    expect(infos()['odd']).not.toHaveProperty('supports_function_calling');

    await product.call('DELETE', `${path}/params`);
    await product.idle();
    expect(infos()['odd']).toMatchObject({ mode: 'chat', supports_function_calling: true });
    expect(infos()['odd']).not.toHaveProperty('supports_vision');
  });

  describe('C7: embedding models of Ollama', () => {
    const pair = () => sampleOllamaModels(['nomic-embed-text:latest', 'qwen3:8b']);
    const embedding = 'nomic-embed-text:latest';

    test.each([
      ['no mode given', {}, 'ollama_chat'],
      ['ollama_chat', { default_ollama_mode: 'ollama_chat' }, 'ollama_chat'],
      ['ollama', { default_ollama_mode: 'ollama' }, 'ollama'],
    ])("C7: they take LiteLLM's ollama/ route on a provider with %s", async (_name, fields, chatRoute) => {
      const ollama = await ollamaWith(pair());
      await synced({ base_url: ollama.url, type: 'ollama', ...fields });
      expect(routes()).toEqual({
        [embedding]: [`ollama/${embedding}`, ollama.url],
        'qwen3:8b': [`${chatRoute}/qwen3:8b`, ollama.url],
      });
      expect(infos()[embedding]).toMatchObject({ mode: 'embedding' });
    });

    test('C7: in mode openai they take openai/ with /v1', async () => {
      const ollama = await ollamaWith(pair());
      await synced({ base_url: ollama.url, type: 'ollama', default_ollama_mode: 'openai' });
      expect(routes()).toEqual({
        [embedding]: [`openai/${embedding}`, `${ollama.url}/v1`],
        'qwen3:8b': ['openai/qwen3:8b', `${ollama.url}/v1`],
      });
      expect(infos()[embedding]).toMatchObject({ mode: 'embedding' });
    });

    test("C7: behind a key they take openai/ with /v1, because LiteLLM's ollama/ embedding call sends none", async () => {
      const ollama = await ollamaWith(pair(), { apiKey: 'secret-of-ollama' });
      await synced({ base_url: ollama.url, type: 'ollama', api_key: 'secret-of-ollama' });
      expect(routes()).toEqual({
        [embedding]: [`openai/${embedding}`, `${ollama.url}/v1`],
        'qwen3:8b': ['ollama_chat/qwen3:8b', ollama.url],
      });
      expect(litellm.rows().map((row) => row.litellm_params['api_key'])).toEqual([
        'secret-of-ollama',
        'secret-of-ollama',
      ]);
    });

    test("C7: a model's own mode moves one model, and an embedding model never to ollama_chat/", async () => {
      const ollama = await ollamaWith(pair());
      await synced({ base_url: ollama.url, type: 'ollama', default_ollama_mode: 'ollama' });
      for (const name of [embedding, 'qwen3:8b']) {
        const { id } = await product.model(name);
        await product.call('PATCH', `/api/models/${id}`, { ollama_mode: 'ollama_chat' });
      }
      await product.idle();
      expect(routes()).toEqual({
        [embedding]: [`ollama/${embedding}`, ollama.url],
        'qwen3:8b': ['ollama_chat/qwen3:8b', ollama.url],
      });
    });
  });
});
