import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { adminToken } from '../support/product.js';
import { seriousFindings } from './axe.js';
import { HostileWorld } from './hostile-world.js';
import { Transfer } from './transfer.js';
import { openBrowser, Visit } from './visit.js';

const mostBytes = 150_000;
/** A phone, and the narrowest that WCAG asks for. */
const narrowPx = [375, 320];

/** Bull Board's own page in its frame: its size is not ours to decide, and only /queues carries it. */
const isBullBoard = (url: string) => url.includes('/admin/queues');

describe('every page', () => {
  let world: HostileWorld;
  let browser: Browser;

  beforeAll(async () => {
    [world, browser] = await Promise.all([HostileWorld.start(), openBrowser()]);
  });
  afterAll(async () => {
    await browser.close();
    await world.stop();
  });

  test('has no serious finding of axe-core, in light and in dark', async () => {
    const visit = await Visit.begin(browser, world.product.url, adminToken);
    const page = await visit.tab('/login');
    const findings: string[] = [];
    for (const path of ['/login', ...world.paths(), '/providers/4711']) {
      if (path === '/providers/4711') visit.expectRefusal(404); // the page of an error
      await page.goto(path);
      await settle(page);
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        const found = await seriousFindings(page, scheme === 'dark');
        findings.push(...found.map((each) => `${path} in ${scheme}: ${each}`));
      }
    }
    expect(findings).toEqual([]);
    visit.expectCalm();
    await visit.end();
  });

  test('fits a phone: what is wider scrolls in its own place', async () => {
    const visit = await Visit.begin(browser, world.product.url, adminToken);
    const page = await visit.tab('about:blank');
    const wide: [string, number, number][] = [];
    for (const path of ['/login', ...world.paths(), '/docs', '/providers/4711']) {
      if (path === '/providers/4711') visit.expectRefusal(404);
      await page.goto(path);
      await settle(page);
      if (path === '/docs') await page.locator('.opblock-tag').first().waitFor();
      for (const width of narrowPx) {
        await page.setViewportSize({ width, height: 800 });
        const needed = await page.evaluate<number>('document.documentElement.scrollWidth');
        if (needed > width) wide.push([path, width, needed]);
        const scrolling = page
          .locator('.table:has(.stacks)')
          .evaluateAll(
            (tables) => tables.filter((table: any) => table.scrollWidth > table.clientWidth).length,
          );
        expect([path, width, await scrolling]).toEqual([path, width, 0]);
      }
    }
    expect(wide).toEqual([]);
    visit.expectCalm();
    await visit.end();
  });

  test('the page of the API follows the colour scheme, and leads back', async () => {
    const visit = await Visit.begin(browser, world.product.url, adminToken);
    const page = await visit.tab('/docs');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('html.dark-mode').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('html:not(.dark-mode)').waitFor();
    await page.getByRole('heading', { name: 'other names' }).click();
    await page.locator('.opblock-deprecated').first().waitFor();
    await page.getByRole('link', { name: 'LiteLLM Updater' }).click();
    await page.waitForURL(`${world.product.url}/`);
    visit.expectCalm();
    await visit.end();
  });

  test(`stays below ${mostBytes / 1_000} kB transferred, with an empty cache`, async () => {
    const visit = await Visit.begin(browser, world.product.url, adminToken);
    const sizes: Record<string, number> = {};
    for (const path of world.paths()) {
      const page = await visit.tab('about:blank');
      const transfer = await Transfer.begin(page);
      await page.goto(path);
      await settle(page);
      sizes[path] = transfer.bytes((url) => !isBullBoard(url));
      const frame = transfer.bytes(isBullBoard);
      if (frame > 0) sizes[`${path} (Bull Board’s frame)`] = frame;
      // Less than a page with its style and scripts can be: then nothing was counted.
      expect(sizes[path]).toBeGreaterThan(10_000);
      await page.close();
    }
    console.log(
      Object.entries(sizes)
        .map(([path, bytes]) => `${(bytes / 1_000).toFixed(1).padStart(7)} kB  ${path}`)
        .join('\n'),
    );
    const heavy = Object.entries(sizes).filter(
      ([path, bytes]) => bytes >= mostBytes && !path.includes('Bull Board'),
    );
    expect(heavy).toEqual([]);
    visit.expectCalm();
    await visit.end();
  });
});

/** Until the parts that load by themselves are there; the stream of events never ends, so "idle" never comes. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  await page.getByText('Reading the history').waitFor({ state: 'hidden' });
}
