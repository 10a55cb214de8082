import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';
import { until } from '../support/until.js';
import { watch, type Watched } from './watching-client.js';

const older = '1.81.15';
const newer = '1.105.0';
const patienceMs = 400_000;

/** Every tenth of them changes, half of those at the provider and half by a person. */
const names = Array.from({ length: 500 }, (_none, index) => `org/model-${String(index).padStart(3, '0')}`);
const changing = names.filter((_name, index) => index % 10 === 3);
const [atProvider, byPerson] = [changing.slice(0, 25), changing.slice(25)];

/** A write takes its time, so that the client looks on while it happens; the first 500 need not. */
const writeMs = 20;
/** How long a PATCH below 1.102 leaves its worker without models; 30 ms were measured at 50 models. */
const patchGapMs = 30;

interface Scene {
  litellm: LitellmStandIn;
  provider: OpenAiCompatibleStandIn;
  product: Product;
  providerId: number;
  replicas: number;
  /** For edits. */
  ids: Map<string, number>;
  setWriteMs(ms: number): void;
  close(): Promise<void>;
}

/** 500 models, registered and served by every replica. */
async function registered(version: string, replicas: number): Promise<Scene> {
  let costMs = 0;
  const litellm = await startLitellm({
    version,
    replicas,
    pollMs: 100,
    patchGapMs,
    writeCostMs: () => costMs,
  });
  const provider = await startOpenAiCompatible({ models: names.map((name) => vllmModel(name, 8192)) });
  const product = await Product.start({ litellmUrl: litellm.url, pollSeconds: 1 });
  const { id } = await product.addProvider({ name: 'rack', base_url: provider.baseUrl, type: 'openai' });
  await product.idle(); // the first reconcile would count pushes of this sync as its own
  const { body: run } = await product.call('POST', `/api/providers/${id}/sync`);
  const { outcome } = await product.finished(run.id, patienceMs);
  expect(outcome.pushes).toMatchObject({ created: names.length, failed: 0 });
  const models = await product.models();
  const scene: Scene = {
    litellm,
    provider,
    product,
    providerId: id,
    replicas,
    ids: new Map(models.map((model) => [model.model_id, model.id])),
    setWriteMs: (ms) => void (costMs = ms),
    async close() {
      await product.stop();
      await Promise.all([provider.close(), litellm.close()]);
    },
  };
  await everyReplicaIsInStep(scene);
  return scene;
}

async function everyReplicaIsInStep({ litellm, replicas }: Scene): Promise<void> {
  await until('every replica to serve what the database holds', () => {
    const stored = litellm
      .rows()
      .map((row) => row.model_id)
      .sort()
      .join();
    return Array.from({ length: replicas }, (_none, replica) => replica).every((replica) => {
      const served = litellm.served(replica).map((row) => row.model_info['id']);
      return served.sort().join() === stored;
    });
  });
}

/** The models that change, and in turn with them the one that was written last and all the others. */
function speaker({ litellm }: Scene): () => string {
  const nameOf = new Map(litellm.rows().map((row) => [row.model_id, row.model_name]));
  let turn = 0;
  return () => {
    turn += 1;
    const last = litellm.writes.at(-1)?.id ?? '';
    const name = [
      nameOf.get(last) ?? litellm.row(last)?.model_name,
      changing[turn % changing.length],
      names[turn % names.length],
    ][turn % 3];
    return name ?? names[0]!;
  };
}

/** Changes 50 of the 500 while a client looks on; what it saw, and what LiteLLM was asked to write. */
async function walk(scene: Scene, mark: number): Promise<{ watched: Watched; writes: string[] }> {
  const { litellm, replicas } = scene;
  const written = litellm.writes.length;
  scene.setWriteMs(writeMs);
  const client = watch(litellm, { names, replicas, talkTo: speaker(scene) });
  try {
    await change(scene, mark);
  } finally {
    await client.stop();
    scene.setWriteMs(0);
  }
  return { watched: client.seen(), writes: litellm.writes.slice(written).map(({ method }) => method) };
}

