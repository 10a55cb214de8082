import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { tryConnection } from '../../src/api/connection-test.js';
import { closeLocalServers, localServer, type Handle } from '../clients/local-server.js';
import { Product } from '../support/product.js';
import { everything } from './seed.js';

const path = '/api/providers/test-connection';
const key = 'sk-provider-0123456789';

describe('a connection test of a provider', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let openai: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let destination: LitellmStandIn;

  beforeAll(async () => {
    destination = await startLitellm();
    litellm = await startLitellm({ masterKey: 'sk-source' });
    litellm.seed({ model_name: 'gpt', litellm_params: { model: 'openai/gpt' } });
    ollama = await startOllama({ models: ['qwen3:8b', 'llama3.1:8b'].map((name) => ollamaModel(name)) });
    openai = await startOpenAiCompatible({ models: [vllmModel('qwen', 8_192)], apiKey: key });
    product = await Product.start({ litellmUrl: destination.url, worker: false });
  });
  afterEach(async () => {
    for (const server of [ollama, openai, litellm]) {
      server.faults.clear();
      server.counters.reset();
    }
    await closeLocalServers();
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), openai.close(), litellm.close(), destination.close()]);
  });

  const ask = (body: unknown) => product.call('POST', path, body);
  async function result(body: unknown) {
    const before = everything(product);
    const answer = await ask(body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    expect(JSON.stringify(answer.body)).not.toContain(key);
    expect(everything(product)).toEqual(before);
    return answer.body;
  }

  test('an Ollama server that is asked as one: its models, by one list call', async () => {
    expect(await result({ base_url: `${ollama.url}/`, type: 'ollama' })).toEqual({
      success: true,
      message: 'an Ollama server answered and lists 2 models',
      model_count: 2,
      models: ['llama3.1:8b', 'qwen3:8b'],
      kind: { answered: 'ollama' },
    });
    expect(ollama.requests.slice(-1)).toMatchObject([{ path: '/api/tags' }]);
    expect(ollama.counters.get('POST /api/show')).toBe(0);
  });

  test('an Ollama server that is asked as OpenAI: it works, and the better type is named', async () => {
    expect(await result({ base_url: `${ollama.url}/v1`, type: 'openai' })).toMatchObject({
      success: true,
      model_count: 2,
      kind: { answered: 'ollama' },
      suggestion: expect.stringContaining('choose type ollama'),
    });
  });

  test('a LiteLLM proxy that is asked as OpenAI, and as itself: its version is told', async () => {
    const body = { base_url: litellm.url, api_key: 'sk-source' };
    expect(await result({ ...body, type: 'openai' })).toMatchObject({
      success: true,
      kind: { answered: 'litellm', version: '1.81.15' },
      suggestion: expect.stringContaining('choose type litellm'),
    });
    const asItself = await result({ ...body, type: 'litellm' });
    expect(asItself).toMatchObject({
      success: true,
      model_count: 1,
      kind: { answered: 'litellm', version: '1.81.15' },
    });
    expect(asItself).not.toHaveProperty('suggestion');
  });

  test('an OpenAI-compatible server, by JSON and by the form of the predecessor', async () => {
    const fields = { base_url: openai.url, type: 'openai', api_key: key };
    const wanted = { success: true, model_count: 1, models: ['qwen'], kind: { answered: 'openai' } };
    const body = await result(fields);
    expect(body).toMatchObject(wanted);
    expect(body).not.toHaveProperty('suggestion');
    const form = await product.call('POST', path, new URLSearchParams(fields).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(form).toMatchObject({ status: 200, body: wanted });
  });

  test('an OpenAI-compatible server that is asked as Ollama, or as LiteLLM', async () => {
    expect(await result({ base_url: openai.url, type: 'ollama', api_key: key })).toMatchObject({
      success: false,
      error_type: 'http_error',
      kind: { answered: 'openai' },
      suggestion: expect.stringContaining('choose type openai'),
    });
    expect(await result({ base_url: openai.url, type: 'litellm', api_key: key })).toMatchObject({
      success: true,
      kind: { answered: 'openai' },
      suggestion: expect.stringContaining('choose type openai'),
    });
  });

  test('a server without models says what to do', async () => {
    const empty = await startOllama();
    try {
      expect(await result({ base_url: empty.url, type: 'ollama' })).toMatchObject({
        success: true,
        model_count: 0,
        message: expect.stringContaining('no models'),
        suggestion: expect.stringContaining('pull a model'),
      });
    } finally {
      await empty.close();
    }
  });

  test('a missing key and a wrong one are told apart', async () => {
    const fields = { base_url: openai.url, type: 'openai' };
    expect(await result(fields)).toMatchObject({
      success: false,
      error_type: 'http_error',
      message: expect.stringContaining('wants an API key (401)'),
      suggestion: expect.stringContaining('enter the API key'),
    });
    expect(await result({ ...fields, api_key: 'sk-wrong-key-of-mine' })).toMatchObject({
      success: false,
      message: expect.stringContaining('refused the API key (401)'),
      suggestion: expect.stringContaining('wrong or has expired'),
    });
    expect(openai.counters.get('GET /v1/models')).toBe(2);
  });

  test.each<[string, string, Record<string, unknown>]>([
    [
      'nobody listens',
      'http://127.0.0.1:1',
      { error_type: 'connection_error', suggestion: expect.stringContaining('port right') },
    ],
    [
      'the host name does not exist',
      'http://no-such-host.invalid',
      { error_type: 'connection_error', suggestion: expect.stringContaining('spelling of the host name') },
    ],
    [
      'a metadata address',
      'http://169.254.169.254',
      { error_type: 'validation_error', message: expect.stringContaining('metadata') },
    ],
    [
      'no URL at all',
      'ftp://box',
      { error_type: 'validation_error', message: expect.stringContaining('http') },
    ],
  ])('%s', async (_what, base_url, wanted) => {
    expect(await result({ base_url, type: 'openai' })).toMatchObject({ success: false, ...wanted });
  });

  test('https to a server in clear says that http is meant', async () => {
    expect(await result({ base_url: ollama.url.replace('http:', 'https:'), type: 'ollama' })).toMatchObject({
      success: false,
      error_type: 'connection_error',
      suggestion: expect.stringContaining('http:// instead of https://'),
    });
  });

  test('a web page is none of our servers', async () => {
    ollama.faults.add({ path: /./, behaviour: { kind: 'html' } });
    expect(await result({ base_url: ollama.url, type: 'ollama' })).toMatchObject({
      success: false,
      error_type: 'http_error',
      kind: { answered: 'web-page' },
      suggestion: expect.stringContaining('is the port right'),
    });
  });

  test.each<[string, Handle]>(
    [400, 403, 404, 418, 429, 500, 502, 503].map((status) => [
      `status ${status}`,
      () => ({ status, body: { error: { message: 'CANARY in the body' } } }),
    ]),
  )('an error of the server is never read through us: %s', async (_what, handle) => {
    const server = await localServer(handle);
    for (const type of ['ollama', 'openai', 'litellm']) {
      const body = await result({ base_url: server.url, type });
      expect(body).toMatchObject({ success: false, message: expect.any(String) });
      expect(JSON.stringify(body)).not.toContain('CANARY');
    }
  });

  test.each<[string, unknown]>([
    ['an error with 200', { error: 'CANARY' }],
    ['another object', { CANARY: 1, secret: 'CANARY' }],
    ['text', 'CANARY'],
    ['a page', '<html>CANARY</html>'],
  ])('nor is another answer: %s', async (_what, answer) => {
    const server = await localServer(() => ({ body: answer }));
    for (const type of ['ollama', 'openai', 'litellm']) {
      const body = await result({ base_url: server.url, type });
      expect(body).toMatchObject({ success: false, error_type: 'http_error' });
      expect(JSON.stringify(body)).not.toContain('CANARY');
    }
  });

  test('entries that are no models are counted, and nothing of them is read', async () => {
    const server = await localServer(() => ({ body: { data: [{ CANARY: 'CANARY' }] } }));
    const body = await result({ base_url: server.url, type: 'litellm' });
    expect(body).toMatchObject({
      model_count: 0,
      suggestion: expect.stringContaining('is the type right'),
    });
    expect(JSON.stringify(body)).not.toContain('CANARY');
  });

  test('a server that hangs is a timeout', async () => {
    openai.faults.add({ path: /./, behaviour: { kind: 'hang' } });
    const access = { kind: 'openai' as const, baseUrl: openai.url, apiKey: key };
    const { signal } = new AbortController();
    expect(await tryConnection(access, product.apiServices, signal, 100)).toMatchObject({
      success: false,
      error_type: 'timeout_error',
      message: expect.stringContaining('within 0.1 s'),
    });
  });
});
