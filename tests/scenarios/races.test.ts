import { afterEach, describe, expect, test } from '@jest/globals';
import { startLitellm } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible } from '../../sandbox/openai-compatible.js';
import { openAiModel, vllmModel } from '../../sandbox/openai-models.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { normaliserVersion } from '../../src/domain/normaliser-version.js';
import { closeIfLost } from '../../src/jobs/close-lost-runs.js';
import { QueueUnavailableError } from '../../src/jobs/enqueue.js';
import { equaliseSchedules } from '../../src/jobs/schedules.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

/** What two things at once, or half of one, once broke. */
const notServed = {
  kind: 'status' as const,
  status: 400,
  body: { detail: { error: 'Model id = x not found on litellm proxy' } },
};
const hour = 3_600_000;
let closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function world(version = '1.102.0', names = ['alpha', 'beta', 'gamma'], pollSeconds = 1) {
  const litellm = await startLitellm({ version });
  const server = await startOpenAiCompatible({ models: names.map((name) => openAiModel(name)) });
  const product = await Product.start({ litellmUrl: litellm.url, pollSeconds });
  closers.push(
    () => litellm.close(),
    () => server.close(),
    () => product.stop(),
  );
  const rowsOf = (name: string) => litellm.rows().filter((row) => row.model_name === name);
  return { litellm, server, product, rowsOf };
}

async function reconcileThrice(product: Product) {
  for (let round = 0; round < 3; round++) {
    product.advance(hour);
    await product.reconcile();
    await product.idle();
  }
}

/** As the predecessor wrote it. */
const predecessorRow = (name: string, base: string) => ({
  model_name: name,
  litellm_params: {
    model: `openai/${name}`,
    api_base: `${base}/v1`,
    tags: ['lupdater', `unique_id:p/${name}`],
  },
});

describe('a provider that changes while it is fetched', () => {
  test('its new address is the one that is read and pushed; the old server never sees the new key', async () => {
    const { litellm, server, product } = await world();
    const other = await startOpenAiCompatible({ models: [openAiModel('new1'), openAiModel('alpha')] });
    closers.push(() => other.close());
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const calls = server.counters.get('GET /v1/models');
    server.faults.add({ path: /models/, times: 1, behaviour: { kind: 'delay', ms: 800 } });
    const { body: run } = await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('the fetch', () => server.counters.get('GET /v1/models') > calls);
    await product.call('PATCH', `/api/providers/${provider.id}`, {
      base_url: other.url,
      api_key: 'key-of-the-new',
    });
    await product.finished(run.id);
    await product.sync(provider.id);
    await product.idle();
    expect(other.counters.get('GET /v1/models')).toBeGreaterThan(0);
    expect(server.counters.get('GET /v1/models')).toBe(calls + 1);
    expect(litellm.rows().find((row) => row.model_name === 'alpha')?.litellm_params['api_base']).toBe(
      `${other.url}/v1`,
    );
  });

  test('its deletion leaves no run open, twice in a row', async () => {
    const { server, product } = await world();
    for (const name of ['p', 'q']) {
      const provider = await product.addProvider({ name, base_url: server.url, type: 'openai' });
      const calls = server.counters.get('GET /v1/models');
      server.faults.add({ path: /models/, times: 1, behaviour: { kind: 'delay', ms: 1_000 } });
      const { body: run } = await product.call('POST', `/api/providers/${provider.id}/sync`);
      await until('the fetch', () => server.counters.get('GET /v1/models') > calls);
      const { body: deletion } = await product.call('DELETE', `/api/providers/${provider.id}`);
      expect(await product.finished(deletion.id)).toMatchObject({ state: 'done' });
      await product.idle();
      expect((await product.run(run.id)).state).not.toMatch(/waiting|running/);
    }
  });

  test('a deletion that LiteLLM refuses ends with the reason, and the next reconcile tries again', async () => {
    const { litellm, server, product } = await world();
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const body = { error: { message: 'no permission', code: '403' } };
    const mend = litellm.faults.add({
      path: '/model/delete',
      behaviour: { kind: 'status', status: 403, body },
    });
    const { body: deletion } = await product.call('DELETE', `/api/providers/${provider.id}`);
    const run = await product.finished(deletion.id);
    expect(run).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/3 deployments.*403.*next reconcile/),
    });
    expect(litellm.counters.get('POST /model/delete')).toBeLessThanOrEqual(6);
    mend();
    await product.reconcile();
    await until(
      'the end of the provider',
      async () => (await product.stores.providers.byId(provider.id)) === null,
    );
    expect(litellm.rows()).toEqual([]);
  });
});

