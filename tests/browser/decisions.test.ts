import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Installed } from './installed.js';
import { confirm, shows } from './visit.js';

const ids = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
const gone = ids.slice(1);

describe('what a person decides in a browser', () => {
  let litellm: LitellmStandIn;
  let server: OpenAiCompatibleStandIn;
  let product: Installed;
  let providerId: number;

  beforeAll(async () => {
    litellm = await startLitellm();
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Installed.start({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
    const provider = { name: 'box', type: 'openai', base_url: server.baseUrl, tags: ['gpu'] };
    providerId = (await product.installation.addProvider(provider)).id;
    await product.sync(providerId);
  });
  afterEach(() => product.visit.expectCalm());
  afterAll(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  test('tags at LiteLLM filter by any of the chosen ones', async () => {
    for (const [name, tag] of [
      ['by-hand', 'team'],
      ['lonely', 'none-of-these'],
    ] as const)
      litellm.seed({ model_name: name, litellm_params: { model: `openai/${name}`, tags: [tag] } });
    const page = await product.visit.tab('/litellm');
    const rows = page.locator('#litellm table').first().locator('tbody th');
    await rows.filter({ hasText: 'lonely' }).waitFor();
    const tag = (name: string) => page.getByRole('button', { name: new RegExp(`^(✓ )?${name} \\d+$`) });
    await tag('team').click();
    await page.waitForURL(/tag=team/);
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('by-hand')]);
    await tag('gpu').click();
    await page.waitForURL(/tag=gpu/);
    const names = (await rows.allInnerTexts()).map((text) => text.split('\n')[0]).sort();
    expect(names).toEqual([...ids, 'by-hand'].sort());
    expect(await tag('team').getAttribute('aria-pressed')).toBe('true');
    await page.close();
  });

  test('a held run is rejected: everything stays as it is', async () => {
    for (const id of gone) server.remove(id);
    const held = await product.sync(providerId);
    expect(held.state).toBe('held');
    const page = await product.visit.tab('/');
    await page.locator('.needs').getByRole('link').first().click();
    await shows(page.getByRole('heading'), 'This run waits for your decision');
    for (const id of gone) await shows(page.locator('#run code'), id);
    await page.getByRole('button', { name: 'Reject' }).click();
    await confirm(page);
    await shows(page.locator('#run'), 'rejected');
    await page.goto('/models?orphaned=true');
    await shows(page.locator('.empty'), 'No model matches');
    expect(litellm.rows()).toHaveLength(ids.length + 2);
    await page.close();
  });

  test('another one is accepted: what it missed becomes orphaned, with the list shown before', async () => {
    const held = await product.sync(providerId);
    expect(held.state).toBe('held');
    const page = await product.visit.tab(`/runs/${held.id}`);
    await page.getByRole('button', { name: 'Accept' }).click();
    const told = await confirm(page);
    expect(told).toContain(
      '4 models of box become orphaned and leave LiteLLM after 3 syncs in a row without them',
    );
    for (const id of gone) expect(told).toContain(id);
    await shows(page.locator('#run'), 'accepted');
    await page.goto('/models?orphaned=true');
    await shows(page.locator('#model-list'), '1–4 of 4');
    expect(await page.locator('tr.orphan .badge.bad').allInnerTexts()).toEqual(gone.map(() => 'orphaned'));
    await page.close();
  });
});
