import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openApiDocument } from '../../src/api/openapi.js';
import { routes } from '../../src/api/routes.js';
import { ApiDocument, send, type Operation, type Request } from './contract-document.js';
import { requestsOf } from './contract-fuzz.js';
import type { Pool } from './contract-values.js';
import { ContractWorld } from './contract-world.js';

/** Requests of each operation. FUZZ_RUNS=300 takes some minutes. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 12);
/** The same seed makes the same requests. */
const seed = Number(process.env['FUZZ_SEED'] ?? 4_711);

const document = new ApiDocument(JSON.parse(JSON.stringify(openApiDocument(routes, 'test'))));

/** They take away what the others are asked about. */
const isDestructive = ({ method, name }: Operation) =>
  method === 'DELETE' || /bulk|reset-all|litellm\/models\/delete/.test(name);
/** It takes no input, and asks the usual ports of this machine, whoever listens there. */
const asksTheMachine = ({ name }: Operation) => name === 'POST /api/discover';

describe(`whatever is sent (FUZZ_SEED=${seed} FUZZ_RUNS=${runs})`, () => {
  let world: ContractWorld;
  let pool: Pool;

  beforeAll(async () => {
    world = await ContractWorld.start();
    const run = await world.waitingRun();
    const provider = await world.newProvider();
    const { id: token } = await world.ask('POST', '/api/tokens', { name: world.name(), scope: 'read' });
    const models = (await world.product.models()).map((model) => model.id as number);
    pool = {
      ids: {
        providers: [world.providerId, provider],
        provider_id: [world.providerId, provider],
        models,
        ids: models,
        runs: [world.runId, run],
        run_id: [world.runId],
        tokens: [token],
        model_id: [world.row(), world.row()],
        model_ids: [world.row(), world.row()],
      },
      texts: {
        source: ['box'],
        model: ['qwen3:8b'],
        prefix: ['p', '\u202Emks'],
        tags: ['a', 'ä,b', '💥'],
        access_groups: ['team'],
        model_filter: ['qwen', ':', '%', '\u202E'],
        model_filter_exclude: ['nothing', '_'],
      },
      urls: [world.ollama.url, `${world.ollama.url}/v1`, 'http://127.0.0.1:9'],
    };
  });
  afterAll(() => world.stop());

  const plainSettings = () => ({
    litellm_base_url: world.litellm.url,
    litellm_api_key: 'sk-1234',
    litellm_poll_seconds: 1,
    sync_interval_seconds: 0,
  });

  /** An answer that the document knows: never a 5xx but a 502 where it is documented, refusals in their one form. */
  async function answersWell(operation: Operation, request: Request): Promise<void> {
    const reply = await send(world.product, request);
    const faults = document.faults(operation, reply);
    if (reply.status >= 500 && reply.status !== 502)
      faults.push(`${reply.status}: ${reply.text.slice(0, 300)}`);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  const fuzzed = (operations: Operation[]) =>
    test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
      '%s answers as documented',
      async (_title, operation) => {
        // Not the same odd values for every operation.
        const ownSeed = seed + document.operations.indexOf(operation);
        const takesNothing = operation.parameters.length === 0 && operation.requestBody === undefined;
        await fc.assert(
          fc.asyncProperty(requestsOf(operation, document.json, pool), (request) =>
            answersWell(operation, request),
          ),
          { seed: ownSeed, numRuns: takesNothing ? Math.min(runs, 3) : runs, endOnFailure: true },
        );
      },
    );

  test('a body of lists or objects that stand in each other 5,000 deep is refused, and 50 deep is taken', async () => {
    const id = await world.model();
    const edit = (value: string) =>
      world.product.call('PATCH', `/api/models/${id}`, `{"params":{"nested":${value}}}`, {
        'content-type': 'application/json',
      });
    const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    for (const value of [lists(5_000), objects(5_000), lists(400_000)])
      expect(await edit(value)).toMatchObject({ status: 422, body: { errors: [{ field: 'body' }] } });
    expect((await edit(lists(50))).status).toBe(200);
  });

  test('a field of a form that is called as what every object has is unknown, as any other', async () => {
    for (const field of ['toString', 'constructor', 'hasOwnProperty', 'valueOf']) {
      const answer = await world.product.call('POST', '/admin/litellm', `${field}=1`, {
        'content-type': 'application/x-www-form-urlencoded',
      });
      expect({ field, ...answer }).toMatchObject({ field, status: 422, body: { errors: [{ field }] } });
    }
  });

  const operations = document.operations.filter((operation) => !asksTheMachine(operation));

  fuzzed(operations.filter((operation) => !isDestructive(operation)));

  test(
    'what was accepted breaks no sync and no push',
    async () => {
      await world.ask('PATCH', '/api/settings', plainSettings());
      await world.product.startWorker();
      const providers: any[] = await world.ask('GET', '/api/providers');
      const readable = providers.filter(
        (each) => each.base_url === world.ollama.url && each.type === 'ollama',
      );
      expect(readable.length).toBeGreaterThan(0);
      for (const { id, name } of readable) {
        const { state, reason, outcome } = await world.product.sync(id);
        expect({ name, state, reason, ...outcome.pushes }).toMatchObject({ state: 'done', failed: 0 });
      }
      expect((await world.product.reconcile()).state).toBe('done');
      await world.product.stopWorker();
    },
    60_000 + runs * 1_000,
  );

  fuzzed(operations.filter(isDestructive));

  test('headers that are longer than a server reads are refused, too', async () => {
    const reply = await send(world.product, {
      method: 'GET',
      path: `/api/models?search=${'x'.repeat(100_000)}`,
    });
    expect(reply.status).toBe(431);
  });

  test('afterwards it lives, and works as ever', async () => {
    expect({}).not.toHaveProperty('polluted');
    expect(await world.product.call('GET', '/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready' },
    });
    await world.ask('PATCH', '/api/settings', plainSettings());
    await world.product.startWorker();
    const id = await world.newProvider({ base_url: world.ollama.url, type: 'ollama' });
    const run = await world.product.sync(id);
    expect(run).toMatchObject({ state: 'done', outcome: { added: 2, pushes: { failed: 0 } } });
  });
});
