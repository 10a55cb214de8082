import { afterAll, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../sandbox/faults.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product, type Run } from '../support/product.js';
import { until } from '../support/until.js';

const older = '1.81.15';
const newer = '1.105.0';
const create = { method: 'POST', path: '/model/new' };
const remove = { method: 'POST', path: '/model/delete' };
const patch = { method: 'PATCH', path: '/model/:id/update' };
const look = { method: 'GET', path: '/model/info' };

interface Story {
  product: Product;
  litellm: LitellmStandIn;
  run: Run;
  /** Calls that reached LiteLLM from the moment on in which the fault was set. */
  calls: (call: { method: string; path: string }) => number;
  /** The same, of all writing calls. */
  writingCalls: number;
  /** What reached its database from then on. */
  written: string[];
  /** The row that served before. */
  old: { model_id: string } | undefined;
  model: any;
  attempts: { outcome: string; attempt: number }[];
}

const closers: (() => Promise<void>)[] = [];
const stories = new Map<string, Promise<Story>>();

afterAll(async () => {
  await Promise.allSettled(stories.values());
  await Promise.all(closers.map((close) => close()));
});

/**
 * One model, of which one call is spoilt once. A queue that is held waits for seconds, so all stories are told at the same
 * time; each has a product, an Ollama and a LiteLLM of its own.
 */
async function tell(
  version: string,
  change: 'first' | 'new limit' | 'gone',
  call: { method: string; path: string },
  behaviour: Behaviour,
): Promise<Story> {
  const litellm = await startLitellm({ version });
  const ollama: OllamaStandIn = await startOllama({ models: [ollamaModel('keep:1b')] });
  const product = await Product.start({ litellmUrl: litellm.url });
  closers.push(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });
  const { id } = await product.addProvider({
    name: 'box',
    base_url: ollama.url,
    type: 'ollama',
    grace_misses: 1,
    grace_seconds: 0,
  });
  if (change !== 'first') ollama.add('a:1b');
  await product.sync(id);
  await product.idle();
  const [old] = litellm.rows().filter((row) => row.model_name === 'a:1b');

  if (change === 'first') ollama.add('a:1b');
  if (change === 'new limit') ollama.replace('a:1b', { contextLength: 4096 });
  if (change === 'gone') ollama.remove('a:1b');
  const key = ({ method, path }: typeof call) => `${method} ${path}`;
  const before = litellm.counters.all();
  const writesBefore = litellm.counters.writes;
  const written = litellm.writes.length;
  litellm.faults.add({ ...call, times: 1, behaviour });
  const { body } = await product.call('POST', `/api/providers/${id}/sync`);
  const run = await product.finished(body.id);
  await until(
    'the queue to be empty',
    async () => (await product.queues.byName['push-model'].getActiveCount()) === 0,
  );
  const model = await product.model('a:1b');
  const attempts = await product.stores.history.jobRunsOf(run.id, 10);
  return {
    product,
    litellm,
    run,
    calls: (one) => litellm.counters.get(key(one)) - (before[key(one)] ?? 0),
    writingCalls: litellm.counters.writes - writesBefore,
    written: litellm.writes.slice(written).map(({ method }) => method),
    old,
    model,
    attempts,
  };
}

function story(name: string, ...args: Parameters<typeof tell>): () => Promise<Story> {
  const told = tell(...args);
  told.catch(() => undefined); // its test says so
  stories.set(name, told);
  return () => told;
}

const rowsOf = ({ litellm }: Story) => litellm.rows().filter((row) => row.model_name === 'a:1b');

const moments: [string, Behaviour][] = [
  ['before LiteLLM wrote', { kind: 'drop' }],
  ['after LiteLLM wrote', { kind: 'drop-after' }],
];