describe('rows of the predecessor that are seen late end as one row', () => {
  test('after a first listing that was empty for a moment', async () => {
    const { litellm, server, product } = await world('1.81.15', ['alpha', 'beta']);
    for (const name of ['alpha', 'beta']) litellm.seed(predecessorRow(name, server.url));
    const empty = { data: [], total_count: 0, current_page: 1, total_pages: 0, size: 5_000 };
    litellm.faults.add({
      path: /^\/v2\/model\/info/,
      times: 1,
      behaviour: { kind: 'status', status: 200, body: empty },
    });
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    await product.idle();
    await reconcileThrice(product);
    expect(
      litellm
        .rows()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(['alpha', 'beta']);
  });

  test('after a removal that got lost and a model that was enabled again', async () => {
    const { litellm, server, product, rowsOf } = await world();
    litellm.seed(predecessorRow('alpha', server.url));
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    await product.idle();
    const { id } = await product.model('alpha');
    const mend = litellm.faults.add({ path: '/model/delete', behaviour: { kind: 'drop' } });
    const before = litellm.counters.get('POST /model/delete');
    await product.call('PATCH', `/api/models/${id}`, { sync_enabled: false });
    await until('a lost delete', () => litellm.counters.get('POST /model/delete') > before);
    await product.call('PATCH', `/api/models/${id}`, { sync_enabled: true });
    mend();
    await until('in step', async () => (await product.model('alpha')).deployment.state === 'in-step');
    await product.idle();
    await reconcileThrice(product);
    expect(rowsOf('alpha')).toHaveLength(1);
  });

  test('after a move to another LiteLLM in the middle of a reconcile', async () => {
    const { litellm, server, product } = await world();
    const next = await startLitellm({ version: '1.102.0' });
    closers.push(() => next.close());
    next.seed(predecessorRow('alpha', server.url));
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    await product.idle();
    const listings = litellm.counters.get('GET /v2/model/info');
    litellm.faults.add({ path: /v2\/model\/info/, times: 1, behaviour: { kind: 'delay', ms: 1_000 } });
    const { body: run } = await product.call('POST', '/api/reconcile');
    await until('the listing', () => litellm.counters.get('GET /v2/model/info') > listings);
    await product.call('PATCH', '/api/settings', { litellm_base_url: next.url, litellm_api_key: 'sk-1234' });
    await product.finished(run.id);
    await product.idle();
    await reconcileThrice(product);
    expect(
      next
        .rows()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(['alpha', 'beta', 'gamma']);
    expect((await product.models()).map((model) => model.deployment.state)).toEqual([
      'in-step',
      'in-step',
      'in-step',
    ]);
  });
});

describe('a wish that changes while its push waits to be served', () => {
  test('a key whose edit is taken back leaves LiteLLM again', async () => {
    const { litellm, server, product, rowsOf } = await world('1.102.0', ['alpha'], 30);
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const { id } = await product.model('alpha');
    const mend = litellm.faults.add({ path: /litellm_model_id=/, behaviour: notServed });
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.9 } });
    await until('the patch', () => rowsOf('alpha')[0]?.litellm_params['temperature'] === 0.9);
    await product.call('PATCH', `/api/models/${id}`, { user_params: null });
    mend();
    await until('in step', async () => (await product.model('alpha')).deployment.state === 'in-step');
    await product.idle();
    expect(rowsOf('alpha').map((row) => row.litellm_params['temperature'])).toEqual([undefined]);
  });

  test('after a replacement that was given up, the next edit keeps the row that serves', async () => {
    const { litellm, server, product, rowsOf } = await world('1.102.0', ['alpha']);
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const { id } = await product.model('alpha');
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.9, top_k: 3 } });
    await product.idle();
    const old = rowsOf('alpha')[0]?.model_id;
    const mend = litellm.faults.add({ path: /litellm_model_id=/, behaviour: notServed });
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.9 } });
    await until('giving up', async () => (await product.model('alpha')).deployment.state === 'failed');
    mend();
    expect(rowsOf('alpha').map((row) => row.model_id)).toEqual([old]);
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.7, top_k: 3 } });
    await until('in step', async () => (await product.model('alpha')).deployment.state === 'in-step');
    await product.idle();
    expect(rowsOf('alpha').map((row) => row.litellm_params['temperature'])).toEqual([0.7]);
  });

  test('an orphan inside its grace does not keep two rows', async () => {
    const { litellm, server, product, rowsOf } = await world('1.81.15', ['alpha', 'b', 'c', 'd', 'e'], 30);
    const body = { name: 'p', base_url: server.url, type: 'openai', orphan_policy: 'keep' };
    const provider = await product.addProvider(body);
    await product.sync(provider.id);
    const { id } = await product.model('alpha');
    const mend = litellm.faults.add({ path: /litellm_model_id=/, behaviour: notServed });
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.9 } });
    await until('two rows', () => rowsOf('alpha').length === 2);
    server.remove('alpha');
    const { body: run } = await product.call('POST', `/api/providers/${provider.id}/sync`);
    await until('the orphan', async () => (await product.model('alpha')).is_orphaned);
    mend();
    await product.finished(run.id);
    await product.idle();
    expect(rowsOf('alpha').map((row) => row.litellm_params['temperature'])).toEqual([0.9]);
  });
});

