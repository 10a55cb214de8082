import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { normaliserVersion } from '../../src/domain/normaliser-version.js';
import { adminToken, Product } from '../support/product.js';
import { openBrowser, Visit } from './visit.js';

describe('10,000 models', () => {
  let product: Product;
  let browser: Browser;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
    const provider = { name: 'huge', type: 'openai', base_url: 'http://127.0.0.1:9/v1' };
    const { id } = await product.addProvider(provider);
    await store(id, 10_000);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await product.stop();
  });

  /** As a sync would, without a server that lists them. */
  async function store(providerId: number, count: number): Promise<void> {
    const { runs, models, conclusions } = product.stores;
    const now = new Date().toISOString();
    const { run } = await runs.openOrJoin(
      { kind: 'sync', trigger: 'manual', providerId, providerName: 'huge' },
      now,
    );
    await runs.start(run.id, now);
    const rows = Array.from({ length: count }, (_none, index) => {
      const modelId = `model-${String(index).padStart(5, '0')}`;
      const listing = { id: modelId };
      const found = { modelId, listing, fingerprint: listingFingerprint(listing) };
      return { found, normalised: normaliseModel('openai', found) };
    });
    await models.storeChunk({ runId: run.id, providerId }, rows, normaliserVersion, now);
    await conclusions.concludeSync(run.id, now);
  }

  test('are listed a page at a time, each by one request', async () => {
    const visit = await Visit.begin(browser, product.url, adminToken);
    const page = await visit.tab('/settings');
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith('/static/') && pathname !== '/api/events') asked.push(pathname);
    });
    const took: number[] = [];
    for (const path of ['/models', '/models?search=model-09&sort=-context', '/models?offset=9900']) {
      const response = await page.goto(path);
      await page.waitForLoadState('load');
      await page.locator('#model-list tbody tr').nth(20).waitFor();
      took.push(response!.request().timing().responseStart);
    }
    expect(asked).toEqual(['/models', '/models', '/models']);
    console.log(`10,000 models: the list answered after ${took.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    visit.expectCalm();
  });
});
