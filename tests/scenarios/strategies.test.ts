import { afterEach, describe, expect, test } from '@jest/globals';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product, type Row } from '../support/product.js';
import { until } from '../support/until.js';

const older = '1.81.15';
const newer = '1.105.0';
/** The product waits two polls for what it wrote to be served: longer than any test, until its clock is moved. */
const pollSeconds = 30;

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let providerId: number;

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

/** Two models of one Ollama server, registered and seen served. */
async function registered(options: LitellmOptions): Promise<void> {
  litellm = await startLitellm(options);
  ollama = await startOllama({ models: [ollamaModel('qwen3:8b'), ollamaModel('llama3.1:8b')] });
  product = await Product.start({ litellmUrl: litellm.url, pollSeconds });
  providerId = (
    await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama', prefix: 'box' })
  ).id;
  const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
  await until('the first pushes', async () => {
    litellm.poll(); // as replicas do every 30 s
    const { state, outcome } = await product.run(run.id);
    return state === 'done' && outcome.pushes.pending === 0;
  });
  expect((await product.run(run.id)).outcome.pushes).toMatchObject({ created: 2, failed: 0 });
  await product.idle();
}

async function edit(modelId: string, fields: Record<string, unknown>): Promise<void> {
  const { id } = await product.model(modelId);
  const { status, body } = await product.call('PATCH', `/api/models/${id}`, fields);
  if (status !== 200) throw new Error(`edit: ${status} ${JSON.stringify(body)}`);
}

/** Lets jobs that wait for their time run now; the schedules keep theirs. */
async function hurry<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  return until(what, async () => {
    for (const queue of Object.values(product.queues.byName)) {
      const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
      await Promise.allSettled(waiting.map((job) => job.promote()));
    }
    return look();
  });
}

async function settled(modelId: string): Promise<Row> {
  return hurry(`the push of ${modelId}`, async () => {
    const model = await product.model(modelId);
    return model.deployment.state === 'pending' ? undefined : model;
  });
}

function rowsNamed(name: string) {
  return litellm.rows().filter((row) => row.model_name === name);
}

/** Asks every replica again and again, over HTTP, which names it lists; the end tells how often that was not right. */
function watch(
  isRight: (names: string[]) => boolean,
  replicas = 1,
): () => Promise<{ answers: number; gaps: number }> {
  let going = true;
  let answers = 0;
  let gaps = 0;
  const asking = (async () => {
    while (going) {
      for (let replica = 0; replica < replicas; replica++) {
        const headers = {
          authorization: `Bearer ${litellm.masterKey}`,
          'x-sandbox-replica': String(replica),
        };
        const reply = await fetch(`${litellm.url}/v1/models`, { headers });
        const { data } = (await reply.json()) as { data: { id: string }[] };
        answers += 1;
        if (!isRight(data.map(({ id }) => id))) gaps += 1;
      }
    }
  })();
  return async () => {
    going = false;
    await asking;
    return { answers, gaps };
  };
}

const hasAll =
  (...wanted: string[]) =>
  (names: string[]) =>
    wanted.every((name) => names.includes(name));

/** The writes and the by-id reads of one row in the order in which LiteLLM got them. */
function story(newId: string): string[] {
  return litellm.requests
    .filter(({ path, search }) => path === '/model/new' || path === '/model/delete' || search.includes(newId))
    .map(({ path }) => (path === '/model/info' ? 'look' : path.replace('/model/', '')));
}

