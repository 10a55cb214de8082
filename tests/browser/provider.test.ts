import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Installed } from './installed.js';
import { confirm, expectNotReloaded, mark, shows } from './visit.js';

/** Every field that may be empty, as a person fills it in. */
const optional = {
  prefix: 'fast',
  tags: 'gpu, rack 7',
  access_groups: 'team-a',
  model_filter: 'llama, qwen',
  model_filter_exclude: 'draft',
  litellm_base_url: 'http://10.0.0.7:11434',
  sync_interval_seconds: '900',
  pricing_input_cost_per_token: '0.000001',
  pricing_output_cost_per_token: '0.000002',
  default_num_ctx: '8192',
};

describe('a provider in a browser', () => {
  let litellm: LitellmStandIn;
  let ollama: OllamaStandIn;
  let product: Installed;
  const stored = async () => (await product.installation.call('GET', '/api/providers')).body[0];

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      apiKey: 'sk-of-the-box',
      models: ['llama3:8b', 'qwen3:8b'].map((name) => ollamaModel(name)),
    });
    product = await Installed.start({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
  });
  afterEach(() => product.visit.expectCalm());
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  test('is tested before it is added, and a wrong field is told at the field', async () => {
    const page = await product.visit.tab('/providers');
    await page.getByRole('link', { name: 'Add provider' }).click();
    await page.getByLabel('Name', { exact: true }).fill('box');
    await page.getByLabel('Base URL').fill(ollama.url);
    const result = page.locator('#test-result');
    await page.getByRole('button', { name: 'Test connection' }).click();
    await shows(result, 'That did not work');
    await page.getByLabel('API key').fill('sk-of-the-box');
    await page.getByRole('button', { name: 'Test connection' }).click();
    await shows(result, 'It works');
    await shows(result, 'llama3:8b');

    for (const [name, value] of Object.entries(optional)) await page.locator(`#field-${name}`).fill(value);
    await page.locator('#field-is_local').selectOption('false');
    await page.locator('#field-pricing_profile').selectOption({ index: 1 });
    await page.locator('#field-prefix').fill('a/');
    product.visit.expectRefusal(422);
    await page.getByRole('button', { name: 'Add provider' }).click();
    await shows(page.locator('#error-prefix'), 'without slash');
    await page.locator('#field-prefix').fill(optional.prefix);
    await page.getByRole('button', { name: 'Add provider' }).click();
    await page.waitForURL(/\/providers\/\d+$/);
    expect(await stored()).toMatchObject({
      name: 'box',
      prefix: 'fast',
      tags: ['gpu', 'rack 7'],
      access_groups: ['team-a'],
      model_filter: 'llama, qwen',
      sync_interval_seconds: 900,
      pricing_override: { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 },
      default_num_ctx: 8192,
      is_local: false,
      has_api_key: true,
    });
    await page.close();
  });

  test('is edited, and what another person changed meanwhile is not overwritten', async () => {
    const { id } = await stored();
    const page = await product.visit.tab(`/providers/${id}/edit`);
    const other = await product.visit.tab(`/providers/${id}/edit`);
    await other.getByLabel('Name', { exact: true }).fill('boxer');
    await other.getByRole('button', { name: 'Save' }).click();
    await other.waitForURL(/\/providers\/\d+$/);
    await page.getByLabel('Prefix').fill('slow');
    product.visit.expectRefusal(412);
    await page.getByRole('button', { name: 'Save' }).click();
    await shows(page.locator('.form-error'), 'Your input is still here');
    expect(await stored()).toMatchObject({ name: 'boxer', prefix: 'fast' });
    await Promise.all([page.close(), other.close()]);
  });

  test('loses every optional field that is emptied', async () => {
    const { id } = await stored();
    const page = await product.visit.tab(`/providers/${id}/edit`);
    for (const name of Object.keys(optional)) await page.locator(`#field-${name}`).fill('');
    for (const name of ['is_local', 'pricing_profile', 'default_ollama_mode'])
      await page.locator(`#field-${name}`).selectOption('');
    await page.locator('#field-pricing_override').fill('');
    await page.getByLabel(/Remove the stored key/).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/providers\/\d+$/);
    expect(await stored()).toMatchObject({
      prefix: null,
      tags: [],
      access_groups: [],
      model_filter: null,
      model_filter_exclude: null,
      litellm_base_url: null,
      sync_interval_seconds: null,
      pricing_override: {},
      pricing_profile: null,
      default_num_ctx: null,
      default_ollama_mode: null,
      is_local: null,
      has_api_key: false,
    });
    await page.goto(`/providers/${id}/edit`);
    for (const name of Object.keys(optional))
      expect([name, await page.locator(`#field-${name}`).inputValue()]).toEqual([name, '']);
    await page.getByLabel('API key').fill('sk-of-the-box');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/providers\/\d+$/);
    await page.close();
  });

  test('is synced and paused in one tab, and another tab sees it without a reload', async () => {
    const page = await product.visit.tab('/providers');
    const second = await product.visit.tab('/providers');
    const row = second.locator('#providers tbody tr');
    await mark(second);
    await shows(second.locator('[data-live-state]'), 'live');
    await page.getByRole('button', { name: 'Sync boxer' }).click();
    await shows(row, '2 models', 60_000);
    await page.getByRole('button', { name: 'Pause syncing of boxer' }).click();
    expect(await confirm(page)).toContain('Its models stay in LiteLLM');
    await shows(row.locator('.badge'), 'paused');
    expect(await stored()).toMatchObject({ sync_enabled: false });
    await page.getByRole('button', { name: 'Resume syncing of boxer' }).click();
    await row.locator('.badge', { hasText: 'paused' }).waitFor({ state: 'hidden' });
    await expectNotReloaded(second);
    await Promise.all([page.close(), second.close()]);
  });

  test('is deleted after a list of what goes, and leaves LiteLLM', async () => {
    expect((await product.sync((await stored()).id)).state).toBe('done');
    expect(litellm.rows()).toHaveLength(2);
    const page = await product.visit.tab('/providers');
    await page.getByRole('button', { name: 'Delete boxer' }).click();
    const told = await confirm(page);
    for (const words of ['“boxer”', '2 models', '2 deployments', 'llama3:8b', 'qwen3:8b'])
      expect(told).toContain(words);
    await shows(page.locator('#providers'), 'No providers yet', 60_000);
    expect(litellm.rows()).toEqual([]);
    await page.close();
  });
});