describe('a run whose job never came to be', () => {
  const away = () => Promise.reject(new QueueUnavailableError('away'));

  test.each([
    ['a reconcile', 'POST', '/api/reconcile'],
    ['a deletion', 'DELETE', '/api/providers/1'],
  ])('%s can be asked for again at once', async (_name, method, path) => {
    const { server, product } = await world();
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const add = product.queues.add.bind(product.queues);
    product.queues.add = away;
    expect((await product.call(method, path)).status).toBe(503);
    product.queues.add = add;
    const again = await product.call(method, path);
    expect(again.status).toBe(202);
    expect((await product.finished(again.body.id)).state).toBe('done');
  });

  test('a deletion that was cut off before its provider was marked goes on', async () => {
    const { server, product } = await world();
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.sync(provider.id);
    const wish = {
      kind: 'delete' as const,
      trigger: 'manual' as const,
      providerId: provider.id,
      providerName: 'p',
    };
    await product.stores.runs.openOrJoin(wish, product.services.now().toISOString());
    product.advance(hour);
    const { body: run } = await product.call('DELETE', `/api/providers/${provider.id}`);
    expect((await product.finished(run.id)).state).toBe('done');
    expect(await product.stores.providers.byId(provider.id)).toBeNull();
  });

  test('a healthy run is not closed as lost between two questions to Redis', async () => {
    const { server, product } = await world();
    const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
    await product.idle();
    await product.queues.byName['upsert-models'].pause();
    server.faults.add({ path: /models/, times: 1, behaviour: { kind: 'delay', ms: 500 } });
    const { body } = await product.call('POST', `/api/providers/${provider.id}/sync`);
    product.advance(20_000);
    const run = (await product.stores.runs.byId(body.id))!;
    const handedOn = async () => (await product.stores.runs.byId(run.id))?.fetchedAt != null;
    const enqueue = {
      ...product.queues,
      // This process pauses before the question about the fetch, and the fetch ends meanwhile.
      fate: async (...question: Parameters<typeof product.queues.fate>) => {
        if (question[0] === 'fetch-provider') {
          await until(
            'the end of the fetch',
            async () => (await handedOn()) && (await product.queues.fate(...question)).state === 'gone',
          );
        }
        return product.queues.fate(...question);
      },
    };
    expect(await closeIfLost(run, { ...product.services, enqueue })).toBe(false);
    await product.queues.byName['upsert-models'].resume();
    expect((await product.finished(run.id)).state).toBe('done');
  });
});

