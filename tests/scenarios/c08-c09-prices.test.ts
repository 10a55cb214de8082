import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { startOllama } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Product } from '../support/product.js';

interface Levels {
  settings?: Record<string, unknown>;
  provider?: Record<string, unknown>;
  model?: Record<string, unknown>;
}

/** USD per token, in and out; absent: not in the row at all. */
interface Price {
  in?: number;
  out?: number;
}

const noPrices = {
  settings: { default_pricing_profile: null, default_pricing_override: null },
  provider: { pricing_profile: null, pricing_override: null },
  model: { pricing_profile: null, pricing_override: null, params: null },
};
const input = (price: number) => ({ input_cost_per_token: price });
const output = (price: number) => ({ output_cost_per_token: price });
const globally = (override: object) => ({ default_pricing_override: override });

describe('prices in LiteLLM', () => {
  describe('C8: which price counts', () => {
    let product: Product;
    let litellm: LitellmStandIn;
    let server: OpenAiCompatibleStandIn;
    let providerId: number;
    const modelPaths: Record<string, string> = {};

    beforeAll(async () => {
      litellm = await startLitellm({ version: '1.105.0' });
      server = await startOpenAiCompatible({
        models: [
          openAiModel('unpriced'),
          openAiModel('priced', { pricing: { prompt: '0.000003', completion: '0.000004' } }),
        ],
      });
      product = await Product.start({ litellmUrl: litellm.url });
      // The stand-in is at 127.0.0.1, where models are free.
      const fields = { name: 'shop', base_url: server.baseUrl, type: 'openai', is_local: false };
      providerId = (await product.addProvider(fields)).id;
      await product.sync(providerId);
      for (const id of ['unpriced', 'priced']) modelPaths[id] = `/api/models/${(await product.model(id)).id}`;
    });

    afterAll(async () => {
      await product.stop();
      await Promise.all([server.close(), litellm.close()]);
    });

    async function set(id: string, { settings, provider, model }: Levels): Promise<void> {
      for (const [path, body] of [
        ['/api/admin/config', { ...noPrices.settings, ...settings }],
        [`/api/providers/${providerId}`, { ...noPrices.provider, ...provider }],
        [modelPaths[id] ?? '', { ...noPrices.model, ...model }],
      ] as const) {
        expect(await product.call('PATCH', path, body)).toMatchObject({ status: 200 });
      }
      await product.idle();
    }

    async function expectPrice(id: string, price: Price): Promise<void> {
      const rows = litellm.rows().filter((row) => row.model_name === id);
      expect(rows).toHaveLength(1);
      const pushed = rows[0]?.litellm_params ?? {};
      expect({ in: pushed['input_cost_per_token'], out: pushed['output_cost_per_token'] }).toEqual({
        in: price.in,
        out: price.out,
      });
      const { effective_params: told } = await product.model(id);
      expect({ in: told.input_cost_per_token, out: told.output_cost_per_token }).toEqual({
        in: price.in,
        out: price.out,
      });
    }

    const table: [string, string, Levels, Price][] = [
      ['nothing known or set: no price', 'unpriced', {}, {}],
      ['the price that the server reports', 'priced', {}, { in: 3e-6, out: 4e-6 }],
      [
        'a profile of the provider',
        'unpriced',
        { provider: { pricing_profile: 'gpt-4o' } },
        { in: 5e-6, out: 1.5e-5 },
      ],
      [
        "an override over the same provider's profile, key by key",
        'unpriced',
        { provider: { pricing_profile: 'gpt-4o', pricing_override: input(1e-6) } },
        { in: 1e-6, out: 1.5e-5 },
      ],
      ['a global override', 'unpriced', { settings: globally(input(2e-6)) }, { in: 2e-6 }],
      [
        'a global override under an empty one of the provider',
        'unpriced',
        { settings: globally(input(2e-6)), provider: { pricing_override: {} } },
        { in: 2e-6 },
      ],
      [
        'a global override under empty ones of provider and model',
        'unpriced',
        {
          settings: globally({ ...input(2e-6), ...output(7e-6) }),
          provider: { pricing_override: {} },
          model: { pricing_override: {} },
        },
        { in: 2e-6, out: 7e-6 },
      ],
      [
        'a global profile',
        'unpriced',
        { settings: { default_pricing_profile: 'gpt-4o-mini' } },
        { in: 1.5e-7, out: 6e-7 },
      ],
      [
        "a provider's override over a global profile, key by key",
        'unpriced',
        {
          settings: { default_pricing_profile: 'gpt-4o-mini' },
          provider: { pricing_override: output(8e-6) },
        },
        { in: 1.5e-7, out: 8e-6 },
      ],
      [
        "a provider's profile over a global override",
        'unpriced',
        { settings: globally(input(2e-6)), provider: { pricing_profile: 'gpt-4o' } },
        { in: 5e-6, out: 1.5e-5 },
      ],
      [
        "a model's override over the provider's profile and override",
        'unpriced',
        {
          provider: { pricing_profile: 'gpt-4o', pricing_override: input(1e-6) },
          model: { pricing_override: input(6e-6) },
        },
        { in: 6e-6, out: 1.5e-5 },
      ],
      [
        "a model's profile over the provider's override",
        'unpriced',
        {
          provider: { pricing_override: { ...input(1e-6), ...output(1e-6) } },
          model: { pricing_profile: 'o1-mini' },
        },
        { in: 1e-5, out: 4e-5 },
      ],
      [
        'user_params over everything',
        'unpriced',
        {
          provider: { pricing_profile: 'gpt-4o' },
          model: { params: input(9e-6), pricing_override: input(6e-6) },
        },
        { in: 9e-6, out: 1.5e-5 },
      ],
      [
        'a null in user_params: the key is gone',
        'unpriced',
        {
          provider: { pricing_profile: 'gpt-4o' },
          model: { params: { input_cost_per_token: null } },
        },
        { out: 1.5e-5 },
      ],
      [
        "a provider's override over the price that the server reports",
        'priced',
        { provider: { pricing_override: input(1e-6) } },
        { in: 1e-6, out: 4e-6 },
      ],
      [
        'a 0 set by hand, which is not the same as nothing',
        'priced',
        { model: { input_cost_per_token: 0, output_cost_per_token: 0 } },
        { in: 0, out: 0 },
      ],
    ];

    test.each(table)('C8: %s', async (_what, id, levels, price) => {
      await set(id, levels);
      await expectPrice(id, price);
    });

    test('C8: a price survives syncs and reconciles without a write, and taking it back restores what was', async () => {
      await set('priced', { provider: { pricing_profile: 'gpt-4o', pricing_override: input(1e-6) } });
      litellm.counters.reset();
      await product.sync(providerId);
      await product.reconcile();
      await product.idle();
      expect(litellm.counters.writes).toBe(0);
      await expectPrice('priced', { in: 1e-6, out: 1.5e-5 });

      await set('priced', { provider: { pricing_profile: 'gpt-4o' } });
      await expectPrice('priced', { in: 5e-6, out: 1.5e-5 });
      await set('priced', {});
      await expectPrice('priced', { in: 3e-6, out: 4e-6 });
    });

    test('C8: the forms of the predecessor set the same prices', async () => {
      await set('unpriced', {});
      const form = (path: string, fields: Record<string, string>) =>
        product.call('POST', path, new URLSearchParams(fields).toString(), {
          'content-type': 'application/x-www-form-urlencoded',
        });
      await form('/api/admin/config', { default_input_cost_per_token: '0.000002' });
      await form(`/api/providers/${providerId}`, { pricing_output_cost_per_token: '0.000008' });
      await product.idle();
      await expectPrice('unpriced', { in: 2e-6, out: 8e-6 });
      await form(`/api/providers/${providerId}`, {
        pricing_input_cost_per_token: '',
        pricing_output_cost_per_token: '',
      });
      await product.idle();
      await expectPrice('unpriced', { in: 2e-6 });
    });
  });

  describe('C9: no invented prices', () => {
    const closers: (() => Promise<void>)[] = [];
    let product: Product;
    let litellm: LitellmStandIn;

    beforeEach(async () => {
      litellm = await startLitellm();
      product = await Product.start({ litellmUrl: litellm.url });
      closers.push(
        () => product.stop(),
        () => litellm.close(),
      );
    });

    afterEach(async () => {
      for (const close of closers.splice(0)) await close();
    });

    function fixture(path: string): { id: string }[] {
      const url = new URL(`../fixtures/samples/${path}`, import.meta.url);
      return (JSON.parse(readFileSync(url, 'utf8')) as { data: { id: string }[] }).data;
    }

    async function synced(models: unknown[], fields: Record<string, unknown> = {}): Promise<void> {
      const server = await startOpenAiCompatible({ models });
      closers.push(() => server.close());
      const base = { name: 'shop', base_url: server.baseUrl, type: 'openai', is_local: false };
      const provider = await product.addProvider({ ...base, ...fields });
      const run = await product.sync(provider.id);
      expect(run.outcome.pushes).toMatchObject({ failed: 0, pending: 0 });
    }

    /** Every key with a price in it, from both halves of the row that LiteLLM keeps. */
    function prices(name: string): Record<string, unknown> {
      const rows = litellm.rows().filter((row) => row.model_name === name);
      expect(rows).toHaveLength(1);
      const all = { ...rows[0]?.litellm_params, ...rows[0]?.model_info };
      return Object.fromEntries(Object.entries(all).filter(([key]) => /cost|pric/.test(key)));
    }

    test("C9: OpenRouter's own prices are taken: free is 0, paid is paid, varying is nothing", async () => {
      await synced(fixture('openrouter/api-v1-models.json'));
      expect(prices('cohere/north-mini-code:free')).toEqual({
        input_cost_per_token: 0,
        output_cost_per_token: 0,
      });
      expect(prices('google/gemma-4-26b-a4b-it:free')).toEqual({
        input_cost_per_token: 0,
        output_cost_per_token: 0,
      });
      expect(prices('openai/gpt-5-mini')).toMatchObject({
        input_cost_per_token: 2.5e-7,
        output_cost_per_token: 2e-6,
        cache_read_input_token_cost: 2.5e-8,
      });
      expect(prices('deepseek/deepseek-v4-pro-0813')).toMatchObject({
        input_cost_per_token: 5.7948e-7,
        output_cost_per_token: 1.73844e-6,
      });
      expect(prices('openrouter/auto')).toEqual({});
    });

    test('C9: a list without prices gives no model one, whatever it is for', async () => {
      await synced(fixture('openai/v1-models.json'));
      const names = litellm.rows().map((row) => row.model_name);
      expect(names).toEqual(
        expect.arrayContaining([
          'gpt-4o-mini',
          'text-embedding-3-large',
          'whisper-1',
          'tts-1-hd',
          'dall-e-3',
        ]),
      );
      for (const name of names) expect([name, prices(name)]).toEqual([name, {}]);
    });

    test('C9: models of a server of one’s own cost an explicit 0', async () => {
      await synced(fixture('openai/v1-models.json').slice(0, 2), { is_local: null });
      for (const row of litellm.rows()) {
        expect(prices(row.model_name)).toEqual({ input_cost_per_token: 0, output_cost_per_token: 0 });
      }
    });

    test('C9: local Ollama models cost 0, and a cloud model behind the same server has no price', async () => {
      const ollama = await startOllama({
        models: sampleOllamaModels(['qwen3:8b', 'nomic-embed-text:latest', 'gpt-oss:120b-cloud']),
      });
      closers.push(() => ollama.close());
      const fields = { name: 'box', base_url: ollama.url, type: 'ollama' };
      await product.sync((await product.addProvider(fields)).id);
      expect(prices('qwen3:8b')).toEqual({ input_cost_per_token: 0, output_cost_per_token: 0 });
      expect(prices('nomic-embed-text:latest')).toMatchObject({ input_cost_per_token: 0 });
      expect(prices('gpt-oss:120b-cloud')).toEqual({});
    });

    test('C9: a price that appears, changes and disappears at the server does so in LiteLLM', async () => {
      const models = [openAiModel('a'), openAiModel('b')];
      const server = await startOpenAiCompatible({ models });
      closers.push(() => server.close());
      const base = { name: 'shop', base_url: server.baseUrl, type: 'openai', is_local: false };
      const { id } = await product.addProvider(base);
      await product.sync(id);
      expect(prices('a')).toEqual({});
      for (const [prompt, completion] of [
        ['0.000001', '0.000002'],
        ['0.000003', '0.000004'],
      ] as const) {
        server.models = [openAiModel('a', { pricing: { prompt, completion } }), openAiModel('b')];
        expect((await product.sync(id)).outcome.pushes).toMatchObject({ replaced: 1, failed: 0 });
        expect(prices('a')).toEqual({
          input_cost_per_token: Number(prompt),
          output_cost_per_token: Number(completion),
        });
      }
      server.models = models;
      await product.sync(id);
      expect(prices('a')).toEqual({});
      expect(prices('b')).toEqual({});
    });
  });
});
