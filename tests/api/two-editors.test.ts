import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { adminToken, Product } from '../support/product.js';

describe('two people edit the same at the same time', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let provider: any;
  let id: number;

  beforeAll(async () => {
    server = await startOpenAiCompatible({ models: [openAiModel('alpha'), openAiModel('beta')] });
    product = await Product.start();
    provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
    await product.sync(provider.id);
    id = (await product.model('alpha')).id;
  });
  afterAll(async () => {
    await product.stop();
    await server.close();
  });

  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
  const etag = async (path: string) => (await fetch(product.url + path, { headers })).headers.get('etag')!;
  const patch = (path: string, body: unknown, ifMatch?: string) =>
    product.call('PATCH', path, body, ifMatch === undefined ? {} : { 'if-match': ifMatch });

  test.each([
    ['a model', () => `/api/models/${id}`, { tags: ['one'] }, { tags: ['two'] }],
    ['a provider', () => `/api/providers/${provider.id}`, { prefix: 'one' }, { prefix: 'two' }],
    ['the settings', () => '/api/settings', { run_retention_days: 11 }, { run_retention_days: 12 }],
  ])('%s: with If-Match the second one gets 412 and changes nothing', async (_what, at, first, second) => {
    const path = at();
    const both = await etag(path);
    expect(both).toMatch(/^"\d+-/);
    const done = await patch(path, first, both);
    expect(done.status).toBe(200);
    const refused = await patch(path, second, both);
    expect([refused.status, refused.body.title]).toEqual([412, 'Precondition Failed']);
    expect((await product.call('GET', path)).body).toEqual(done.body);
    // Who reads again may.
    expect((await patch(path, second, await etag(path))).status).toBe(200);
  });

  test('what a sync learns meanwhile is no reason to refuse an edit', async () => {
    const path = `/api/models/${id}`;
    const before = await etag(path);
    server.remove('alpha');
    server.add(openAiModel('alpha', { max_model_len: 4_096 }));
    await product.sync(provider.id);
    expect(await etag(path)).not.toBe(before);
    expect((await patch(path, { tags: ['three'] }, before)).status).toBe(200);
  });

  test('without If-Match edits of different fields made at once all stand', async () => {
    const edits = [
      { mode: 'completion' },
      { tags: ['gold'] },
      { access_groups: ['team'] },
      { input_cost_per_token: 1e-6 },
      { output_cost_per_token: 2e-6 },
      { sync_enabled: false },
    ];
    const answers = await Promise.all(edits.map((edit) => patch(`/api/models/${id}`, edit)));
    expect(answers.map(({ status }) => status)).toEqual(edits.map(() => 200));
    expect((await product.call('GET', `/api/models/${id}`)).body).toMatchObject({
      user_params: { mode: 'completion' },
      user_tags: ['gold'],
      access_groups: ['team'],
      pricing_override: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
      sync_enabled: false,
    });
  });

  test('an If-Match that is no ETag of ours is refused in words', async () => {
    const { status, body } = await patch(`/api/models/${id}`, { tags: [] }, 'yesterday');
    expect([status, body.detail]).toEqual([412, expect.stringContaining('ETag of an earlier answer')]);
    expect((await patch(`/api/models/${id}`, { tags: [] }, '*')).status).toBe(200);
  });
});
