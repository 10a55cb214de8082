import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { adminToken, Product } from '../support/product.js';
import { openBrowser, shows, Visit } from './visit.js';

describe('a test of LiteLLM in the settings', () => {
  let litellm: LitellmStandIn;
  let product: Product;
  let browser: Browser;

  beforeAll(async () => {
    litellm = await startLitellm({ version: '1.81.15' });
    [product, browser] = await Promise.all([Product.start({ litellmUrl: litellm.url }), openBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([product.stop(), litellm.close()]);
  });

  test.each([
    ['an older version is no fault, it is met by replacing', 'auto', 'replaces instead', 'badge'],
    ['unless a person ordered to patch it', 'patch', 'no', 'badge warn'],
  ])('%s', async (_sentence, strategy, word, look) => {
    await product.call('PATCH', '/api/settings', { update_strategy: strategy });
    const visit = await Visit.begin(browser, product.url, adminToken);
    const page = await visit.tab('/settings');
    await page.getByRole('button', { name: 'Test' }).click();
    const result = page.locator('#test-result');
    await shows(result, 'works');
    const item = result.locator('li', { hasText: 'Changes in place safely' });
    expect(await item.innerText()).toContain('create, see it served, delete the old one');
    const badge = item.locator('.badge');
    expect([await badge.innerText(), await badge.getAttribute('class')]).toEqual([word, look]);
    visit.expectCalm();
    await visit.end();
  });
});
