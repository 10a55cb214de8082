import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Product } from '../support/product.js';

describe('forms, where the predecessor took them', () => {
  let product: Product;
  let count = 0;
  let name: string;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());
  beforeEach(() => {
    count += 1;
    name = `box-${count}`;
  });

  const form = (path: string, fields: Record<string, string>) =>
    product.call('POST', path, new URLSearchParams(fields).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
  const shown = async (id: number) => (await product.call('GET', `/api/providers/${id}`)).body;

  test.each(['/admin/providers', '/api/providers', '/api/providers/'])(
    'POST %s adds a provider',
    async (path) => {
      const { status, body } = await form(path, {
        name,
        base_url: 'http://box:11434/',
        type: 'ollama',
        api_key: 'sk-0123456789abcdef',
        prefix: 'mks-ollama',
        default_ollama_mode: 'openai',
        tags: 'a, b,,c',
        access_groups: 'team',
        sync_enabled: 'on',
        auto_detect_fim: 'false',
        sync_interval_seconds: '60',
        pricing_profile: '',
        pricing_input_cost_per_token: '0.000001',
        pricing_output_cost_per_token: '2e-6',
        model_filter: '',
      });
      expect({ status, body }).toMatchObject({
        status: 201,
        body: {
          name,
          base_url: 'http://box:11434',
          prefix: 'mks-ollama',
          default_ollama_mode: 'openai',
          has_api_key: true,
          tags: ['a', 'b', 'c'],
          access_groups: ['team'],
          sync_enabled: true,
          auto_detect_fim: false,
          sync_interval_seconds: 60,
          pricing_profile: null,
          pricing_override: { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 },
          model_filter: null,
        },
      });
    },
  );

  test('an Ollama provider without a mode is created with ollama_chat', async () => {
    const { body } = await form('/admin/providers', {
      name,
      base_url: 'http://box',
      type: 'ollama',
      default_ollama_mode: '',
    });
    expect(body).toMatchObject({
      default_ollama_mode: 'ollama_chat',
      sync_enabled: true,
      auto_detect_fim: true,
    });
  });

  const full = () => ({
    name,
    base_url: 'http://box:11434',
    type: 'ollama',
    api_key: 'sk-0123456789abcdef',
    prefix: 'p',
    tags: ['a'],
    access_groups: ['team'],
    pricing_profile: 'gpt-4o',
    pricing_override: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
    sync_interval_seconds: 60,
    model_filter: 'q',
    model_filter_exclude: 'x',
    litellm_base_url: 'http://host.docker.internal:11434',
    default_num_ctx: 8192,
    is_local: true,
  });

  test('an absent field keeps what was there', async () => {
    const before = await product.addProvider(full());
    const { status } = await form(`/admin/providers/${before.id}`, { name: `${name}-renamed` });
    expect(status).toBe(200);
    expect(await shown(before.id)).toEqual({
      ...before,
      name: `${name}-renamed`,
      updated_at: expect.any(String),
      edit_version: Number(before.edit_version) + 1,
    });
  });

  test('an empty field clears, whatever it is', async () => {
    const { id } = await product.addProvider(full());
    const { status } = await form(`/api/providers/${id}`, {
      api_key: '',
      prefix: '',
      tags: '',
      access_groups: '',
      pricing_profile: '',
      pricing_input_cost_per_token: '',
      pricing_output_cost_per_token: '',
      sync_interval_seconds: '',
      model_filter: '',
      model_filter_exclude: '',
      litellm_base_url: '',
      default_num_ctx: '',
      is_local: '',
    });
    expect(status).toBe(200);
    expect(await shown(id)).toMatchObject({
      has_api_key: false,
      api_key_hint: null,
      prefix: null,
      tags: [],
      access_groups: [],
      pricing_profile: null,
      pricing_override: {},
      sync_interval_seconds: null,
      model_filter: null,
      model_filter_exclude: null,
      litellm_base_url: null,
      default_num_ctx: null,
      is_local: null,
    });
  });

  test('one of the two price fields leaves the other price, and prices that a form does not know', async () => {
    const { id } = await product.addProvider({
      ...full(),
      pricing_override: { ...full().pricing_override, input_cost_per_second: 5 },
    });
    await form(`/api/providers/${id}`, { pricing_input_cost_per_token: '7e-6' });
    expect((await shown(id)).pricing_override).toEqual({
      input_cost_per_token: 7e-6,
      output_cost_per_token: 2e-6,
      input_cost_per_second: 5,
    });
    await form(`/api/providers/${id}`, { pricing_input_cost_per_token: '' });
    expect((await shown(id)).pricing_override).toEqual({
      output_cost_per_token: 2e-6,
      input_cost_per_second: 5,
    });
  });

  test.each([
    ['true', true],
    ['1', true],
    ['on', true],
    ['yes', true],
    ['ON', true],
    ['false', false],
    ['0', false],
    ['off', false],
    ['no', false],
  ])('the flag %s is %p', async (text, value) => {
    const { id } = await product.addProvider({ ...full(), sync_enabled: !value });
    expect((await form(`/admin/providers/${id}`, { sync_enabled: text })).status).toBe(200);
    expect((await shown(id)).sync_enabled).toBe(value);
  });

  test('a flag that is no word for yes or no is refused, not taken for no', async () => {
    const { id } = await product.addProvider(full());
    const answer = await form(`/admin/providers/${id}`, { sync_enabled: 'maybe' });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'sync_enabled' }] } });
    expect((await shown(id)).sync_enabled).toBe(true);
  });

  test('a number that is none is refused, and the field named', async () => {
    const answer = await form('/admin/providers', {
      name,
      base_url: 'http://box',
      type: 'ollama',
      sync_interval_seconds: 'soon',
    });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'sync_interval_seconds' }] } });
    expect(answer.body.errors).toHaveLength(1);
  });

  test('a required field that is empty is refused', async () => {
    const answer = await form('/admin/providers', { name: '', base_url: '', type: 'ollama' });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: any) => error.field).sort()).toEqual(['base_url', 'name']);
  });

  test('the settings: an empty address stops the pushes, an absent key stays, both prices make the default', async () => {
    await product.call('PATCH', '/api/settings', {
      litellm_base_url: 'http://litellm:4000',
      litellm_api_key: 'sk-0123456789abcdef',
    });
    const prices = await form('/api/admin/config', {
      sync_interval_seconds: '120',
      default_pricing_profile: 'gpt-4o',
      default_input_cost_per_token: '1e-6',
      default_output_cost_per_token: '2e-6',
    });
    expect(prices).toMatchObject({
      status: 200,
      body: {
        litellm_base_url: 'http://litellm:4000',
        has_litellm_api_key: true,
        sync_interval_seconds: 120,
        default_pricing_profile: 'gpt-4o',
        default_pricing_override: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 },
      },
    });
    const cleared = await form('/api/admin/config', {
      litellm_base_url: '',
      litellm_api_key: '',
      default_pricing_profile: '',
      default_input_cost_per_token: '',
      default_output_cost_per_token: '',
    });
    expect(cleared).toMatchObject({
      status: 200,
      body: {
        litellm_base_url: null,
        has_litellm_api_key: false,
        sync_interval_seconds: 120,
        default_pricing_profile: null,
        default_pricing_override: {},
      },
    });
  });
});
