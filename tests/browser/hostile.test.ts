import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { hostileName } from '../pages/open-page.js';
import { adminToken } from '../support/product.js';
import { hostileIds, HostileWorld } from './hostile-world.js';
import { openBrowser, shows, Visit } from './visit.js';

describe('words from outside that look like markup', () => {
  let world: HostileWorld;
  let browser: Browser;
  let visit: Visit;

  beforeAll(async () => {
    [world, browser] = await Promise.all([HostileWorld.start(), openBrowser()]);
    visit = await Visit.begin(browser, world.product.url, adminToken);
  });
  afterEach(() => visit.expectCalm());
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  test('are text on every page: no element, no dialog, nothing on the console', async () => {
    const page = await visit.tab('/');
    const seen: string[] = [];
    for (const path of world.paths()) {
      expect((await page.goto(path, { waitUntil: 'load' }))?.status()).toBe(200);
      await page.locator('h1').waitFor();
      const text = await page.locator('body').innerText();
      if (text.includes(hostileName)) seen.push(path);
      const foreign = page.locator('main :is(img, script:not([src^="/static/"]), b[onmouseover], [style])');
      expect([path, await foreign.evaluateAll((found) => found.map(String))]).toEqual([path, []]);
      visit.expectCalm();
    }
    // The words were there, or the looking proved nothing.
    expect(seen.length).toBeGreaterThan(7);
    await page.close();
  });

  test('every model id stands in the list as it is, and its link leads to it', async () => {
    const page = await visit.tab('/models?orphaned=any');
    for (const id of hostileIds) {
      const link = page.getByRole('link', { name: `<i>pre/${id}`, exact: true });
      await link.click();
      await shows(page.locator('#model-state code').first(), id);
      await page.goBack();
    }
    await page.close();
  });

  test('an error of a server is told with its markup as text', async () => {
    const page = await visit.tab('/');
    await shows(page.locator('main'), '<b onmouseover="alert(3)">the server</b>');
    await page.goto('/runs');
    await shows(page.locator('#runs'), 'alert(4)');
    await page.close();
  });

  test('a question before an action says them as text, too', async () => {
    const page = await visit.tab('/providers');
    await page.getByRole('button', { name: `Delete ${hostileName}`, exact: true }).click();
    const dialog = page.getByRole('dialog');
    await shows(dialog, `“${hostileName}”`);
    expect(await dialog.locator('img').count()).toBe(0);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.close();
  });
});
