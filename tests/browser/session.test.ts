import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { adminToken, Product } from '../support/product.js';
import { openBrowser, Visit } from './visit.js';

describe('a session that is over', () => {
  let product: Product;
  let browser: Browser;

  beforeAll(async () => {
    [product, browser] = await Promise.all([Product.start(), openBrowser()]);
    await product.addProvider({
      name: 'box',
      type: 'ollama',
      base_url: 'http://127.0.0.1:9',
      sync_enabled: false,
    });
  });
  afterAll(async () => {
    await browser.close();
    await product.stop();
  });

  test.each([
    ['a part of the page that loads itself', `htmx.trigger('#runs', 'live:run')`],
    ['a call of the API', `import('/static/test/api.js').then(({ callApi }) => callApi('GET /api/runs'))`],
  ])('leads from %s to the login page, and back', async (_what, script) => {
    const visit = await Visit.begin(browser, product.url, adminToken);
    const page = await visit.tab('/runs?state=held');
    await page.context().clearCookies();
    visit.expectRefusal(401);
    // The navigation that follows may end the call.
    await page.evaluate(`void (${script})`).catch(() => undefined);
    await page.getByLabel('Token').fill(adminToken);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(`${product.url}/runs?state=held`);
    expect(await page.locator('h1').innerText()).toBe('Runs');
    visit.expectCalm();
    await visit.end();
  });
});