/** Until every replica serves the change. */
async function change(scene: Scene, mark: number): Promise<void> {
  const { provider, product, providerId } = scene;
  provider.models = names.map((name) => vllmModel(name, atProvider.includes(name) ? 4096 + mark : 8192));
  const { body: run } = await product.call('POST', `/api/providers/${providerId}/sync`);
  for (const name of byPerson) {
    const answer = await product.call('PATCH', `/api/models/${scene.ids.get(name)}`, {
      tags: [`walk-${mark}`],
      user_params: { temperature: mark / 10 },
    });
    expect(answer.status).toBe(200);
  }
  const { outcome } = await product.finished(run.id, patienceMs);
  expect(outcome).toMatchObject({ updated: atProvider.length, pushes: { failed: 0 } });
  await product.idle(patienceMs);
  const states = (await product.models()).map((model) => model.deployment.state);
  expect(states).toEqual(names.map(() => 'in-step'));
  await everyReplicaIsInStep(scene);
}

function expectChanged({ litellm, replicas }: Scene, mark: number): void {
  for (let replica = 0; replica < replicas; replica++) {
    const rows = new Map(litellm.served(replica).map((row) => [row.model_name, row]));
    expect([...rows.keys()].sort()).toEqual(names);
    for (const name of atProvider)
      expect(rows.get(name)?.model_info).toMatchObject({ max_input_tokens: 4096 + mark });
    for (const name of byPerson)
      expect(rows.get(name)?.litellm_params).toMatchObject({ temperature: mark / 10 });
  }
}

function tell(what: string, { lists, chats, shortLists, failed, medianMs }: Watched): void {
  process.stdout.write(
    `no-gap proof, ${what}: ${lists} lists (one every ${medianMs.toFixed(1)} ms at each replica) and ${chats} chats; ` +
      `${shortLists.length} lists lacked models, ${failed.length} requests failed\n`,
  );
}

describe.each([
  [older, 1],
  [older, 2],
  [newer, 1],
  [newer, 2],
])('while 50 of 500 deployments change on LiteLLM %s with %d replica(s)', (version, replicas) => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await registered(version, replicas);
  }, patienceMs);

  afterAll(async () => {
    await scene?.close();
  });

  test(
    'a client that lists and chats all the time misses no model and no answer',
    async () => {
      const { watched, writes } = await walk(scene, 1);
      tell(`${version}, ${replicas} replica(s)`, watched);
      expect(watched).toMatchObject({ shortLists: [], failed: [] });
      // It looked on: more often than LiteLLM wrote.
      expect(watched.lists).toBeGreaterThan(writes.length);
      expect(watched.chats).toBeGreaterThan(writes.length);
      const count = (method: string) => writes.filter((one) => one === method).length;
      const isOld = version === older;
      expect(count('PATCH /model/:id/update')).toBe(isOld ? 0 : changing.length);
      expect(count('POST /model/new')).toBe(isOld ? changing.length : 0);
      expect(count('POST /model/delete')).toBe(isOld ? changing.length : 0);
      expectChanged(scene, 1);
    },
    patienceMs,
  );

  if (version !== older || replicas > 1) return;
  test(
    'the same walk with update_strategy=patch shows gaps in the lists and failed chats',
    async () => {
      const { status } = await scene.product.call('PATCH', '/api/settings', { update_strategy: 'patch' });
      expect(status).toBe(200);
      const { watched, writes } = await walk(scene, 2);
      tell(`${version} with update_strategy=patch`, watched);
      expect(writes).toEqual(changing.map(() => 'PATCH /model/:id/update'));
      expect(watched.shortLists.length).toBeGreaterThan(0);
      expect(Math.max(...watched.shortLists)).toBe(names.length);
      expect(watched.failed.length).toBeGreaterThan(0);
      expect(watched.failed.join()).toContain('There are no healthy deployments for this model');
      expectChanged(scene, 2);
    },
    patienceMs,
  );
});
