import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { adminToken, Product } from '../support/product.js';
import { until } from '../support/until.js';
import { expectPlainMarkup, hostileName, openPage, tokenFor } from './open-page.js';

describe('the pages of runs', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;
  let first: any;
  let held: any;

  beforeAll(async () => {
    litellm = await startLitellm();
    const ids = ['alpha', 'beta', 'gamma', 'delta', hostileName];
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: hostileName, base_url: server.baseUrl, type: 'openai' });
    first = await product.sync(provider.id);
    for (const id of ['alpha', 'beta', 'gamma', hostileName]) server.remove(id);
    held = await product.sync(provider.id);
    expect(held).toMatchObject({ state: 'held', reason: expect.stringContaining('gone at once') });
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  const page = (path: string, token = adminToken) => openPage(product, path, token);
  const runsIn = (text: string) =>
    [...text.matchAll(/<th scope="row"><a href="\/runs\/(\d+)"/g)].map(([, id]) => Number(id));

  test('history: state, counts in words, link to the provider, and the held run first of all', async () => {
    const { text } = await page('/runs');
    expect(runsIn(text)).toEqual(expect.arrayContaining([held.id, first.id]));
    const row = text.split('<tr>').find((each) => each.includes(`href="/runs/${first.id}"`)) ?? '';
    expect(row).toContain('5 fetched, 5 added');
    expect(row).toContain('5 created');
    expect(row).toContain('>done<');
    expect(row).toContain('by hand');
    expect(row).toContain(`href="/providers/${provider.id}"`);
    expect(text).toContain('1 run waits for your decision');
    expectPlainMarkup(text);
  });

  test('filters stand in the URL; nonsense counts as not given; nothing found is said', async () => {
    expect(runsIn((await page('/runs?state=held')).text)).toEqual([held.id]);
    expect(runsIn((await page(`/runs?kind=sync&provider_id=${provider.id}`)).text)).toEqual([
      held.id,
      first.id,
    ]);
    expect(runsIn((await page('/runs?kind=sync&state=&provider_id=&offset=x')).text)).toHaveLength(2);
    expect((await page('/runs?state=lost')).text).toContain('No run matches');
  });

  test('one run: its steps with their times, its jobs', async () => {
    const { status, text } = await page(`/runs/${first.uuid}`);
    expect(status).toBe(200);
    const steps = [...text.matchAll(/<strong>([^<]+)<\/strong> <span class="badge [^"]*">([^<]+)</g)];
    expect(steps.map(([, name, state]) => `${name}: ${state}`)).toEqual([
      'waiting: done',
      'fetching: done',
      'storing: done',
      'orphans: done',
      'pushes: done',
    ]);
    expect(text).toContain('5 models, 1 list call');
    for (const queue of ['fetch-provider', 'upsert-models', 'mark-orphans']) expect(text).toContain(queue);
    expect(text).not.toMatch(/\/(accept|reject|retry|cancel)"/);
    expectPlainMarkup(text);
  });

  test('a held run lists what would vanish, for those who may decide', async () => {
    const { text } = await page(`/runs/${held.id}`);
    expect(text).toContain('waits for your decision');
    expect(text).toContain(`data-api="POST /api/runs/${held.id}/accept"`);
    expect(text).toContain(`data-api="POST /api/runs/${held.id}/reject"`);
    expect(text).toContain('4 models of &lt;img src=x onerror=alert(1)&gt; become orphaned');
    expect(text).toContain('<code>alpha</code>');
    expectPlainMarkup(text);
    const read = (await page(`/runs/${held.id}`, await tokenFor(product, 'read'))).text;
    expect(read).toContain('waits for your decision');
    expect(read).not.toContain('data-api=');
  });

  test.each([
    [{ grace_misses: 3, grace_seconds: 0 }, 'leave LiteLLM after 3 syncs in a row without them'],
    [{ grace_misses: 1, grace_seconds: 7_200 }, 'leave LiteLLM after 2 h'],
    [{ grace_misses: 0, grace_seconds: 0 }, 'leave LiteLLM at once'],
    [{ orphan_policy: 'keep' }, 'stay in LiteLLM'],
    [{ orphan_policy: 'remove', grace_misses: 3, grace_seconds: 3_600 }, 'leave LiteLLM after 3 syncs'],
  ])('what an Accept does is told by what the provider is set to: %j', async (change, fate) => {
    expect((await product.call('PATCH', `/api/providers/${provider.id}`, change)).status).toBe(200);
    const { text } = await page(`/runs/${held.id}`);
    expect(text).toMatch(new RegExp(`<p>Accept: 4 models of [^.]* become orphaned and ${fate}`));
    expect(text).toMatch(new RegExp(`data-confirm="4 models of [^"]* become orphaned and ${fate}`));
  });

  test('its provider’s pages lead to it as well', async () => {
    const { text } = await page(`/providers/${provider.id}`);
    expect(text).toContain(`href="/runs/${held.id}">Decide about run ${held.id}`);
    expect(text).toContain('4 models were gone at once');
    expect((await page('/providers')).text).toContain(`href="/runs/${held.id}">needs a decision`);
  });

  test('an open run can be cancelled, a cancelled one tried again; a failed one says why', async () => {
    server.faults.add({ path: '/v1/models', behaviour: { kind: 'delay', ms: 3_000 } });
    const { body: run } = await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('the fetch', async () => (await product.run(run.id)).state === 'running');
    const open = (await page(`/runs/${run.id}`)).text;
    expect(open).toMatch(/<strong>fetching<\/strong> <span class="badge info">running</);
    expect(open).toContain(`data-api="POST /api/runs/${run.id}/cancel"`);
    await product.call('POST', `/api/runs/${run.id}/cancel`);
    const over = (await page(`/runs/${run.id}`)).text;
    expect(over).toContain('Cancelled by admin');
    expect(over).toMatch(/<strong>fetching<\/strong> <span class="badge warn">stopped</);
    expect(over).toContain(`data-api="POST /api/runs/${run.id}/retry"`);
    server.faults.clear();
  });

  test('a run that is gone, and an empty history', async () => {
    const gone = await page('/runs/4711');
    expect(gone.status).toBe(404);
    expect(gone.text).toContain('There is no run 4711');
    expect(gone.text).toContain('Back to the overview');
    const empty = await Product.start({ worker: false });
    try {
      expect((await openPage(empty, '/runs')).text).toContain('No runs yet');
    } finally {
      await empty.stop();
    }
  });
});
