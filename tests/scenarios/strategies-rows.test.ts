import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Product, type Run } from '../support/product.js';
import { until } from '../support/until.js';

const older = '1.81.15';
const newer = '1.105.0';
/** A doubt lasts a poll: longer than any test, until the product's clock is moved. */
const pollSeconds = 30;
const names = ['a:1b', 'b:1b', 'c:1b', 'd:1b', 'e:1b', 'f:1b'];

let product: Product;
let ollama: OllamaStandIn;
let litellm: LitellmStandIn;
let providerId: number;

afterEach(async () => {
  await product.stop();
  await Promise.all([ollama.close(), litellm.close()]);
});

async function start(options: LitellmOptions = {}): Promise<void> {
  litellm = await startLitellm(options);
  ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
  product = await Product.start({ litellmUrl: litellm.url, pollSeconds });
}

async function sync(): Promise<Run> {
  providerId ??= 0;
  const run = await product.sync(providerId);
  await product.idle();
  return run;
}

async function addBox(): Promise<void> {
  const box = await product.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama', prefix: 'box' });
  providerId = box.id;
  await product.idle();
}

async function registered(options: LitellmOptions = {}): Promise<void> {
  await start(options);
  await addBox();
  expect(await sync()).toMatchObject({ state: 'done', outcome: { pushes: { created: 6, failed: 0 } } });
  pastThePoll();
}

/** A listing within two polls of a write may be older than the write; after them it counts. */
function pastThePoll(): void {
  product.advance((2 * pollSeconds + 1) * 1_000);
}

/** A listing counts as the second one a poll after the first. */
function pastTheDoubt(): void {
  product.advance((pollSeconds + 1) * 1_000);
}

/** A reconcile and the pushes that it asked for. */
async function reconcile(): Promise<Run> {
  const run = await product.reconcile();
  await product.idle();
  return product.run(run.id);
}

async function hurry<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  return until(what, async () => {
    for (const queue of Object.values(product.queues.byName)) {
      const waiting = (await queue.getDelayed()).filter((job) => job.repeatJobKey === undefined);
      await Promise.allSettled(waiting.map((job) => job.promote()));
    }
    return look();
  });
}

/** The end of a run and of its pushes, which wait for nothing but the product's clock. */
async function ended(runId: number): Promise<Run> {
  return hurry(`the end of run ${runId}`, async () => {
    const run = await product.run(runId);
    const open = run.state === 'waiting' || run.state === 'running' || run.outcome.pushes.pending > 0;
    return open ? undefined : run;
  });
}

function rowOf(name: string) {
  const [row, ...more] = litellm.rows().filter((one) => one.model_name === name);
  if (row === undefined || more.length > 0)
    throw new Error(`${more.length + (row ? 1 : 0)} rows named ${name}`);
  return row;
}

const summary = () =>
  litellm
    .rows()
    .map((row) => `${row.model_name} ${row.model_id}`)
    .sort();