describe.each(moments)('a connection that drops %s', (moment, behaviour) => {
  const happened = behaviour.kind === 'drop-after';
  const creating = story(`create ${moment}`, older, 'first', create, behaviour);
  const replacing = story(`replace ${moment}`, older, 'new limit', create, behaviour);
  const deletingOld = story(`delete-old ${moment}`, older, 'new limit', remove, behaviour);
  const patching = story(`patch ${moment}`, newer, 'new limit', patch, behaviour);
  const removing = story(`remove ${moment}`, newer, 'gone', remove, behaviour);

  test('in a create: one row, one create in LiteLLM’s database, and no second call where it had happened', async () => {
    const told = await creating();
    expect(rowsOf(told)).toHaveLength(1);
    expect(told.written).toEqual(['POST /model/new']);
    expect(told.calls(create)).toBe(happened ? 1 : 2);
    expect(told.run).toMatchObject({ state: 'done', outcome: { pushes: { created: 1, failed: 0 } } });
    expect(told.run.outcome.writes).toBe(told.writingCalls);
    expect(told.model.deployment).toMatchObject({
      state: 'in-step',
      generation: 0,
      deployment_id: rowsOf(told)[0]?.model_id,
    });
  });

  test('in the create of a replacement: the old row goes once, after the new one', async () => {
    const told = await replacing();
    expect(rowsOf(told)).toHaveLength(1);
    expect(rowsOf(told)[0]?.model_info['max_input_tokens']).toBe(4096);
    expect(rowsOf(told)[0]?.model_id).not.toBe(told.old?.model_id);
    expect(told.written).toEqual(['POST /model/new', 'POST /model/delete']);
    expect(told.calls(create)).toBe(happened ? 1 : 2);
    expect(told.run).toMatchObject({ state: 'done', outcome: { pushes: { replaced: 1, failed: 0 } } });
    expect(told.run.outcome.writes).toBe(told.writingCalls);
    expect(told.model.deployment).toMatchObject({ state: 'in-step', generation: 1 });
  });

  test('in the deletion of the old row: it is gone, the new one was made once', async () => {
    const told = await deletingOld();
    expect(rowsOf(told)).toHaveLength(1);
    expect(rowsOf(told)[0]?.model_id).not.toBe(told.old?.model_id);
    expect(told.written).toEqual(['POST /model/new', 'POST /model/delete']);
    expect(told.calls(create)).toBe(1);
    expect(told.run).toMatchObject({ state: 'done', outcome: { pushes: { replaced: 1, failed: 0 } } });
    expect(told.run.outcome.writes).toBe(told.writingCalls);
    expect(told.model.deployment).toMatchObject({ state: 'in-step', generation: 1 });
  });

  test('in a PATCH: the row has the change, and no second PATCH is sent where it had happened', async () => {
    const told = await patching();
    expect(rowsOf(told).map((row) => row.model_id)).toEqual([told.old?.model_id]);
    expect(rowsOf(told)[0]?.model_info['max_input_tokens']).toBe(4096);
    expect(told.written).toEqual(['PATCH /model/:id/update']);
    expect(told.calls(patch)).toBe(happened ? 1 : 2);
    expect(told.run).toMatchObject({ state: 'done', outcome: { pushes: { patched: 1, failed: 0 } } });
    expect(told.run.outcome.writes).toBe(told.writingCalls);
    expect(told.model.deployment).toMatchObject({ state: 'in-step', generation: 0 });
  });

  test('in a removal: the row is gone, other rows are not', async () => {
    const told = await removing();
    expect(rowsOf(told)).toEqual([]);
    expect(told.litellm.rows().map((row) => row.model_name)).toEqual(['keep:1b']);
    expect(told.written).toEqual(['POST /model/delete']);
    expect(told.run).toMatchObject({ state: 'done', outcome: { orphaned: 1, pushes: { removed: 1 } } });
    expect(told.run.outcome.writes).toBe(told.writingCalls);
    expect(told.model).toMatchObject({ is_orphaned: true, deployment: { state: 'absent' } });
  });
});

describe('other trouble in the middle of a push', () => {
  const lookingDropped = story('look', older, 'new limit', look, { kind: 'drop' });
  const answer500 = story('500', older, 'first', create, {
    kind: 'status',
    status: 500,
    handled: true,
    body: { error: { message: "{'error': 'Failed to add model to db. Check your server logs'}" } },
  });
  const answerBreaksOff = story('breaks off', older, 'first', create, { kind: 'truncated' });
  const gateway = story('504', newer, 'new limit', patch, { kind: 'status', status: 504, handled: true });
  const busy = story('429', older, 'first', create, {
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '1' },
  });

  test('a dropped look at the new row deletes nothing before another look worked', async () => {
    const told = await lookingDropped();
    expect(rowsOf(told)).toHaveLength(1);
    expect(told.written).toEqual(['POST /model/new', 'POST /model/delete']);
    expect(told.run.outcome).toMatchObject({ writes: 2, pushes: { replaced: 1, failed: 0 } });
  });

  test('a 500 although the row was saved is told apart from a refusal by a look by id', async () => {
    const told = await answer500();
    expect(rowsOf(told)).toHaveLength(1);
    expect(told.calls(create)).toBe(1);
    expect(told.run.outcome).toMatchObject({ writes: 1, pushes: { created: 1, failed: 0 } });
  });

  test('an answer that breaks off makes no second row, and the next reconcile knows the one that is there', async () => {
    const told = await answerBreaksOff();
    expect(rowsOf(told)).toHaveLength(1);
    await told.product.reconcile();
    await told.product.idle();
    expect(told.litellm.writes.map(({ method }) => method)).toEqual(['POST /model/new', 'POST /model/new']);
    expect((await told.product.model('a:1b')).deployment).toMatchObject({
      state: 'in-step',
      last_error: null,
      deployment_id: rowsOf(told)[0]?.model_id,
    });
  });

  test('a gateway that gave up on a PATCH that happened does not make it happen again', async () => {
    const told = await gateway();
    expect(rowsOf(told).map((row) => row.model_info['max_input_tokens'])).toEqual([4096]);
    expect(told.written).toEqual(['PATCH /model/:id/update']);
  });

  test('a 429 holds the queue for as long as it asks and uses up no attempt', async () => {
    const told = await busy();
    expect(rowsOf(told)).toHaveLength(1);
    expect(told.run.outcome).toMatchObject({ pushes: { created: 1, failed: 0 } });
    const times = told.litellm.requests.filter(({ path }) => path === '/model/new').map(({ at }) => at);
    expect(times.at(-1)! - times.at(-2)!).toBeGreaterThanOrEqual(900);
  });
});
