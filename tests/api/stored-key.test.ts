import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Product } from '../support/product.js';

const there = 'http://litellm.test:4000';
const elsewhere = 'http://evil.test:4000';
const key = 'sk-planted-0123456789';

let product: Product;
beforeEach(async () => {
  product = await Product.start({ worker: false, litellmUrl: there, litellmKey: key });
});
afterEach(() => product.stop());

const trail = async () => (await product.call('GET', '/api/audit?limit=1')).body.items[0];

describe('the key of LiteLLM', () => {
  const change = (body: unknown, path = '/api/settings') => product.call('PATCH', path, body);
  const access = () => product.stores.settings.destinationAccess();

  test('goes with the address that is cleared; the answer and the audit trail say so', async () => {
    expect(await change({ litellm_base_url: null })).toMatchObject({
      status: 200,
      body: { litellm_base_url: null, has_litellm_api_key: false, litellm_api_key_hint: null },
    });
    expect(await trail()).toMatchObject({
      action: 'settings.update',
      details: { api_key: 'removed' },
      before: { litellm_base_url: there, has_litellm_api_key: true },
      after: { litellm_base_url: null, has_litellm_api_key: false },
    });
    expect(await change({ litellm_base_url: elsewhere })).toMatchObject({
      status: 200,
      body: { has_litellm_api_key: false },
    });
    expect(await access()).toEqual({ baseUrl: elsewhere });
  });

  test('goes with an address that a form of the predecessor clears', async () => {
    const { status, body } = await product.call('POST', '/admin/litellm', 'base_url=&api_key=', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([status, body.has_litellm_api_key]).toEqual([200, false]);
  });

  test.each([
    elsewhere,
    'http://litellm.test:4001',
    'https://litellm.test:4000',
    'http://litellm.test.evil.test:4000',
  ])('does not follow to %s, unless it is sent again', async (litellm_base_url) => {
    expect(await change({ litellm_base_url })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'litellm_base_url', message: expect.stringContaining('litellm_api_key') }] },
    });
    expect(await access()).toEqual({ baseUrl: there, apiKey: key });
    expect((await change({ litellm_base_url, litellm_api_key: 'sk-new' })).status).toBe(200);
    expect(await access()).toEqual({ baseUrl: litellm_base_url, apiKey: 'sk-new' });
  });

  test('stays for another path of the same server, and when something else is changed', async () => {
    expect((await change({ litellm_base_url: `${there}/proxy` })).status).toBe(200);
    expect((await change({ run_retention_days: 8 })).status).toBe(200);
    expect(await access()).toEqual({ baseUrl: `${there}/proxy`, apiKey: key });
  });

  test('is not taken without an address, where it would wait for any server', async () => {
    for (const body of [
      { litellm_base_url: null, litellm_api_key: 'sk-new' },
      { litellm_api_key: 'sk-new' },
    ]) {
      const { status, body: problem } = await change(body);
      expect([status, problem.errors?.[0].field]).toEqual([422, 'litellm_api_key']);
      await change({ litellm_base_url: null });
    }
  });

  test('an earlier release kept it without an address: it goes to no server, and stays removable', async () => {
    const { settings } = product.stores;
    await settings.update(
      await settings.get(),
      { litellmBaseUrl: null },
      undefined,
      new Date().toISOString(),
    );
    expect((await settings.get()).hasLitellmApiKey).toBe(true);
    expect((await change({ run_retention_days: 8 })).body.has_litellm_api_key).toBe(true);
    expect((await trail()).details).toEqual({ via: 'bearer' });
    expect((await change({ litellm_base_url: elsewhere })).status).toBe(422);
    expect((await change({ litellm_base_url: elsewhere, litellm_api_key: null })).status).toBe(200);
    expect(await access()).toEqual({ baseUrl: elsewhere });
  });
});

describe('the key of a provider', () => {
  const home = 'http://box.test:8000/v1';
  let id: number;
  beforeEach(async () => {
    ({ id } = await product.addProvider({ name: 'box', type: 'openai', base_url: home, api_key: key }));
  });
  const change = (body: unknown) => product.call('PATCH', `/api/providers/${id}`, body);
  const field = async (body: unknown) => (await change(body)).body.errors?.map((each: any) => each.field);

  test('does not follow its address to another server', async () => {
    expect(await field({ base_url: 'http://evil.test:8000' })).toEqual(['base_url']);
    expect(await field({ base_url: '' })).toEqual(['base_url']);
    expect(await field({ base_url: null })).toEqual(['base_url']);
    expect(await product.stores.providers.apiKeyOf(id)).toBe(key);
  });

  test('does not follow the address that LiteLLM sends it to, in two steps either', async () => {
    const evil = { litellm_base_url: 'http://evil.test:8000/v1' };
    expect(await field(evil)).toEqual(['litellm_base_url']);
    expect((await change({ litellm_base_url: null })).status).toBe(200);
    expect(await field(evil)).toEqual(['litellm_base_url']);
    expect((await change({ litellm_base_url: 'http://box.test:8000/other/v1' })).status).toBe(200);
    expect(await field(evil)).toEqual(['litellm_base_url']);
    expect((await change({ ...evil, api_key: key })).status).toBe(200);
    // Known from now on.
    expect((await change({ litellm_base_url: 'http://evil.test:8000/v2' })).status).toBe(200);
  });

  test('stays with its server when the type changes, alone or with the address', async () => {
    for (const type of ['ollama', 'litellm', 'openai']) {
      expect(await change({ type })).toMatchObject({ status: 200, body: { has_api_key: true } });
      expect(await field({ type, base_url: 'http://evil.test:8000' })).toEqual(['base_url']);
    }
  });

  test('a provider without a key moves as it likes', async () => {
    expect((await change({ api_key: null })).status).toBe(200);
    expect((await change({ base_url: 'http://new.test:8000' })).status).toBe(200);
    expect((await change({ litellm_base_url: 'http://other.test:8000' })).status).toBe(200);
  });
});
