import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { createConnection, type AddressInfo } from 'node:net';
import { createEventBuffer, createSession } from 'better-sse';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import { EventStreams } from '../../src/api/events.js';
import { Subscriber } from '../../src/api/live/subscriber.js';
import { adminToken, Product } from '../support/product.js';
import { until } from '../support/until.js';
import { EventStream } from './event-stream.js';
import { seedModels } from './seed.js';

const ids = ['alpha', 'beta', 'gamma', 'delta'];

describe('live events', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let provider: any;

  beforeEach(async () => {
    litellm = await startLitellm();
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({ name: 'vllm', base_url: server.baseUrl, type: 'openai' });
    await until('the first look at LiteLLM', async () => {
      const { body } = await product.call('GET', '/api/runs?kind=reconcile&state=done');
      return body.total > 0;
    });
  });
  afterEach(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  test('a stream starts with hello, the open and held runs, and the queues', async () => {
    const stream = await EventStream.begun(product);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': expect.stringContaining('no-store'),
      'x-accel-buffering': 'no',
    });
    expect(stream.events.map(({ name }) => name)).toEqual(['hello', 'runs', 'queues']);
    expect(stream.of('hello')).toEqual([{ version: 'test', at: expect.any(String) }]);
    expect(stream.of('runs')).toEqual([[]]);
    expect(stream.of('queues')).toMatchObject([
      { state: 'ok', counts: { 'fetch-provider': { waiting: 0, active: 0, waiting_children: 0 } } },
    ]);
    stream.close();
  });

  test('a sync is told in order from its start to the last push, with its models, provider and LiteLLM', async () => {
    const stream = await EventStream.begun(product);
    const run = await product.sync(provider.id);
    const last = await stream.event(
      'run',
      ({ id, state, outcome }) => id === run.id && state === 'done' && outcome.pushes.pending === 0,
    );
    expect(last).toMatchObject({ outcome: { added: 4, pushes: { created: 4 } }, lists_cut: false });

    const order = ['waiting', 'running', 'done'];
    const told = stream.of('run').filter(({ id }) => id === run.id);
    const states = told.map(({ state }) => order.indexOf(state));
    expect(states).toEqual([...states].sort());
    const done = told.filter(({ state }) => state === 'done');
    const pending = done.map(({ outcome }) => outcome.pushes.pending);
    expect(pending).toEqual([...pending].sort().reverse());

    for (const modelId of ids) {
      const shown = await stream.event(
        'model',
        ({ model_id, deployment }) => model_id === modelId && deployment.state === 'in-step',
      );
      expect(shown).toMatchObject({ provider_id: provider.id, provider_name: 'vllm' });
    }
    const read = await stream.event('provider', ({ last_ok_at }) => last_ok_at !== null);
    expect(read).toMatchObject({ id: provider.id, last_error: null });
    await stream.event('destination', ({ state }) => state === 'ok');
    await stream.event('queues', ({ counts }) => counts['push-model'].completed > 0);
    stream.close();
  });

  test('what the stream tells last of each model and run is what the API shows', async () => {
    const stream = await EventStream.begun(product);
    const run = await product.sync(provider.id);
    await product.idle();
    await stream.event('run', ({ state, outcome }) => state === 'done' && outcome.pushes.pending === 0);
    const { jobs: _jobs, ...shown } = await product.run(run.id);
    await until('the last word on the run', () => {
      const { lists_cut: _cut, ...told } = stream.of('run').at(-1);
      return JSON.stringify(told) === JSON.stringify(shown);
    });
    const models = await product.models();
    await until('the last word on the models', () =>
      models.every((model) => {
        const told = stream.of('model').filter(({ id }) => id === model.id);
        return JSON.stringify(told.at(-1)) === JSON.stringify(model);
      }),
    );
    stream.close();
  });

  test('an edit by one person is seen by another', async () => {
    const [id] = await seedModels(product, provider.id, ['edited']);
    const [mine, theirs] = [await EventStream.begun(product), await EventStream.begun(product)];
    await product.call('PATCH', `/api/models/${id}`, { tags: ['gold'] });
    for (const stream of [mine, theirs]) {
      const told = await stream.event('model', (model) => model.id === id && model.user_tags.length > 0);
      expect(told.user_tags).toEqual(['gold']);
      stream.close();
    }
  });

  test('a held run is part of the snapshot, also for those who come back; its decision is told', async () => {
    await product.sync(provider.id);
    for (const gone of ids.slice(0, 3)) server.remove(gone);
    const held = await product.sync(provider.id);
    const first = await EventStream.begun(product);
    expect(first.of('runs')).toMatchObject([[{ id: held.id, state: 'held' }]]);
    first.close();

    const again = await EventStream.begun(product);
    expect(again.of('runs')).toMatchObject([[{ id: held.id, state: 'held' }]]);
    await product.call('POST', `/api/runs/${held.id}/reject`);
    await again.event('run', ({ id, decision }) => id === held.id && decision === 'rejected');
    again.close();
  });

  test('many models at once are told as a number, and so are those that go', async () => {
    const stream = await EventStream.begun(product);
    await seedModels(
      product,
      provider.id,
      Array.from({ length: 250 }, (_, index) => `many-${index}`),
    );
    const told = await stream.event('models');
    expect(told).toEqual({ provider_id: provider.id, count: 250 });
    expect(stream.of('model')).toEqual([]);

    await product.call('DELETE', `/api/providers/${provider.id}`);
    await stream.event('provider-removed', ({ id }) => id === provider.id);
    await stream.event('models', ({ count }) => count === 250);
    stream.close();
  });

  test('strangers get no stream, and the last place is the last', async () => {
    expect((await EventStream.open(product, 'not a token')).response.statusCode).toBe(401);
    const streams = await Promise.all(Array.from({ length: 200 }, () => EventStream.begun(product)));
    const refused = await EventStream.open(product);
    expect(refused.response.statusCode).toBe(503);
    streams[0]?.close();
    await until('a free place', async () => {
      const stream = await EventStream.open(product);
      stream.close();
      return stream.response.statusCode === 200;
    });
    for (const stream of streams) stream.close();
  });

  test('a stream ends after a while, and its token is looked at again', async () => {
    const made = await product.call('POST', '/api/tokens', { name: 'screen', scope: 'read' });
    const gate = new Gate({
      adminToken,
      sessionKey: 'a key of this test',
      tokens: product.stores.tokens,
      now: () => new Date(),
    });
    const streams = new EventStreams(product.apiServices, { mostStreams: 2, lifetimeMs: 200 });
    const api = createServer(createApp(product.apiServices, gate, streams)).listen(0, '127.0.0.1');
    await once(api, 'listening');
    const other = { url: `http://127.0.0.1:${(api.address() as AddressInfo).port}` };
    const stream = await EventStream.open(other, made.body.token);
    await stream.event('hello');
    await product.call('DELETE', `/api/tokens/${made.body.id}`);
    await until('the end of the stream', () => stream.isEnded);
    expect((await EventStream.open(other, made.body.token)).response.statusCode).toBe(401);
    streams.close();
    api.close();
    api.closeAllConnections();
  });

  test('a stream ends at once when the api stops', async () => {
    const stream = await EventStream.begun(product);
    const started = Date.now();
    await product.stop();
    await until('the end of the stream', () => stream.isEnded);
    expect(Date.now() - started).toBeLessThan(5_000);
    product = await Product.start({ litellmUrl: litellm.url });
  });
});

test('a client that does not read is dropped', async () => {
  let subscriber: Subscriber | undefined;
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    void createSession(request, response, { keepAlive: null }).then((session) => {
      subscriber = new Subscriber(session, response, 60_000);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = createConnection((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
  socket.pause();

  const closed = once(socket, 'close');
  const buffer = createEventBuffer().event('run').data('x'.repeat(100_000)).dispatch();
  let sent = 0;
  const connections = promisify(server.getConnections.bind(server));
  await until('the silent client to be dropped', async () => {
    sent += 1;
    subscriber?.send(buffer);
    return (await connections()) === 0;
  });
  expect(sent * 100_000).toBeLessThan(20_000_000);
  socket.resume();
  await closed;
  server.close();
});
