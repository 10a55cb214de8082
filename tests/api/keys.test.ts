import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { connectRedis } from '../../src/jobs/connections.js';
import { adminToken, Product } from '../support/product.js';
import { everything } from './seed.js';

const providerKey = 'sk-provider-planted-0123456789';
const wrongKey = 'sk-refused-planted-0123456789';
const litellmKey = 'sk-litellm-planted-0123456789';

describe('keys', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;
  const replies: string[] = [];

  beforeAll(async () => {
    litellm = await startLitellm({ masterKey: litellmKey });
    server = await startOpenAiCompatible({
      models: ['alpha', 'beta'].map((id) => openAiModel(id)),
      apiKey: providerKey,
      // A server that repeats what it was sent.
      unauthorizedBody: { error: { message: `Incorrect API key provided: ${wrongKey}` } },
    });
    product = await Product.start({ litellmUrl: litellm.url, litellmKey });
    const collect = async (method: string, path: string, body?: unknown) => {
      const answer = await product.call(method, path, body);
      replies.push(JSON.stringify(answer.body));
      return answer.body;
    };
    provider = await collect('POST', '/api/providers', {
      name: 'good',
      base_url: server.baseUrl,
      type: 'openai',
      api_key: providerKey,
    });
    const bad = await collect('POST', '/api/providers', {
      name: 'bad',
      base_url: server.url,
      type: 'openai',
      api_key: wrongKey,
    });
    expect((await product.sync(provider.id)).outcome.pushes.created).toBe(2);
    expect((await product.sync(bad.id)).state).toBe('failed');
    await collect('PATCH', `/api/providers/${provider.id}`, { api_key: providerKey, tags: ['x'] });
    await collect('PATCH', '/api/settings', { litellm_api_key: litellmKey });
    await product.reconcile();
    await collect('POST', '/api/providers', {
      name: 'good',
      base_url: 'http://x',
      type: 'openai',
      api_key: wrongKey,
    });
    await collect('POST', '/api/providers', { name: 'odd', base_url: 7, type: 'openai', api_key: wrongKey });
    await collect('POST', '/api/providers', `{"api_key":"${wrongKey}",}`);
    await product.idle();
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const isClean = (text: string) => !/planted/.test(text);

  test('the provider is called, and LiteLLM gets the key: it is stored, only never shown', () => {
    expect(litellm.rows().map((row) => row.litellm_params['api_key'])).toEqual([providerKey, providerKey]);
  });

  test('no reply of a change, and no refusal, repeats a key', () => {
    expect(replies.length).toBeGreaterThan(5);
    expect(replies.filter((reply) => !isClean(reply))).toEqual([]);
    expect(replies[0]).toContain('"has_api_key":true');
    expect(replies[0]).toContain('"api_key_hint":"6789"');
  });

  test('no GET shows one, Bull Board included', async () => {
    const { router } = createApp(
      product.apiServices,
      new Gate({
        adminToken,
        sessionKey: 'key',
        tokens: product.stores.tokens,
        now: () => new Date(),
      }),
    ) as unknown as {
      router: { stack: { route?: { path: string | string[]; methods: { get?: boolean } } }[] };
    };
    const paths = router.stack
      .flatMap(({ route }) => (route?.methods.get ? [route.path].flat() : []))
      .filter((path) => path !== '/api/events'); // a stream without end
    const ids = ['1', '2', '3', '4', '5'];
    const wanted = [
      ...paths.flatMap((path) => (path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path])),
      ...(product.queues.byName
        ? Object.keys(product.queues.byName).flatMap((name) =>
            ['latest', 'completed', 'failed', 'delayed'].map(
              (status) =>
                `/admin/queues/api/queues?activeQueue=${name}&status=${status}&page=1&jobsPerPage=100`,
            ),
          )
        : []),
    ];
    expect(wanted).toEqual(
      expect.arrayContaining(['/api/providers', '/api/providers/1', '/api/models/db/1', '/api/runs/3']),
    );
    let ok = 0;
    for (const path of wanted) {
      const { status, body } = await product.call('GET', path);
      if (status === 200) ok += 1;
      expect({ path, clean: isClean(JSON.stringify(body)) }).toEqual({ path, clean: true });
    }
    expect(ok).toBeGreaterThan(25);
  });

  test('none is in the database, the history of changes and of jobs included', () => {
    const text = JSON.stringify(everything(product));
    expect(text).toContain('"provider.create"');
    expect(isClean(text)).toBe(true);
  });

  test('none is in Redis: no payload, no reason of a failure, no log of a job', async () => {
    const redis = connectRedis(process.env['REDIS_URL']!, 'working');
    const keys = await redis.keys(`${product.prefix}:*`);
    const texts = await Promise.all(
      keys.map(async (key) => {
        switch (await redis.type(key)) {
          case 'hash':
            return JSON.stringify(await redis.hgetall(key));
          case 'list':
            return JSON.stringify(await redis.lrange(key, 0, -1));
          case 'stream':
            return JSON.stringify(await redis.xrange(key, '-', '+'));
          case 'string':
            return (await redis.get(key)) ?? '';
          default:
            return '';
        }
      }),
    );
    redis.disconnect();
    expect(texts.join('\n')).toContain('alpha');
    expect(texts.filter((text) => !isClean(text))).toEqual([]);
  });
});
