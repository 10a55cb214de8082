import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Installation } from '../support/processes.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';

const names = Array.from({ length: 60 }, (_none, index) => `model-${String(index).padStart(3, '0')}:1b`);

let ollama: OllamaStandIn;
let litellm: LitellmStandIn;

beforeEach(async () => {
  litellm = await startLitellm();
  ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
});

afterEach(async () => {
  await Promise.all([ollama.close(), litellm.close()]);
});

const atLitellm = () =>
  litellm
    .rows()
    .map((row) => row.model_name)
    .sort();

describe('LiteLLM goes down in the middle of the pushes (api and worker as processes)', () => {
  let installation: Installation;

  beforeEach(async () => {
    installation = new Installation({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
    await installation.startApi();
    await installation.startWorker();
  });

  afterEach(() => installation.destroy());

  test('the api stays ready, fetching goes on, the run tells the truth, and the pushes end when it is back', async () => {
    litellm.faults.latencyMs = 5;
    const { id } = await installation.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    const run = await installation.startSync(id);
    await until('the 20th create', () => litellm.writes.length >= 20);
    await litellm.down();
    const destination = await until('the error in the settings', async () => {
      const { body } = await installation.call('GET', '/api/settings');
      return body.destination.state === 'error' ? body.destination : undefined;
    });
    expect(destination.error).toContain(litellm.url);
    expect(destination.error_at).not.toBeNull();

    expect((await installation.call('GET', '/readyz')).status).toBe(200);
    expect((await installation.call('GET', '/livez')).status).toBe(200);
    const written = litellm.writes.length;
    expect(written).toBeLessThan(60);
    const meanwhile = await installation.run(run.id);
    expect(meanwhile).toMatchObject({ state: 'done', outcome: { added: 60, pushes: { failed: 0 } } });
    const { created, pending } = meanwhile.outcome.pushes as Record<string, number>;
    expect(created! + pending!).toBe(60);
    expect(pending).toBeGreaterThan(0);
    // What LiteLLM wrote last may have lost its answer.
    expect(written - created!).toBeLessThanOrEqual(1);

    ollama.add('late:1b');
    const second = await installation.startSync(id);
    const fetched = await until('the second fetch', async () => {
      const seen = await installation.run(second.id);
      return seen.state === 'done' ? seen : undefined;
    });
    expect(fetched.outcome).toMatchObject({ added: 1, unchanged: 60 });

    await litellm.up();
    await installation.finished(second.id);
    await installation.finished(run.id);
    expect(atLitellm()).toEqual(['late:1b', ...names]);
    expect(litellm.writes).toHaveLength(61);
    expect((await installation.call('GET', '/api/settings')).body.destination).toMatchObject({
      state: 'ok',
      error: null,
    });
    const pushes = [await installation.run(run.id), await installation.run(second.id)].map(
      (one) => one.outcome.pushes as { created: number; failed: number },
    );
    expect(pushes.map((one) => one.failed)).toEqual([0, 0]);
    expect(pushes.reduce((sum, one) => sum + one.created, 0)).toBe(61);
  });
});

describe('LiteLLM answers, but its database is away', () => {
  let product: Product;

  beforeEach(async () => {
    product = await Product.start({ litellmUrl: litellm.url });
  });

  afterEach(() => product.stop());

  test('nothing is lost, doubled or taken for deleted, and all is registered once it is back', async () => {
    ollama.models.splice(6);
    const { id } = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    await product.idle();
    await product.sync(id);
    const before = litellm.rows();
    ollama.add('late:1b');
    litellm.databaseDown = true;
    const { body: run } = await product.call('POST', `/api/providers/${id}/sync`);
    await until('the trouble', async () => {
      const late = (await product.models('&search=late'))[0];
      const { body } = await product.call('GET', '/api/settings');
      return late?.deployment.last_error != null || body.destination.error !== null;
    });
    expect(litellm.rows()).toEqual(before);
    expect(await product.run(run.id)).toMatchObject({
      outcome: { orphaned: 0, pushes: { created: 0, removed: 0 } },
    });

    litellm.databaseDown = false;
    await until('the registered model', async () => {
      for (const queue of Object.values(product.queues.byName)) {
        const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
        await Promise.allSettled(waiting.map((job) => job.promote()));
      }
      return atLitellm().length === 7;
    });
    await product.finished(run.id);
    await product.idle();
    expect((await product.reconcile()).outcome).toMatchObject({ writes: 0, missing: [], drifted: [] });
    expect(litellm.writes).toHaveLength(7);
    expect((await product.models()).map((model) => model.deployment.state)).toEqual(
      Array.from({ length: 7 }, () => 'in-step'),
    );
  });
});
