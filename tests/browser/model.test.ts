import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { until } from '../support/until.js';
import { Installed } from './installed.js';
import { confirm, expectNotReloaded, mark, shows } from './visit.js';

const names = ['llama3:8b', 'qwen3:8b', 'gemma3:12b', 'phi4:14b'];
const pushMs = 60_000;

describe('models in a browser', () => {
  let litellm: LitellmStandIn;
  let ollama: OllamaStandIn;
  let product: Installed;
  let providerId: number;

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
    product = await Installed.start({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
    const provider = { name: 'box', type: 'ollama', base_url: ollama.url, grace_misses: 0, grace_seconds: 0 };
    providerId = (await product.installation.addProvider(provider)).id;
    await product.sync(providerId);
  });
  afterEach(() => product.visit.expectCalm());
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  const rowAtLitellm = (name: string) => litellm.rows().find((row) => row.model_name === name);

  test('edited parameters reach LiteLLM and survive a sync that brings news', async () => {
    const page = await product.visit.tab(`/models/${product.modelId('qwen3:8b')}`);
    await page.getByLabel('Parameters as JSON').fill('{"temperature": 0.2,');
    await page.getByRole('button', { name: 'Save' }).click();
    await shows(page.locator('[data-error-for="params"]'), 'is no JSON');
    await page.getByLabel('Parameters as JSON').fill('{"temperature": 0.2, "max_input_tokens": 4096}');
    await page.getByLabel('Tags').fill('gold');
    await page.getByRole('button', { name: 'Save' }).click();
    await shows(page.locator('#model-params tr.modified'), '0.2');
    await until('the edit at LiteLLM', () => rowAtLitellm('qwen3:8b')?.litellm_params['temperature'] === 0.2);

    ollama.replace('qwen3:8b', { contextLength: 16_384 });
    expect((await product.sync(providerId)).outcome).toMatchObject({ updated: 1 });
    await page.reload();
    await shows(page.locator('#model-params tr.modified'), '0.2');
    expect(await page.getByLabel('Tags').inputValue()).toBe('gold');
    expect(rowAtLitellm('qwen3:8b')).toMatchObject({
      litellm_params: { temperature: 0.2 },
      model_info: { max_input_tokens: 4096 },
    });
    await page.close();
  });

  test('an orphan is shown in red and in words, in a list that is open, and comes back', async () => {
    const page = await product.visit.tab('/models?orphaned=any');
    await mark(page);
    await shows(page.locator('[data-live-state]'), 'live');
    ollama.remove('phi4:14b');
    await product.sync(providerId);
    const orphan = page.locator('tr.orphan');
    await shows(orphan, 'phi4:14b');
    await shows(orphan.locator('.badge.bad'), 'orphaned');
    const [red = 0, green = 0, blue = 0] = (
      await orphan.locator('.badge.bad').evaluate((badge) => {
        const { getComputedStyle } = globalThis as unknown as {
          getComputedStyle: (element: unknown) => { color: string };
        };
        return getComputedStyle(badge).color;
      })
    )
      .match(/[\d.]+/g)!
      .map(Number);
    expect(red).toBeGreaterThan(Math.max(green, blue));

    ollama.add(ollamaModel('phi4:14b'));
    await product.sync(providerId);
    await orphan.waitFor({ state: 'hidden' });
    await expectNotReloaded(page);
    await until('it to be back at LiteLLM', () => rowAtLitellm('phi4:14b') !== undefined);
    await page.close();
  });

  test('several are pushed at once', async () => {
    const refused = ['mistral:7b', 'granite4:3b'];
    const refuse = { path: '/model/new', behaviour: { kind: 'status' as const, status: 400 } };
    litellm.faults.add({ method: 'POST', ...refuse });
    ollama.add(...refused.map((name) => ollamaModel(name)));
    await product.sync(providerId);
    const failed = () => product.installation.call('GET', '/api/models?deployment=failed');
    await until('both refusals', async () => (await failed()).body.total === refused.length);
    litellm.faults.clear();

    const page = await product.visit.tab('/models?deployment=failed');
    for (const name of refused) await page.getByRole('checkbox', { name }).check();
    const bulk = page.getByRole('region', { name: 'Actions on several models' });
    await shows(bulk, '2 models selected');
    await bulk.getByRole('button', { name: 'Push' }).click();
    const told = await confirm(page);
    expect(told).toContain('Push 2 models?');
    expect(told).toContain('granite4:3b');
    await until('both at LiteLLM', () => refused.every((name) => rowAtLitellm(name) !== undefined));
    await shows(page.locator('#model-list'), 'No model matches', pushMs);
    await bulk.waitFor({ state: 'hidden' });
    await page.close();
  });
});