describe('on LiteLLM 1.81', () => {
  test('a change creates the next generation, sees it served, then deletes the old one, and never PATCHes', async () => {
    await registered({ version: older });
    const before = rowsNamed('box/qwen3:8b')[0]!;
    const written = litellm.writes.length;
    const stopWatching = watch(hasAll('box/qwen3:8b', 'box/llama3.1:8b'));

    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    const model = await settled('qwen3:8b');
    const { answers, gaps } = await stopWatching();

    const [after, ...more] = rowsNamed('box/qwen3:8b');
    expect(more).toEqual([]);
    expect(after?.litellm_params['temperature']).toBe(0.25);
    expect(after?.model_id).not.toBe(before.model_id);
    expect(model.deployment).toMatchObject({
      state: 'in-step',
      generation: 1,
      deployment_id: after?.model_id,
    });
    expect(litellm.writes.slice(written).map(({ method, id }) => [method, id])).toEqual([
      ['POST /model/new', after?.model_id],
      ['POST /model/delete', before.model_id],
    ]);
    const steps = story(after!.model_id);
    expect(steps.lastIndexOf('new')).toBeLessThan(steps.lastIndexOf('look'));
    expect(steps.lastIndexOf('look')).toBeLessThan(steps.lastIndexOf('delete'));
    expect(answers).toBeGreaterThan(0);
    expect(gaps).toBe(0);
    expect(litellm.counters.get('PATCH /model/:id/update')).toBe(0);
  });

  test('a rename has the old or the new name served at every moment', async () => {
    await registered({ version: older });
    await product.call('PATCH', `/api/providers/${providerId}`, { prefix: 'den' });
    const stopWatching = watch((names) =>
      ['qwen3:8b', 'llama3.1:8b'].every((id) => names.includes(`box/${id}`) || names.includes(`den/${id}`)),
    );
    await settled('qwen3:8b');
    await settled('llama3.1:8b');
    expect((await stopWatching()).gaps).toBe(0);
    expect(
      litellm
        .rows()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(['den/llama3.1:8b', 'den/qwen3:8b']);
    const kinds = litellm.writes.slice(2).map(({ method }) => method);
    expect(kinds).toEqual(['POST /model/new', 'POST /model/delete', 'POST /model/new', 'POST /model/delete']);
    expect(litellm.counters.get('PATCH /model/:id/update')).toBe(0);
  });

  test('two changes in a row leave one row, with the last one', async () => {
    await registered({ version: older });
    await edit('qwen3:8b', { user_params: { temperature: 0.1 } });
    await edit('qwen3:8b', { user_params: { temperature: 0.2 } });
    await edit('qwen3:8b', { user_params: { temperature: 0.3 } });
    await settled('qwen3:8b');
    await product.idle();
    expect(rowsNamed('box/qwen3:8b').map((row) => row.litellm_params['temperature'])).toEqual([0.3]);
    expect((await product.reconcile()).outcome).toMatchObject({ writes: 0, drifted: [], missing: [] });
  });

  test('update_strategy patch changes the row in place', async () => {
    await registered({ version: older });
    const before = rowsNamed('box/qwen3:8b')[0]!;
    await product.call('PATCH', '/api/settings', { update_strategy: 'patch' });
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    await settled('qwen3:8b');
    expect(rowsNamed('box/qwen3:8b')).toHaveLength(1);
    expect(litellm.row(before.model_id)?.litellm_params['temperature']).toBe(0.25);
    expect(litellm.writes.slice(2).map(({ method }) => method)).toEqual(['PATCH /model/:id/update']);
  });
});

describe('on LiteLLM 1.105', () => {
  test('a change PATCHes the row in place', async () => {
    await registered({ version: newer });
    const before = rowsNamed('box/qwen3:8b')[0]!;
    const stopWatching = watch(hasAll('box/qwen3:8b', 'box/llama3.1:8b'));
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    const model = await settled('qwen3:8b');
    expect((await stopWatching()).gaps).toBe(0);
    expect(model.deployment).toMatchObject({ state: 'in-step', generation: 0 });
    expect(litellm.row(before.model_id)?.litellm_params['temperature']).toBe(0.25);
    expect(litellm.writes.slice(2).map(({ method, id }) => [method, id])).toEqual([
      ['PATCH /model/:id/update', before.model_id],
    ]);
  });

  test('a rename PATCHes too: the row keeps its id and the old name is gone', async () => {
    await registered({ version: newer });
    const ids = litellm.rows().map((row) => row.model_id);
    await product.call('PATCH', `/api/providers/${providerId}`, { prefix: 'den' });
    await settled('qwen3:8b');
    await settled('llama3.1:8b');
    expect(
      litellm
        .rows()
        .map((row) => row.model_id)
        .sort(),
    ).toEqual(ids.sort());
    expect(
      litellm
        .served()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(['den/llama3.1:8b', 'den/qwen3:8b']);
    expect(litellm.counters.get('POST /model/new')).toBe(2);
  });

  test('a key that must go is a need for a replacement, because a PATCH removes none', async () => {
    await registered({ version: newer });
    await edit('qwen3:8b', { user_params: { temperature: 0.25, top_p: 0.5 } });
    await settled('qwen3:8b');
    const before = rowsNamed('box/qwen3:8b')[0]!;
    const written = litellm.writes.length;
    const stopWatching = watch(hasAll('box/qwen3:8b'));
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    await settled('qwen3:8b');
    expect((await stopWatching()).gaps).toBe(0);
    const [after, ...more] = rowsNamed('box/qwen3:8b');
    expect(more).toEqual([]);
    expect(after?.litellm_params).toMatchObject({ temperature: 0.25 });
    expect(after?.litellm_params).not.toHaveProperty('top_p');
    expect(litellm.writes.slice(written).map(({ method, id }) => [method, id])).toEqual([
      ['POST /model/new', after?.model_id],
      ['POST /model/delete', before.model_id],
    ]);
  });

  test('update_strategy replace never PATCHes', async () => {
    await registered({ version: newer });
    await product.call('PATCH', '/api/settings', { update_strategy: 'replace' });
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    await settled('qwen3:8b');
    expect(rowsNamed('box/qwen3:8b').map((row) => row.litellm_params['temperature'])).toEqual([0.25]);
    expect(litellm.writes.slice(2).map(({ method }) => method)).toEqual([
      'POST /model/new',
      'POST /model/delete',
    ]);
  });

  test('update_strategy patch still replaces where a key must go', async () => {
    await registered({ version: newer });
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    await settled('qwen3:8b');
    await product.call('PATCH', '/api/settings', { update_strategy: 'patch' });
    await edit('qwen3:8b', { user_params: null });
    await settled('qwen3:8b');
    expect(rowsNamed('box/qwen3:8b')).toHaveLength(1);
    expect(rowsNamed('box/qwen3:8b')[0]?.litellm_params).not.toHaveProperty('temperature');
  });
});

describe('a route that LiteLLM never serves', () => {
  /** The wait for it is two polls; our clock jumps over them once the row is written. */
  async function whenWritten(modelId: string): Promise<void> {
    const { id } = await product.model(modelId);
    await until(
      'the written row',
      async () => (await product.stores.deployments.forModel(id))?.step === 'verify',
    );
    product.advance((2 * pollSeconds + 1) * 1_000);
  }

  test.each([older, newer])('is taken away again and the old row stays (%s)', async (version) => {
    await registered({ version });
    await product.call('PATCH', '/api/settings', { update_strategy: 'replace' });
    await product.idle();
    const before = rowsNamed('box/qwen3:8b')[0]!;
    const written = litellm.writes.length;
    const stopWatching = watch(hasAll('box/qwen3:8b'));
    litellm.wrongSaltKey = true; // new rows are stored and never loaded; old ones stay served
    ollama.replace('qwen3:8b', { contextLength: 8192 });
    const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
    await whenWritten('qwen3:8b');
    await settled('qwen3:8b');
    const ended = await product.finished(run.id);

    expect((await stopWatching()).gaps).toBe(0);
    expect(ended).toMatchObject({ state: 'done', outcome: { pushes: { failed: 1, replaced: 0 } } });
    expect(rowsNamed('box/qwen3:8b')).toEqual([before]);
    const [created, removed, ...rest] = litellm.writes.slice(written);
    expect([created?.method, removed?.method]).toEqual(['POST /model/new', 'POST /model/delete']);
    expect(removed?.id).toBe(created?.id);
    expect(rest).toEqual([]);
    const model = await product.model('qwen3:8b');
    expect(model.deployment).toMatchObject({ state: 'failed', deployment_id: before.model_id });
    expect(model.deployment.last_error).toMatch(/never served/);
  });

  test('leaves nothing behind when it was the first row, and comes once LiteLLM serves it', async () => {
    await registered({ version: older });
    litellm.wrongSaltKey = true;
    ollama.add('phi4:14b');
    const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
    await until('the model', async () => (await product.models('&search=phi4')).length === 1);
    await whenWritten('phi4:14b');
    await settled('phi4:14b');
    expect(await product.finished(run.id)).toMatchObject({ outcome: { pushes: { failed: 1, created: 0 } } });
    expect(rowsNamed('box/phi4:14b')).toEqual([]);
    expect((await product.model('phi4:14b')).deployment).toMatchObject({ state: 'failed' });

    litellm.wrongSaltKey = false;
    await product.reconcile();
    await settled('phi4:14b');
    expect(rowsNamed('box/phi4:14b')).toHaveLength(1);
    expect((await product.model('phi4:14b')).deployment).toMatchObject({
      state: 'in-step',
      last_error: null,
      deployment_id: rowsNamed('box/phi4:14b')[0]?.model_id,
    });
  });

  test('a PATCH that is not taken up fails with the reason and leaves the row where it is', async () => {
    await registered({ version: newer });
    const before = rowsNamed('box/qwen3:8b')[0]!;
    litellm.wrongSaltKey = true;
    await edit('qwen3:8b', { user_params: { temperature: 0.25 } });
    await whenWritten('qwen3:8b');
    const model = await settled('qwen3:8b');
    expect(model.deployment).toMatchObject({ state: 'failed', deployment_id: before.model_id });
    expect(model.deployment.last_error).toMatch(/does not serve/);
    expect(rowsNamed('box/qwen3:8b')).toHaveLength(1);
  });
});

describe('behind a balancer with two replicas', () => {
  test.each([older, newer])(
    'a replaced model is served by both replicas at every moment (%s)',
    async (version) => {
      await registered({ version, replicas: 2, pollMs: 0 });
      litellm.poll();
      await product.call('PATCH', '/api/settings', { update_strategy: 'replace' });
      await product.idle();
      const before = rowsNamed('box/qwen3:8b')[0]!;
      const stopWatching = watch(hasAll('box/qwen3:8b', 'box/llama3.1:8b'), 2);
      await edit('qwen3:8b', { user_params: { temperature: 0.25 } });

      // One replica has the new row, the other does not know of it: the old one must stay.
      const { id } = await product.model('qwen3:8b');
      await until('the new row to be looked for', async () => {
        const history = await product.stores.deployments.forModel(id);
        return history?.step === 'verify' && (await delayedPushes()) > 0;
      });
      await hurryOnce();
      await until('another look', async () => (await delayedPushes()) > 0);
      expect(litellm.row(before.model_id)).toBeDefined();

      litellm.poll();
      await settled('qwen3:8b');
      litellm.poll();
      const { answers, gaps } = await stopWatching();
      expect(answers).toBeGreaterThan(1);
      expect(gaps).toBe(0);
      for (const replica of [0, 1]) {
        const ids = litellm
          .served(replica)
          .filter((row) => row.model_name === 'box/qwen3:8b')
          .map((row) => row.model_info['id']);
        expect(ids).toEqual([rowsNamed('box/qwen3:8b')[0]?.model_id]);
      }
      expect(litellm.row(before.model_id)).toBeUndefined();
    },
  );

  test('nothing is made again because one replica does not know of it yet', async () => {
    litellm = await startLitellm({ version: older, replicas: 2, pollMs: 0 });
    ollama = await startOllama({ models: [] });
    product = await Product.start({ litellmUrl: litellm.url });
    providerId = (await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' })).id;
    ollama.add('a:1b', 'b:1b', 'c:1b', 'd:1b', 'e:1b');
    const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
    await hurry('the first pushes', async () => {
      const { outcome, state } = await product.run(run.id);
      return state === 'done' && outcome.pushes.pending === 0;
    });
    // Each replica has made some of the rows and knows what was there at that time; neither has polled.
    for (let round = 0; round < 4; round++) {
      const { body } = await product.call('POST', '/api/reconcile');
      await hurry('the reconcile', async () => {
        product.advance(200);
        return (await product.run(body.id)).state === 'done';
      });
      await product.idle();
    }
    expect(litellm.counters.get('POST /model/new')).toBe(5);
    expect(litellm.counters.get('POST /model/delete')).toBe(0);
    litellm.poll();
    expect(litellm.served(0)).toHaveLength(5);
    expect(litellm.served(1)).toHaveLength(5);
  });

  async function delayedPushes(): Promise<number> {
    const delayed = await product.queues.byName['push-model'].getDelayed();
    return delayed.filter((job) => job.repeatJobKey === undefined).length;
  }

  async function hurryOnce(): Promise<void> {
    const delayed = await product.queues.byName['push-model'].getDelayed();
    await Promise.all(delayed.filter((job) => job.repeatJobKey === undefined).map((job) => job.promote()));
    await until('the promoted push to be taken', async () => (await delayedPushes()) === 0);
  }
});
