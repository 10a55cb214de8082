import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { demoOllamaModels } from '../../sandbox/demo-models.js';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { until } from '../support/until.js';
import { Installed } from './installed.js';
import { expectNotReloaded, mark, shows } from './visit.js';

const syncMs = 60_000;

describe('an empty installation in a browser', () => {
  let litellm: LitellmStandIn;
  let ollama: OllamaStandIn;
  let product: Installed;

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: demoOllamaModels() });
    // A schedule, so that the first sync starts by itself; an hour, so that no second one comes.
    product = await Installed.start({ SYNC_INTERVAL_SECONDS: '3600' });
  });
  afterEach(() => product.visit.expectCalm());
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  test('leads from nothing to the first models at LiteLLM, without a reload', async () => {
    const page = await product.visit.tab('/');
    await page.getByRole('link', { name: 'Start here' }).click();
    await mark(page);

    await page.getByLabel('URL of LiteLLM').fill(litellm.url);
    await page.getByLabel('Key of LiteLLM').fill(litellm.masterKey);
    await page.getByRole('button', { name: 'Test LiteLLM' }).click();
    await shows(page.locator('#litellm-form [data-tried]'), 'It works');
    await page.getByRole('button', { name: 'Save LiteLLM' }).click();
    await shows(page.locator('#start-litellm'), litellm.url);

    await page.getByLabel('URL of the server').fill(ollama.url);
    await page.getByLabel('Name', { exact: true }).fill('box');
    await page.getByRole('button', { name: 'Test the provider' }).click();
    await shows(page.locator('#provider-form [data-tried]'), 'It works');
    await page.getByRole('button', { name: 'Add provider' }).click();

    await shows(page.locator('#watch'), '6 models read, 6 in LiteLLM', syncMs);
    await expectNotReloaded(page);
    expect(litellm.rows()).toHaveLength(6);
    await page.getByRole('link', { name: 'Go to the overview' }).click();
    await shows(page.locator('#count-models'), '6 models');
    await shows(page.locator('#count-in-litellm'), '6 in LiteLLM');
    await page.close();
  });

  test('a sync shows its progress live', async () => {
    const page = await product.visit.tab('/');
    await mark(page);
    await shows(page.locator('[data-live-state]'), 'live');
    ollama.add(...Array.from({ length: 20 }, (_none, index) => ollamaModel(`more-${index}:1b`)));
    // The pushes take their time until half of the way was seen.
    litellm.faults.latencyMs = 500;
    await page.getByRole('button', { name: 'Sync all' }).click();
    const progress = page.getByRole('progressbar', { name: 'Progress of box' });
    await progress.waitFor();
    // Part of the way: what is shown goes on while the sync does.
    const bars = page.locator('#progress progress');
    await until('half of the way', async () => {
      const values = await bars.evaluateAll((found) => found.map((bar) => bar.getAttribute('value')));
      return values.some((value) => Number(value) > 10 && Number(value) < 100);
    });
    litellm.faults.clear();
    await shows(page.locator('#count-in-litellm'), '26 in LiteLLM', syncMs);
    await progress.waitFor({ state: 'hidden', timeout: syncMs });
    await expectNotReloaded(page);
    await page.close();
  });

  test('without a worker the pages stay up and say so; its return is seen live', async () => {
    const end = await product.worker.end('SIGTERM');
    expect(end.code).toBe(0);
    const page = await product.visit.tab('/');
    await shows(page.locator('.needs'), 'No worker was seen');
    for (const path of ['/models', '/providers', '/litellm', '/runs', '/settings']) {
      expect((await page.goto(path))?.status()).toBe(200);
    }
    await shows(page.locator('#about-facts'), 'nothing is synced or pushed');

    await page.goto('/');
    await mark(page);
    await page.getByRole('button', { name: 'Sync all' }).click();
    const lines = page.locator('#progress li');
    await shows(lines, 'waiting');
    const run = await lines.filter({ hasText: 'waiting' }).locator('a').getAttribute('id');
    await product.installation.startWorker();
    await shows(lines.filter({ has: page.locator(`#${run}`) }), 'done', syncMs);
    await page.getByText('No worker was seen').waitFor({ state: 'hidden', timeout: syncMs });
    await expectNotReloaded(page);
    await page.close();
  });
});
