import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Product } from '../support/product.js';
import { everything } from './seed.js';

describe('the settings through the API', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const paths = ['/api/admin/config', '/api/settings'];

  test('what is set is what is read, under both paths', async () => {
    const wanted = {
      litellm_base_url: 'http://litellm:4000',
      sync_interval_seconds: 60,
      default_pricing_profile: 'gpt-4o',
      default_pricing_override: { input_cost_per_token: 1e-6, output_cost_per_image: 0.04 },
      update_strategy: 'replace',
      tags_placement: 'model_info',
      litellm_poll_seconds: 10,
      run_retention_days: 7,
    };
    const before = (await product.call('GET', '/api/settings')).body;
    const answer = await product.call('PATCH', '/api/settings', {
      ...wanted,
      litellm_api_key: 'sk-0123456789',
    });
    expect(answer).toMatchObject({ status: 200, body: wanted });
    for (const path of paths) {
      expect((await product.call('GET', path)).body).toMatchObject({
        ...wanted,
        has_litellm_api_key: true,
        litellm_api_key_hint: '6789',
        instance_id: before.instance_id,
        destination: { state: 'unknown', version: null },
      });
    }
  });

  test('an absent field stays, null clears one', async () => {
    const before = (await product.call('GET', '/api/settings')).body;
    await product.call('POST', '/api/admin/config', { run_retention_days: 8 });
    expect((await product.call('GET', '/api/settings')).body).toEqual({
      ...before,
      run_retention_days: 8,
      edit_version: Number(before.edit_version) + 1,
    });
    await product.call('PATCH', '/api/settings', {
      litellm_base_url: null,
      litellm_api_key: null,
      default_pricing_profile: null,
      default_pricing_override: null,
    });
    expect((await product.call('GET', '/api/settings')).body).toMatchObject({
      litellm_base_url: null,
      has_litellm_api_key: false,
      litellm_api_key_hint: null,
      default_pricing_profile: null,
      default_pricing_override: {},
      destination: { state: 'not-configured' },
    });
  });

  test('an address is stored as the root of the server, however it was pasted', async () => {
    for (const pasted of [
      'http://litellm:4000/',
      'litellm:4000',
      'http://litellm:4000/v1',
      'http://litellm:4000/ui/',
    ]) {
      const { body } = await product.call('PATCH', '/api/settings', { litellm_base_url: pasted });
      expect(body.litellm_base_url).toBe('http://litellm:4000');
    }
  });

  test('the interval makes the schedules: 0 has none, a provider keeps its own', async () => {
    const scheduled = async () => {
      const schedulers = await product.queues.byName['fetch-provider'].getJobSchedulers(0, -1);
      return Object.fromEntries(schedulers.map(({ key, every }) => [key, Number(every)]));
    };
    await product.call('PATCH', '/api/settings', { sync_interval_seconds: 0 });
    const one = await product.addProvider({ name: 'one', base_url: 'http://one', type: 'openai' });
    const own = await product.addProvider({
      name: 'own',
      base_url: 'http://own',
      type: 'openai',
      sync_interval_seconds: 45,
    });
    expect(await scheduled()).toEqual({ [`provider-${own.id}`]: 45_000 });
    await product.call('PATCH', '/api/settings', { sync_interval_seconds: 30 });
    expect(await scheduled()).toEqual({ [`provider-${one.id}`]: 30_000, [`provider-${own.id}`]: 45_000 });
    await product.call('PATCH', `/api/providers/${own.id}`, { sync_enabled: false });
    await product.call('PATCH', '/api/settings', { sync_interval_seconds: 90 });
    expect(await scheduled()).toEqual({ [`provider-${one.id}`]: 90_000 });
  });

  test('the history of changes says who changed what, without the key', async () => {
    await product.call('PATCH', '/api/settings', { run_retention_days: 9, litellm_api_key: 'sk-0123456789' });
    const { audit_events: events } = everything(product) as Record<string, any[]>;
    const { actor, action, before, after, details } = events!.at(-1);
    expect([actor, action]).toEqual(['admin', 'settings.update']);
    expect(JSON.parse(details)).toEqual({ via: 'bearer', api_key: 'set' });
    expect(JSON.parse(before).run_retention_days).not.toBe(9);
    expect(JSON.parse(after)).toMatchObject({ run_retention_days: 9, litellm_api_key_hint: '6789' });
    expect(JSON.stringify(events)).not.toContain('0123456789');
  });
});