async function asSomebodyElse(method: string, path: string, body: unknown): Promise<void> {
  const reply = await fetch(litellm.url + path, {
    method,
    headers: { authorization: `Bearer ${litellm.masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
}

describe.each([older, newer])('drift on LiteLLM %s', (version) => {
  test('an edit of our row by somebody is overwritten by the reconcile and recorded on its run', async () => {
    await registered({ version });
    const before = rowOf('box/a:1b');
    await asSomebodyElse('PATCH', `/model/${before.model_id}/update`, { model_info: { max_tokens: 7 } });
    expect(rowOf('box/a:1b').model_info['max_tokens']).toBe(7);
    const others = summary().filter((line) => !line.startsWith('box/a:1b'));

    const run = await reconcile();
    expect(run).toMatchObject({
      state: 'done',
      outcome: { drifted: [{ model: 'box/a:1b', keys: ['model_info.max_tokens'] }], missing: [] },
    });
    expect(rowOf('box/a:1b').model_info['max_tokens']).toBe(before.model_info['max_tokens']);
    expect(summary().filter((line) => !line.startsWith('box/a:1b'))).toEqual(others);
    expect(run.outcome).toMatchObject(
      version === older ? { writes: 2, pushes: { replaced: 1 } } : { writes: 1, pushes: { patched: 1 } },
    );
    pastThePoll();
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, drifted: [], missing: [] });
  });

  test('a new name and a new address in the database are drift as well', async () => {
    await registered({ version });
    const renamed = rowOf('box/b:1b').model_id;
    await asSomebodyElse('PATCH', `/model/${renamed}/update`, { model_name: 'mine' });
    rowOf('box/c:1b').litellm_params['api_base'] = 'http://elsewhere:11434';
    litellm.restart();
    const run = await reconcile();
    expect(run.outcome.drifted).toEqual([
      { model: 'box/b:1b', keys: ['model_name'] },
      { model: 'box/c:1b', keys: ['litellm_params.api_base'] },
    ]);
    expect(
      litellm
        .served()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(names.map((name) => `box/${name}`));
    expect(rowOf('box/c:1b').litellm_params['api_base']).toBe(ollama.url);
  });

  test('an edit of our marker does not let the row escape', async () => {
    await registered({ version });
    const { model_id: id, model_info: info } = rowOf('box/a:1b');
    const marker = { ...(info['litellm_updater'] as object), hash: 'sha256:0' };
    await asSomebodyElse('PATCH', `/model/${id}/update`, { model_info: { litellm_updater: marker } });
    const run = await reconcile();
    expect(run.outcome.drifted).toEqual([{ model: 'box/a:1b', keys: ['model_info.litellm_updater'] }]);
    expect(rowOf('box/a:1b').model_info['litellm_updater']).toMatchObject({
      hash: (info['litellm_updater'] as { hash: string }).hash,
    });
    pastThePoll();
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, drifted: [] });
  });

  test('keys that the echo grows after the first priced chat are no drift', async () => {
    await registered({ version });
    await asSomebodyElse('POST', '/v1/chat/completions', { model: 'box/a:1b', messages: [] });
    expect(Object.keys(litellm.served()[0]?.model_info ?? {}).length).toBeGreaterThan(30);
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, drifted: [], missing: [] });
  });
});

describe.each([older, newer])('rows that are not ours on LiteLLM %s', (version) => {
  test('are byte-identical after a sync, edits, drift, a disabled model and the end of the provider', async () => {
    await start({
      version,
      configRows: [
        { model_name: 'box/a:1b', litellm_params: { model: 'openai/from-config', api_base: 'http://c/v1' } },
      ],
    });
    const another = {
      v: 1,
      instance: randomUUID(),
      provider: randomUUID(),
      model: 'b:1b',
      generation: 0,
      hash: 'x',
    };
    const foreign = [
      litellm.seed({ model_name: 'gpt', litellm_params: { model: 'openai/gpt', api_key: 'sk-theirs' } }),
      litellm.seed({
        model_name: 'box/b:1b',
        litellm_params: { model: 'ollama_chat/b:1b', api_base: ollama.url, tags: ['mine'] },
      }),
      litellm.seed({
        model_name: 'box/c:1b',
        litellm_params: { model: 'ollama_chat/c:1b', api_base: ollama.url },
        model_info: { litellm_updater: another, mode: 'chat' },
      }),
      // Tagged by hand like the predecessor's, but of a provider that is not here.
      litellm.seed({
        model_name: 'old/x',
        litellm_params: { model: 'ollama/x', tags: ['lupdater', 'unique_id:somewhere/x'] },
      }),
    ];
    const before = foreign.map((id) => JSON.stringify(litellm.row(id)));

    await addBox();
    expect(await sync()).toMatchObject({ outcome: { pushes: { created: 6 } } });
    pastThePoll();
    const { outcome } = await reconcile();
    expect(outcome.warnings.join('\n')).toContain(another.instance);
    expect(outcome.warnings.join('\n')).toContain('box/a:1b');
    expect(outcome.warnings.join('\n')).toContain('box/b:1b');
    expect(outcome).toMatchObject({ writes: 0, drifted: [], missing: [] });

    const { id } = await product.model('b:1b');
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.5 } });
    await product.idle();
    await product.call('PATCH', `/api/models/${id}`, { sync_enabled: false });
    await product.idle();
    ollama.remove('c:1b');
    await sync();
    const { body: run } = await product.call('DELETE', `/api/providers/${providerId}`);
    expect(
      await hurry('the deletion', async () => {
        const seen = await product.run(run.id);
        return seen.state === 'done' ? seen : undefined;
      }),
    ).toMatchObject({ state: 'done' });
    pastThePoll();
    await reconcile();

    expect(foreign.map((one) => JSON.stringify(litellm.row(one)))).toEqual(before);
    expect(litellm.rows()).toHaveLength(foreign.length);
    const touched = new Set(litellm.writes.map((write) => write.id));
    expect(foreign.filter((one) => touched.has(one))).toEqual([]);
    expect(litellm.served().some((row) => row.litellm_params['model'] === 'openai/from-config')).toBe(true);
  });
});

describe.each([older, newer])('rows of the predecessor on LiteLLM %s', (version) => {
  /** As the predecessor wrote them (predecessor.md, B.9), with what we want to be true of the route. */
  function predecessorRow(model: string, params: Record<string, unknown> = {}): string {
    return litellm.seed({
      model_name: `box/${model}`,
      litellm_params: {
        model: `ollama_chat/${model}`,
        api_base: ollama.url,
        input_cost_per_token: 0,
        output_cost_per_token: 0,
        tags: ['lupdater', 'provider:my-box', 'type:ollama', `model:${model}`, `unique_id:my-box/${model}`],
        ...params,
      },
      model_info: { mode: 'chat', litellm_provider: 'ollama' },
    });
  }

  test('are adopted without a write and without a second row; the first needed change replaces them', async () => {
    await start({ version });
    const adopted = names.map((name) => predecessorRow(name));
    const before = summary();
    const box = await product.addProvider({
      name: 'My Box',
      base_url: ollama.url,
      type: 'ollama',
      prefix: 'box',
    });
    providerId = box.id;
    await product.idle();
    const run = await sync();
    expect(run).toMatchObject({ state: 'done', outcome: { added: 6, writes: 0, pushes: { created: 0 } } });
    expect(summary()).toEqual(before);
    expect(litellm.counters.writes).toBe(0);
    const models = await product.models();
    expect(models.map((model) => model.deployment.deployment_id).sort()).toEqual(adopted.sort());
    pastThePoll();
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, missing: [] });

    const { id } = await product.model('a:1b');
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.5 } });
    await product.idle();
    expect(litellm.writes.map(({ method }) => method)).toEqual(['POST /model/new', 'POST /model/delete']);
    const row = rowOf('box/a:1b');
    expect(adopted).not.toContain(row.model_id);
    expect(row.litellm_params['temperature']).toBe(0.5);
    expect(row.model_info).toHaveProperty('litellm_updater');
    expect(litellm.rows()).toHaveLength(6);
  });

  test('that lead elsewhere are replaced, never doubled', async () => {
    await start({ version });
    predecessorRow('a:1b', { api_base: 'http://moved-away:11434' });
    const copy = predecessorRow('b:1b');
    predecessorRow('b:1b');
    const box = await product.addProvider({
      name: 'My Box',
      base_url: ollama.url,
      type: 'ollama',
      prefix: 'box',
    });
    providerId = box.id;
    await product.idle();
    await sync();
    expect(litellm.rows()).toHaveLength(6);
    expect(rowOf('box/a:1b').litellm_params['api_base']).toBe(ollama.url);
    expect(rowOf('box/b:1b')).toBeDefined();
    expect(typeof copy).toBe('string');
    pastThePoll();
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, missing: [], drifted: [] });
  });
});

describe('what LiteLLM lists', () => {
  test('two rows of ours for one model: the wanted one stays, the other goes', async () => {
    await registered();
    const kept = rowOf('box/a:1b');
    const marker = kept.model_info['litellm_updater'] as Record<string, unknown>;
    litellm.seed({
      model_name: 'box/a:1b',
      litellm_params: kept.litellm_params,
      model_info: {
        ...kept.model_info,
        id: randomUUID(),
        litellm_updater: { ...marker, generation: 7 },
      },
    });
    const run = await reconcile();
    expect(run.state).toBe('done');
    expect(rowOf('box/a:1b').model_id).toBe(kept.model_id);
    expect(litellm.rows()).toHaveLength(6);
    expect((await product.run(run.id)).outcome).toMatchObject({ writes: 1, pushes: { removed: 1 } });
  });

  test('after an older backup of our database, the row that serves is not deleted before another is served', async () => {
    await registered();
    const { id } = await product.model('a:1b');
    const backup = await product.stores.deployments.forModel(id);
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.5 } });
    await product.idle();
    const { id: _row, modelId: _model, ...restored } = backup!;
    await product.stores.deployments.save(id, restored);
    await product.call('PATCH', `/api/models/${id}`, { user_params: null });
    pastThePoll();
    const written = litellm.writes.length;
    await reconcile();
    await reconcile();
    expect(rowOf('box/a:1b').litellm_params).not.toHaveProperty('temperature');
    expect(litellm.writes.slice(written).map(({ method }) => method)[0]).toBe('POST /model/new');
  });

  test('a row that somebody deleted is made again under its id, after a look by id', async () => {
    await registered();
    const { model_id: id } = rowOf('box/a:1b');
    await asSomebodyElse('POST', '/model/delete', { id });
    const looked = () => litellm.requests.filter(({ search }) => search.includes(id)).length;
    const before = looked();
    const written = litellm.writes.length;
    const run = await reconcile();
    expect(run.outcome).toMatchObject({ missing: ['box/a:1b'], writes: 1, pushes: { created: 1 } });
    expect(looked()).toBeGreaterThan(before);
    expect(rowOf('box/a:1b').model_id).toBe(id);
    expect(litellm.writes.slice(written).map((write) => [write.method, write.id])).toEqual([
      ['POST /model/new', id],
    ]);
  });

  test('a row that is only out of sight for one listing is looked up by id and left alone', async () => {
    await registered();
    const hidden = rowOf('box/a:1b').model_id;
    const full = (await (
      await fetch(`${litellm.url}/v2/model/info?size=1000`, { headers: { authorization: 'Bearer sk-1234' } })
    ).json()) as { data: { model_info: { id: string } }[] };
    litellm.faults.add({
      path: /^\/v2\/model\/info\?page/,
      times: 1,
      behaviour: {
        kind: 'status',
        status: 200,
        body: { ...full, data: full.data.filter((row) => row.model_info.id !== hidden) },
      },
    });
    const writes = litellm.counters.writes;
    expect((await reconcile()).outcome).toMatchObject({ missing: ['box/a:1b'], writes: 0 });
    expect(litellm.counters.writes).toBe(writes);
  });

  test('an empty listing makes and deletes nothing until it is full again', async () => {
    await registered();
    const rows = summary();
    const writes = litellm.counters.writes;
    litellm.emptyListings = true;
    const { body: run } = await product.call('POST', '/api/reconcile');
    const waiting = await until('the doubt', async () => {
      const seen = await product.run(run.id);
      return seen.reason === null ? undefined : seen;
    });
    expect(waiting).toMatchObject({ state: 'running', reason: expect.stringMatching(/does not list 6/) });
    expect((await product.call('GET', '/api/settings')).body.destination.state).toBe('suspicious');

    // Meanwhile somebody wants a change and a model is new: both wait.
    const { id } = await product.model('a:1b');
    await product.call('PATCH', `/api/models/${id}`, { user_params: { temperature: 0.5 } });
    ollama.add('g:1b');
    const { body: syncRun } = await product.call('POST', `/api/providers/${providerId}/sync`);
    await until('the new model', async () => (await product.run(syncRun.id)).outcome.pushes.pending > 0);
    expect(litellm.counters.writes).toBe(writes);
    expect(summary()).toEqual(rows);

    litellm.emptyListings = false;
    pastTheDoubt();
    expect(await ended(run.id)).toMatchObject({ state: 'done' });
    await ended(syncRun.id);
    await product.idle();
    expect((await product.call('GET', '/api/settings')).body.destination.state).toBe('ok');
    expect(litellm.rows()).toHaveLength(7);
    expect(rowOf('box/a:1b').litellm_params['temperature']).toBe(0.5);
    expect(
      litellm.writes
        .slice(6)
        .map(({ method }) => method)
        .sort(),
    ).toEqual(['POST /model/delete', 'POST /model/new', 'POST /model/new']);
  });

  test('a listing that stays empty although the rows exist doubles nothing, and all is well when it is back', async () => {
    await registered();
    const rows = summary();
    litellm.emptyListings = true;
    const { body: run } = await product.call('POST', '/api/reconcile');
    await hurry('the end of the doubt', async () => {
      product.advance(pollSeconds * 300);
      return (await product.run(run.id)).state === 'done';
    });
    litellm.emptyListings = false;
    await hurry('the pushes', async () => (await product.run(run.id)).outcome.pushes.pending === 0);
    pastThePoll();
    await reconcile();
    pastThePoll();
    expect(summary()).toEqual(rows);
    expect(litellm.writes).toHaveLength(6);
    expect((await reconcile()).outcome).toMatchObject({ writes: 0, missing: [], drifted: [] });
    const models = await product.models();
    expect(models.map((model) => model.deployment.state)).toEqual(names.map(() => 'in-step'));
  });

  test('rows that are really gone, all of them, come back with their ids after a second listing', async () => {
    await registered();
    const rows = summary();
    for (const row of litellm.rows()) litellm.unseed(row.model_id);
    litellm.restart();
    const writes = litellm.counters.writes;
    const { body: run } = await product.call('POST', '/api/reconcile');
    await until('the doubt', async () => (await product.run(run.id)).reason !== null);
    expect(litellm.counters.writes).toBe(writes);
    pastTheDoubt();
    expect(await ended(run.id)).toMatchObject({ state: 'done', outcome: { pushes: { created: 6 } } });
    expect(summary()).toEqual(rows);
  });

  test('a PATCH by somebody whose database read fails empties every listing, and costs no write', async () => {
    await registered();
    const rows = summary();
    const theirs = litellm.seed({ model_name: 'theirs', litellm_params: { model: 'openai/theirs' } });
    litellm.failNextReadInPatch = true;
    await asSomebodyElse('PATCH', `/model/${theirs}/update`, { litellm_params: { rpm: 5 } });
    expect(litellm.served()).toEqual([]);
    const writes = litellm.counters.writes;
    const { body: run } = await product.call('POST', '/api/reconcile');
    await until('the doubt', async () => (await product.run(run.id)).reason !== null);
    litellm.poll();
    pastTheDoubt();
    expect(await ended(run.id)).toMatchObject({ state: 'done', outcome: { writes: 0 } });
    await product.idle();
    expect(litellm.counters.writes).toBe(writes);
    expect(summary().filter((line) => !line.startsWith('theirs'))).toEqual(rows);
  });
});