test('a schedule that another process adds meanwhile is not taken for a left-over', async () => {
  const { server, product } = await world('1.102.0', ['alpha']);
  await product.stores.settings.update(
    await product.stores.settings.get(),
    { syncIntervalSeconds: 300 },
    undefined,
    product.services.now().toISOString(),
  );
  await product.addProvider({ name: 'a', base_url: server.url, type: 'openai' });
  let proceed: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (proceed = resolve));
  const { settings } = product.stores;
  const slow = { get: async () => settings.get().then((row) => held.then(() => row)) } as typeof settings;
  const first = equaliseSchedules({ ...product.stores, settings: slow }, product.queues.byName);
  const second = await product.addProvider({ name: 'b', base_url: server.url, type: 'openai' });
  proceed();
  await first;
  const keys = (await product.queues.byName['fetch-provider'].getJobSchedulers()).map(({ key }) => key);
  expect(keys).toContain(`provider-${second.id}`);
});

test('a derivation from older metadata does not overwrite what a fetch stored meanwhile', async () => {
  const { server, product } = await world('1.102.0', []);
  server.add(vllmModel('alpha', 4_096));
  const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
  await product.sync(provider.id);
  const rows = await product.stores.models.outdated(999_999, 100);
  const derived = rows.map(({ id, found }) => ({ id, normalised: normaliseModel('openai', found) }));
  server.remove('alpha');
  server.add(vllmModel('alpha', 32_768));
  await product.sync(provider.id);
  await product.stores.models.storeDerived(derived, normaliserVersion, new Date().toISOString());
  expect((await product.model('alpha')).max_context_window).toBe(32_768);
});

test('a key that LiteLLM repeats in an error is nowhere: not in the model, not in Redis', async () => {
  const { litellm, server, product } = await world('1.102.0', ['alpha']);
  const key = 'nvapi-AbC123def456GHI789';
  const message = `1 validation error for Deployment: input_value={'api_key': '${key}'}`;
  const body = { error: { message, code: '400' } };
  litellm.faults.add({ path: '/model/new', behaviour: { kind: 'status', status: 400, body } });
  const provider = await product.addProvider({
    name: 'p',
    base_url: server.url,
    type: 'openai',
    api_key: key,
  });
  await product.sync(provider.id);
  const { deployment } = await product.model('alpha');
  expect(deployment.last_error).toContain('validation error');
  const failed = await product.queues.byName['push-model'].getFailed();
  expect(JSON.stringify([deployment, failed.map((job) => job.failedReason)])).not.toContain(key);
});

test('numbers as text in typed fields are refused, where they slipped in they are no drift', async () => {
  const { litellm, server, product } = await world('1.102.0', ['alpha']);
  const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
  await product.sync(provider.id);
  const { id } = await product.model('alpha');
  expect((await product.call('PATCH', `/api/models/${id}`, { user_params: { rpm: '10' } })).status).toBe(422);
  await product.call('PATCH', `/api/models/${id}`, { user_params: { timeout: '12' } });
  await product.idle();
  const writes = litellm.writes.length;
  await reconcileThrice(product);
  expect(litellm.writes).toHaveLength(writes);
});

test('Retry-After holds the queue for every worker, without an attempt', async () => {
  const { litellm, server, product } = await world('1.102.0', ['alpha']);
  const second = await Product.start({
    litellmUrl: litellm.url,
    dataDir: product.dataDir,
    prefix: product.prefix,
  });
  closers.push(() => second.stop());
  const provider = await product.addProvider({ name: 'p', base_url: server.url, type: 'openai' });
  await product.sync(provider.id);
  const { id } = await product.model('alpha');
  const answer = {
    kind: 'status' as const,
    status: 429,
    headers: { 'retry-after': '6' },
    body: { error: { message: 'slow' } },
  };
  litellm.faults.add({ method: 'PATCH', path: /update/, times: 1, behaviour: answer });
  await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.5 } });
  await until('in step', async () => (await product.model('alpha')).deployment.state === 'in-step');
  const patches = litellm.requests.filter(({ method }) => method === 'PATCH');
  expect(patches).toHaveLength(2);
  expect(litellm.counters.get('PATCH /model/:id/update')).toBe(2);
});
