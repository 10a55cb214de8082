import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';

describe('what LiteLLM shows beside, and over, what we wrote', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  const extra: OpenAiCompatibleStandIn[] = [];

  async function start(litellmOptions: LitellmOptions = {}, ids = ['alpha', 'beta', 'gamma', 'delta']) {
    litellm = await startLitellm(litellmOptions);
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    return product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
  }

  beforeEach(() => void extra.splice(0));
  afterEach(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close(), ...extra.map((one) => one.close())]);
  });

  const names = () =>
    litellm
      .rows()
      .map((row) => row.model_name)
      .sort();

  test('C20: a hand-made copy that carries our tags is told, and never changed or deleted', async () => {
    const provider = await start();
    await product.sync(provider.id);
    const original = litellm.rows().find((row) => row.model_name === 'beta')!;
    const copy = litellm.seed({
      model_name: 'beta',
      litellm_params: { ...original.litellm_params, rpm: 7 },
      model_info: { id: 'by-alice', mode: 'chat', created_by: 'alice' },
    });
    const asMade = structuredClone(litellm.row(copy));
    litellm.counters.reset();

    await product.sync(provider.id);
    const run = await product.reconcile();
    expect(run.outcome.warnings.join('\n')).toContain('"beta"');
    expect(litellm.counters.writes).toBe(0);
    expect(litellm.row(copy)).toEqual(asMade);

    await product.finished((await product.call('DELETE', `/api/providers/${provider.id}`)).body.id);
    expect(names()).toEqual(['beta']);
    expect(litellm.row(copy)).toEqual(asMade);
  });

  test('C21: ids that differ only by case are two models, and both stay as they are', async () => {
    const provider = await start({}, ['Foo', 'foo', 'bar']);
    const first = await product.sync(provider.id);
    expect(first).toMatchObject({ outcome: { fetched: 3, added: 3 } });
    expect(names()).toEqual(['Foo', 'bar', 'foo']);
    const ids = litellm.rows().map((row) => row.model_id);

    server.models.reverse();
    const second = await product.sync(provider.id);
    expect(second).toMatchObject({ outcome: { added: 0, updated: 0, unchanged: 3, orphaned: 0, writes: 0 } });
    expect(litellm.rows().map((row) => row.model_id)).toEqual(ids);
  });

  test('C21: two providers that serve one name are warned about; a prefix ends the warning', async () => {
    const first = await start();
    const other = await startOpenAiCompatible({ models: [openAiModel('beta'), openAiModel('omega')] });
    extra.push(other);
    const second = await product.addProvider({ name: 'tgi', base_url: other.baseUrl, type: 'openai' });
    expect((await product.sync(first.id)).outcome.warnings).toEqual([]);
    const run = await product.sync(second.id);
    expect(run.outcome.warnings).toHaveLength(1);
    expect(run.outcome.warnings[0]).toMatch(/"beta".*"vllm"/);

    await product.call('PATCH', `/api/providers/${second.id}`, { prefix: 'tgi' });
    expect((await product.sync(second.id)).outcome.warnings).toEqual([]);
    expect(names()).toEqual(['alpha', 'beta', 'delta', 'gamma', 'tgi/beta', 'tgi/omega']);
  });

  test('C21: a model of the same name in config.yaml or made by hand is warned about and left alone', async () => {
    const provider = await start({
      configRows: [
        { model_name: 'alpha', litellm_params: { model: 'openai/alpha', api_base: 'http://x/v1' } },
      ],
    });
    litellm.seed({ model_name: 'gamma', litellm_params: { model: 'openai/gamma', api_base: 'http://x/v1' } });
    await product.sync(provider.id);
    const { warnings } = (await product.reconcile()).outcome;
    expect(warnings).toHaveLength(2);
    expect(warnings.find((text: string) => text.includes('"alpha"'))).toMatch(/config\.yaml/);
    expect(warnings.find((text: string) => text.includes('"gamma"'))).toMatch(/by hand/);
    expect(names().filter((name) => name === 'gamma')).toHaveLength(2);
  });

  test('C22: rows with null where a list or an object belongs do not keep a provider from its models', async () => {
    const provider = await start();
    litellm.seed({
      model_name: 'odd',
      litellm_params: { model: 'openai/odd', tags: null },
      model_info: { access_groups: null, litellm_updater: null, tags: 'lupdater' },
    });
    expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { created: 4, failed: 0 } } });
    server.add(openAiModel('epsilon'));
    expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { created: 1, failed: 0 } } });
    expect(await product.reconcile()).toMatchObject({ state: 'done' });
    expect(names()).toEqual(['alpha', 'beta', 'delta', 'epsilon', 'gamma', 'odd']);
  });

  test('C23: what LiteLLM fills in from its own cost map after a first chat is no change', async () => {
    const provider = await start();
    await product.call('PATCH', `/api/providers/${provider.id}`, {
      pricing_override: { input_cost_per_token: 0.00000112345, output_cost_per_token: 0.0000045 },
    });
    await product.sync(provider.id);
    const chat = await fetch(`${litellm.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${litellm.masterKey}` },
      body: JSON.stringify({ model: 'alpha', messages: [] }),
    });
    expect(chat.status).toBe(200);
    const echoed = litellm.served().find((row) => row.model_name === 'alpha');
    expect(Object.keys(echoed?.model_info ?? {}).length).toBeGreaterThan(50);
    litellm.counters.reset();
    product.advance(3_600_000); // past the time in which a listing may be older than our write

    expect(await product.sync(provider.id)).toMatchObject({ outcome: { writes: 0 } });
    expect(await product.reconcile()).toMatchObject({ outcome: { writes: 0, drifted: [] } });
    expect(litellm.counters.writes).toBe(0);
  });

  test('C23: prices that an older LiteLLM shows masked are no change', async () => {
    const provider = await start();
    await product.call('PATCH', `/api/providers/${provider.id}`, {
      pricing_override: { input_cost_per_token: 1.12345e-6, output_cost_per_token: 1.125e-6 },
    });
    await product.sync(provider.id);
    const rows = litellm.served().map((row) => ({
      ...row,
      litellm_params: {
        ...row.litellm_params,
        input_cost_per_token: '1.12***e-06',
        output_cost_per_token: '1.12*e-06',
      },
    }));
    litellm.faults.add({
      path: '/v2/model/info',
      behaviour: {
        kind: 'status',
        status: 200,
        body: { data: rows, total_count: 4, current_page: 1, total_pages: 1, size: 5000 },
      },
    });
    litellm.counters.reset();
    product.advance(3_600_000);

    expect(await product.reconcile()).toMatchObject({ outcome: { writes: 0, drifted: [] } });
    expect(litellm.counters.writes).toBe(0);
  });

  test('C31: a listing that misses new rows, of a replica that has not learned of them, makes no second ones', async () => {
    const provider = await start();
    await product.sync(provider.id);
    const ids = litellm
      .rows()
      .map((row) => row.model_id)
      .sort();
    const stale = litellm.served().slice(0, 2);
    litellm.faults.add({
      path: '/v2/model/info',
      times: 1,
      behaviour: {
        kind: 'status',
        status: 200,
        body: { data: stale, total_count: 2, current_page: 1, total_pages: 1, size: 5000 },
      },
    });
    litellm.counters.reset();

    expect(await product.reconcile()).toMatchObject({ state: 'done', outcome: { writes: 0 } });
    await product.sync(provider.id);
    expect(litellm.counters.writes).toBe(0);
    expect(
      litellm
        .rows()
        .map((row) => row.model_id)
        .sort(),
    ).toEqual(ids);
  });

  test('C31: behind a balancer over three replicas, each model is created once and none is deleted', async () => {
    const provider = await start({ replicas: 3, pollMs: 250 });
    expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { created: 4, failed: 0 } } });
    await product.reconcile();
    server.add(openAiModel('epsilon'));
    expect(await product.sync(provider.id)).toMatchObject({ outcome: { pushes: { created: 1, failed: 0 } } });
    await product.reconcile();

    expect(names()).toEqual(['alpha', 'beta', 'delta', 'epsilon', 'gamma']);
    expect(litellm.counters.get('POST /model/new')).toBe(5);
    expect(litellm.counters.get('POST /model/delete')).toBe(0);
  });
});
