import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { closeLocalServers, localServer } from '../clients/local-server.js';
import { Product } from '../support/product.js';

const path = '/api/providers/test-connection';
const key = 'sk-provider-0123456789';

describe('what a connection test of a provider takes', () => {
  let product: Product;
  let openai: OpenAiCompatibleStandIn;
  let destination: LitellmStandIn;

  beforeAll(async () => {
    destination = await startLitellm();
    openai = await startOpenAiCompatible({ models: [vllmModel('qwen', 8_192)], apiKey: key });
    product = await Product.start({ litellmUrl: destination.url, worker: false });
  });
  afterEach(closeLocalServers);
  afterAll(async () => {
    await product.stop();
    await Promise.all([openai.close(), destination.close()]);
  });

  const ask = (body: unknown) => product.call('POST', path, body);
  async function result(body: unknown) {
    const answer = await ask(body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    return answer.body;
  }

  test('the LiteLLM that models are written to is refused without a call', async () => {
    destination.counters.reset();
    expect(await result({ base_url: `${destination.url}/v1`, type: 'openai' })).toMatchObject({
      success: false,
      error_type: 'validation_error',
      message: expect.stringContaining('models are written to'),
    });
    expect(destination.counters.reads).toBe(0);
  });

  test('what is missing is named, and an unknown type', async () => {
    const fields = async (body: unknown) => {
      const answer = await ask(body);
      expect(answer.status).toBe(422);
      return answer.body.errors.map(({ field }: { field: string }) => field);
    };
    expect(await fields({})).toEqual(['base_url', 'type']);
    expect(await fields({ base_url: 'http://box' })).toEqual(['type']);
    expect(await fields({ base_url: 'http://box', type: 'compat' })).toEqual(['type']);
    expect(await fields({ base_url: 'http://box', type: 'openai', name: 'x' })).toEqual(['name']);
    expect((await ask({ provider_id: 4711 })).status).toBe(404);
  });

  describe('of a stored provider', () => {
    let id: number;
    beforeAll(async () => {
      const fields = { name: 'vllm', base_url: openai.url, type: 'openai', api_key: key };
      id = (await product.addProvider(fields)).id;
    });

    test('its own address and key are used', async () => {
      expect(await result({ provider_id: id })).toMatchObject({ success: true, model_count: 1 });
      expect(await result({ provider_id: id, base_url: `${openai.url}/v1/` })).toMatchObject({
        success: true,
      });
    });

    test('its key goes to no other host, nor port', async () => {
      const other = await localServer(() => ({ body: { data: [{ id: 'a' }] } }));
      for (const base_url of [other.url, openai.url.replace('127.0.0.1', 'localhost')]) {
        const answer = await ask({ provider_id: id, base_url });
        expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'base_url' }] } });
      }
      expect(other.seen).toEqual([]);
      expect(await result({ provider_id: id, base_url: other.url, api_key: null })).toMatchObject({
        success: true,
      });
      expect(other.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    });

    test('another key is tried instead of its own', async () => {
      expect(await result({ provider_id: id, api_key: 'sk-another-one' })).toMatchObject({
        success: false,
        message: expect.stringContaining('refused the API key'),
      });
    });
  });

  test('it takes the scope operate', async () => {
    const token = (await product.call('POST', '/api/tokens', { name: 'reader', scope: 'read' })).body.token;
    const answer = await product.call('POST', path, {}, { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(403);
  });

  test('the presets are ten, and each is a provider that can be added', async () => {
    const presets = (await product.call('GET', '/api/provider-presets')).body;
    expect(presets).toHaveLength(10);
    expect(presets[9]).toMatchObject({ name: 'Ollama Cloud', default_ollama_mode: 'openai' });
    for (const {
      name,
      base_url,
      type,
      default_ollama_mode,
      model_filter,
      sync_interval_seconds,
    } of presets) {
      const fields = { name, base_url, type, default_ollama_mode, model_filter, sync_interval_seconds };
      const provider = await product.addProvider({
        ...fields,
        sync_enabled: false,
        api_key: 'sk-mine-of-mine',
      });
      expect(provider).toMatchObject(fields);
    }
  });
});
