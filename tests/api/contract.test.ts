import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openApiDocument } from '../../src/api/openapi.js';
import { routes } from '../../src/api/routes.js';
import type { Input } from './contract-conditions.js';
import { ApiDocument, send, type Operation, type Request } from './contract-document.js';
import { inputs, inputsOf } from './contract-inputs.js';
import { ContractWorld } from './contract-world.js';

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const document = new ApiDocument(JSON.parse(JSON.stringify(openApiDocument(routes, 'test'))));
const { operations } = document;

/** Statuses of replies that were held to the document, by operation. */
const seen = new Map<string, Set<number>>(operations.map(({ operationId }) => [operationId, new Set()]));

describe('every reply is as the OpenAPI document says', () => {
  let world: ContractWorld;
  let readToken: string;

  beforeAll(async () => {
    world = await ContractWorld.start();
    expect((await ApiDocument.of(world.product)).json).toEqual(document.json);
    readToken = (await world.ask('POST', '/api/tokens', { name: 'reader', scope: 'read' })).token;
  });
  afterAll(() => world.stop());

  function requestOf({ method, path }: Operation, { params, query, body, headers }: Input): Request {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(params?.[name] ?? `no ${name}`),
    );
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    return {
      method,
      path: filled + search,
      headers: { ...(body !== undefined && json), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
  }

  /** What the document says against the reply, or that it has another status than wanted. */
  async function faults(operation: Operation, input: Input, wanted?: number): Promise<string[]> {
    const reply = await send(world.product, requestOf(operation, input)).finally(() => input.after?.());
    const { operationId } = operation;
    const found = document.faults(operation, reply);
    const ok = wanted === undefined ? reply.status < 300 : reply.status === wanted;
    if (!ok) found.push(`${reply.status} instead of ${wanted ?? 'a success'}: ${reply.text.slice(0, 300)}`);
    if (found.length === 0) seen.get(operationId)?.add(reply.status);
    return found.map((fault) => `${operation.method} ${operation.path}: ${fault}`);
  }

  test('the inputs are for operations that there are', () => {
    const names = new Set(operations.map(({ name }) => name));
    expect(Object.keys(inputs).filter((name) => !names.has(name))).toEqual([]);
  });

  describe('a success of', () => {
    test.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
      '%s',
      async (_title, operation) => {
        const { ok, form: fieldsOf } = inputsOf(operation.name);
        const content = operation.requestBody?.content ?? {};
        for (const make of ok) {
          const input = await make(world);
          if (input.body !== undefined)
            expect(document.bodyFaults(operation, 'application/json', input.body)).toEqual([]);
          expect(await faults(operation, input)).toEqual([]);
        }
        expect(fieldsOf !== undefined).toBe(form['content-type'] in content);
        if (fieldsOf === undefined) return;
        const fields = fieldsOf(world);
        if (operation.name !== 'POST /admin/litellm')
          expect(document.bodyFaults(operation, form['content-type'], fields)).toEqual([]);
        const { params } = (await ok[0]?.(world)) ?? {};
        const body = new URLSearchParams(fields).toString();
        expect(await faults(operation, { ...(params && { params }), body, headers: form })).toEqual([]);
      },
    );
  });

  /** With what it takes, but for what a refusal is about. */
  async function sensible({ name }: Operation): Promise<Input> {
    const [make] = inputsOf(name).ok;
    // What only a success uses up is not made: the refusal comes before anybody looks for it.
    if (/accept|reject|cancel|tokens|DELETE \/api\/models\/db\/:id$/.test(name))
      return { params: { id: 1 }, body: undefined };
    return (await make?.(world)) ?? {};
  }

  async function refusals(status: number, inputFor: (operation: Operation) => Promise<Input>) {
    const found: string[] = [];
    let count = 0;
    for (const operation of operations.filter(({ responses }) => status in responses)) {
      const input = await inputFor(operation);
      count += 1;
      found.push(...(await faults(operation, input, status)));
    }
    expect(found).toEqual([]);
    expect(count).toBeGreaterThan(0);
  }

  describe('a refusal', () => {
    // Nothing moves any more: what waits for a worker stays as it is.
    beforeAll(async () => {
      await world.goingProvider();
      await world.product.stopWorker();
    });

    test('401: of a stranger', async () => {
      await refusals(401, () => Promise.resolve({ headers: { authorization: 'Bearer of-nobody' } }));
      const open = operations.filter(({ responses }) => !(401 in responses));
      expect(open.map(({ path }) => path)).toEqual(['/livez', '/health', '/readyz']);
      expect(open.every(({ security }) => security?.length === 0)).toBe(true);
    });

    test('403: of a token that may only read', async () => {
      const headers = { authorization: `Bearer ${readToken}` };
      await refusals(403, () => Promise.resolve({ headers }));
    });

    test('404: of what there is not', async () => {
      await refusals(404, async (operation) => {
        const { missing } = inputsOf(operation.name);
        if (missing !== undefined) return missing(world);
        const { body } = await sensible(operation);
        return { params: { id: 999_999 }, body };
      });
    });

    test('409: of what cannot be now', async () => {
      await refusals(409, async ({ name }) => {
        const { conflict } = inputsOf(name);
        if (conflict === undefined) throw new Error(`no conflict is known for ${name}`);
        return conflict(world);
      });
    });

    test('412: of an edit of what somebody else edited', async () => {
      await refusals(412, async (operation) => ({
        ...(await sensible(operation)),
        headers: { 'if-match': '"4711-x"' },
      }));
    });

    test('413: of a body of more than 1 MB', async () => {
      await refusals(413, async (operation) => ({
        ...(await sensible(operation)),
        body: JSON.stringify({ name: 'x'.repeat(1_050_000) }),
      }));
    });

    test('415: of a body of another type', async () => {
      await refusals(415, async (operation) => ({
        ...(await sensible(operation)),
        body: 'name=x',
        headers: { 'content-type': 'text/plain' },
      }));
    });

    test('422: of fields that are wrong', async () => {
      await refusals(422, async (operation) => {
        const { requestBody, parameters } = operation;
        if (requestBody) return { ...(await sensible(operation)), body: { no_such_field: 1 } };
        const id = parameters.find((each) => each.in === 'path');
        if (id) return { params: { [id.name]: id.schema.type === 'integer' ? 'x' : 'x'.repeat(600) } };
        return { query: { limit: '0', source: '' } };
      });
    });

    test('400: of what cannot be read', async () => {
      await refusals(400, async (operation) => {
        const { path, requestBody, ...rest } = operation;
        if (requestBody) return { ...(await sensible(operation)), body: '{"name":' };
        const broken = { ...rest, path: path.replaceAll(/\{\w+\}/g, '%ff') } as Operation;
        expect(await send(world.product, requestOf(broken, {}))).toMatchObject({ status: 400 });
        return { params: { id: 1 }, body: '{"name":' };
      });
    });

    test('502: of what another server did not answer', async () => {
      await refusals(502, async ({ name }) => {
        const { unreachable } = inputsOf(name);
        if (unreachable === undefined) throw new Error(`no way is known to make 502 of ${name}`);
        return unreachable(world);
      });
    });

    // How it is with a Redis that is really away is told in redis-away.test.ts; here it is the form of each reply.
    test('503: while Redis does not answer', async () => {
      const { apiServices } = world.product;
      const answers = apiServices.isQueueAlive.bind(apiServices);
      await refusals(503, async (operation) => {
        const input = await sensible(operation);
        const needed = inputsOf(operation.name).ok[0];
        const body = needed && operation.requestBody?.required ? (await needed(world)).body : input.body;
        apiServices.isQueueAlive = () => Promise.resolve(false);
        return { ...input, body, after: () => (apiServices.isQueueAlive = answers) };
      });
    });
  });

  test('every reply that is documented was seen', () => {
    const unseen = operations.flatMap(({ method, path, operationId, responses }) =>
      Object.keys(responses)
        .filter((status) => !seen.get(operationId)?.has(Number(status)))
        .map((status) => `${method} ${path}: ${status}`),
    );
    expect(unseen).toEqual([]);
  });
});
