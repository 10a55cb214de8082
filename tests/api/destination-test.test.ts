import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { VirtualKey } from '../../sandbox/litellm/keys.js';
import {
  startLitellm,
  type LitellmOptions,
  type LitellmStandIn,
} from '../../sandbox/litellm/start-litellm.js';
import { tryDestination } from '../../src/api/destination-test.js';
import { closeLocalServers, localServer } from '../clients/local-server.js';
import { Product } from '../support/product.js';
import { everything } from './seed.js';

const path = '/api/litellm/test';
const row = { model_name: 'gpt', litellm_params: { model: 'openai/gpt' } };

describe('a test of LiteLLM', () => {
  let product: Product;
  let stored: LitellmStandIn;
  const others: LitellmStandIn[] = [];

  beforeAll(async () => {
    stored = await startLitellm({ masterKey: 'sk-stored-0123', configRows: [{ ...row, model_name: 'cfg' }] });
    stored.seed(row);
    product = await Product.start({ litellmUrl: stored.url, litellmKey: 'sk-stored-0123', worker: false });
  });
  afterEach(async () => {
    stored.databaseDown = false;
    stored.faults.clear();
    await Promise.all(others.splice(0).map((server) => server.close()));
    await closeLocalServers();
  });
  afterAll(async () => {
    await product.stop();
    await stored.close();
  });

  async function start(options: LitellmOptions = {}): Promise<LitellmStandIn> {
    const server = await startLitellm(options);
    others.push(server);
    return server;
  }
  async function result(body?: unknown) {
    const before = everything(product);
    const answer = await product.call('POST', path, body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
    expect(JSON.stringify(answer.body)).not.toMatch(/sk-stored|sk-1234/);
    expect(everything(product)).toEqual(before);
    return answer.body;
  }
  const test1 = (server: LitellmStandIn, litellm_api_key: string | null = 'sk-1234') =>
    result({ litellm_base_url: server.url, litellm_api_key });

  test('the stored one: version, models by owner, and what it can do, without a write', async () => {
    const wanted = {
      success: true,
      message: `LiteLLM at ${stored.url} answered; it lists 2 models`,
      version: '1.81.15',
      models: { total: 2, ours: 0, foreign: 1, config: 1, 'other-instance': 0, predecessor: 0 },
      can: {
        list: { ok: true, message: 'it lists 2 models' },
        write: { ok: true, message: expect.stringContaining('may write') },
        patch_safely: { ok: false, message: expect.stringContaining('replaces deployments') },
      },
    };
    expect(await result()).toEqual(wanted);
    expect(await result({})).toEqual(wanted);
    expect((await product.call('POST', '/api/admin/config/test')).body).toEqual(wanted);
    expect(stored.writes).toEqual([]);
    expect(stored.rows()).toHaveLength(1);
  });

  test('a newer one changes deployments by PATCH', async () => {
    expect(await test1(await start({ version: '1.109.0' }))).toMatchObject({
      version: '1.109.0',
      can: { patch_safely: { ok: true, message: expect.stringContaining('by PATCH') } },
    });
  });

  const userKey = (role: 'proxy_admin' | 'proxy_admin_viewer' | 'internal_user'): VirtualKey => ({
    key: `sk-rig-${role}`,
    user: { id: role, role },
  });
  const modelRoutes = ['/model/new', '/model/delete', '/model/*', '/v2/model/info'];

  test.each<[string, VirtualKey, Record<string, unknown>]>([
    ['an administrator’s', userKey('proxy_admin'), { success: true, can: { write: { ok: true } } }],
    [
      'a viewing administrator’s',
      userKey('proxy_admin_viewer'),
      {
        success: false,
        error_type: 'http_error',
        can: { list: { ok: true }, write: { ok: false, message: expect.stringContaining('proxy_admin') } },
      },
    ],
    [
      'a user’s',
      userKey('internal_user'),
      {
        success: false,
        can: { list: { ok: true }, write: { ok: false, message: expect.stringContaining('read only') } },
      },
    ],
    [
      'one of nobody',
      { key: 'sk-rig-plain-0001' },
      { success: false, can: { write: { ok: false, message: expect.stringContaining('read only') } } },
    ],
    [
      'an administrator’s for the model routes only',
      { ...userKey('proxy_admin'), allowedRoutes: modelRoutes },
      { success: true, can: { write: { ok: null } } },
    ],
    [
      'an administrator’s for reading only',
      { ...userKey('proxy_admin'), allowedRoutes: ['/model/info', '/v2/model/info'] },
      { success: false, can: { write: { ok: false, message: expect.stringContaining('allowed_routes') } } },
    ],
    [
      'an expired one',
      { ...userKey('proxy_admin'), expired: true },
      { success: false, error_type: 'http_error', can: { list: { ok: false }, write: { ok: null } } },
    ],
  ])('a key that is %s', async (_whose, key, wanted) => {
    const server = await start({ keys: [key] });
    server.seed(row);
    expect(await test1(server, key.key)).toMatchObject(wanted);
    expect(server.writes).toEqual([]);
    expect(server.rows()).toHaveLength(1);
  });

  test.each<[string, LitellmOptions, RegExp]>([
    ['does not keep models', { storeModelInDb: false, configRows: [row] }, /STORE_MODEL_IN_DB/],
    ['has no database', { database: 'none', configRows: [row] }, /DATABASE_URL/],
  ])('a LiteLLM that %s says what to set', async (_what, options, words) => {
    expect(await test1(await start(options))).toMatchObject({
      success: false,
      error_type: 'http_error',
      message: expect.stringMatching(words),
    });
  });

  test('a database that is away is not the key’s fault', async () => {
    stored.databaseDown = true;
    expect(await result()).toMatchObject({
      success: false,
      error_type: 'http_error',
      message: expect.stringContaining('failed (500)'),
      suggestion: expect.stringContaining('database'),
      can: { list: { ok: false }, write: { ok: null } },
    });
  });

  test('a wrong key, a closed port, a page, and a hanging server', async () => {
    expect(await test1(stored, 'sk-wrong-key-of-mine')).toMatchObject({
      success: false,
      error_type: 'http_error',
      suggestion: expect.stringContaining('wrong or has expired'),
      version: '1.81.15',
    });
    expect(await result({ litellm_base_url: 'http://127.0.0.1:1', litellm_api_key: null })).toMatchObject({
      success: false,
      error_type: 'connection_error',
      models: null,
    });
    const page = await localServer(() => ({ body: '<html>CANARY</html>' }));
    const body = await result({ litellm_base_url: page.url, litellm_api_key: null });
    expect(body).toMatchObject({ success: false, suggestion: expect.stringContaining('web page') });
    expect(JSON.stringify(body)).not.toContain('CANARY');
    stored.faults.add({ path: /model.info/, behaviour: { kind: 'hang' } });
    const { signal } = new AbortController();
    expect(await tryDestination({ baseUrl: stored.url }, product.apiServices, signal, 100)).toMatchObject({
      success: false,
      error_type: 'timeout_error',
    });
  });

  test('the stored key goes to no other address', async () => {
    const other = await localServer(() => ({ body: { data: [] } }));
    const answer = await product.call('POST', path, { litellm_base_url: other.url });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'litellm_base_url' }] } });
    expect(other.seen).toEqual([]);
    await result({ litellm_base_url: other.url, litellm_api_key: null });
    expect(other.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    expect(await result({ litellm_base_url: `${stored.url}/ui/` })).toMatchObject({ success: true });
  });

  test('an address that a provider reads, or that is none, is refused in words', async () => {
    await product.addProvider({ name: 'source', base_url: 'http://box:4000', type: 'litellm' });
    for (const litellm_base_url of ['http://box:4000/v1', 'ftp://box']) {
      expect(await result({ litellm_base_url, litellm_api_key: null })).toMatchObject({
        success: false,
        error_type: 'validation_error',
        can: { list: { ok: false } },
      });
    }
  });
});

test('without a LiteLLM there is nothing to test, unless one is named', async () => {
  const product = await Product.start({ worker: false });
  const litellm = await startLitellm();
  try {
    const { status, body } = await product.call('POST', path);
    expect({ status, detail: body.detail }).toMatchObject({ status: 409, detail: expect.any(String) });
    const named = { litellm_base_url: litellm.url, litellm_api_key: 'sk-1234' };
    expect((await product.call('POST', path, named)).body).toMatchObject({
      success: true,
      message: `LiteLLM at ${litellm.url} answered; it lists 0 models`,
    });
  } finally {
    await product.stop();
    await litellm.close();
  }
});
