import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { adminToken, Product } from '../support/product.js';
import { until } from '../support/until.js';

const hostile = '<img src=x onerror=alert(1)>';
const escaped = '&lt;img src=x onerror=alert(1)&gt;';

async function fetchPage(product: Product, path: string, token = adminToken): Promise<string> {
  const response = await fetch(product.url + path, {
    headers: { accept: 'text/html', authorization: `Bearer ${token}` },
  });
  const html = await response.text();
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  expect(html.replace(/"[^"]*"/g, '')).not.toMatch(/ style=|<[a-z][^>]*\son[a-z]+=|<script>/i);
  expect(html).not.toContain('<img src=x');
  return html;
}

/** The text of an element that bears this id, tags left out. */
function textOf(html: string, id: string): string {
  const found = new RegExp(`<(\\w+)\\b[^>]* id="${id}"[^>]*>([^]*?)</\\1>`).exec(html);
  if (found === null) throw new Error(`there is no #${id}`);
  return found[2]!
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The card of a provider. */
function cardOf(html: string, id: number): string {
  const found = new RegExp(`<article[^>]* aria-labelledby="provider-${id}-name">[^]*?</article>`).exec(html);
  if (found === null) throw new Error(`there is no card of provider ${id}`);
  return found[0].replace(/\s+/g, ' ');
}

describe('the overview', () => {
  let product: Product;
  let server: OpenAiCompatibleStandIn;
  let litellm: LitellmStandIn;
  let good: any;
  let bad: any;
  let off: any;

  beforeAll(async () => {
    litellm = await startLitellm();
    const ids = ['alpha', 'beta', 'gamma', 'text-embedding-delta'];
    server = await startOpenAiCompatible({ models: ids.map((id) => openAiModel(id)) });
    product = await Product.start({ litellmUrl: litellm.url });
    good = await product.addProvider({
      name: 'lab',
      base_url: server.baseUrl,
      type: 'openai',
      prefix: 'lab-prefix',
      tags: ['one', 'two', 'three', 'four', 'five', hostile],
    });
    off = await product.addProvider({
      name: 'switched off',
      base_url: 'http://127.0.0.1:10',
      type: 'ollama',
      sync_enabled: false,
    });
    await product.sync(good.id);
    bad = await product.addProvider({ name: hostile, base_url: 'http://127.0.0.1:9', type: 'openai' });
    await product.stores.providers.noteError(bad.id, `it said ${hostile}`, new Date().toISOString());
    const { id } = await product.model('alpha');
    await product.call('PATCH', `/api/models/${id}`, { user_params: { max_tokens: 5 } });
    await product.idle();
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([server.close(), litellm.close()]);
  });

  test('counters lead to the lists that they count', async () => {
    const html = await fetchPage(product, '/');
    expect(textOf(html, 'count-providers')).toBe('3 providers');
    expect(textOf(html, 'count-models')).toBe('4 models');
    expect(textOf(html, 'count-orphaned')).toBe('0 orphaned');
    expect(textOf(html, 'count-modified')).toBe('1 modified');
    expect(textOf(html, 'count-in-litellm')).toBe('4 in LiteLLM');
    expect(textOf(html, 'count-out-of-step')).toBe('0 out of step');
    expect(html).toContain('id="count-orphaned" href="/models?orphaned=true"');
    expect(html).toContain('id="count-modified" href="/models?modified=true&amp;orphaned=any"');
    expect(html).toContain('href="/models?category=embedding"');
    expect(html).not.toContain('category=audio');
  });

  test('every provider says how it is, in words', async () => {
    const html = await fetchPage(product, '/');
    const card = cardOf(html, good.id);
    expect(card).toContain('>ok<');
    expect(card).toContain(server.baseUrl);
    expect(card).toContain('lab-prefix');
    expect(card).toContain('>4 models<');
    expect(card).toContain('>1 modified<');
    expect(card).toMatch(/<time datetime="[^"]+" data-ago>/);
    expect(card).toContain('only by hand'); // no schedule in tests
    expect(card).toContain('+2');
    expect(cardOf(html, off.id)).toMatch(/paused.*Last sync<\/dt><dd>never.*Next sync<\/dt><dd>none/);
    expect(cardOf(html, bad.id)).toContain(`>error<`);
    expect(cardOf(html, bad.id)).toContain(`it said ${escaped}`);
  });

  test('the card of LiteLLM tells its version, and what waits or failed there', async () => {
    const html = await fetchPage(product, '/');
    expect(html).toContain(litellm.url);
    expect(html).toContain(`<dd>${litellm.version}</dd>`);
    expect(html.replace(/\s+/g, ' ')).toMatch(/0 pending, <span>0 failed/);
  });

  test('what needs a person is told with a way to it', async () => {
    const before = await fetchPage(product, '/');
    expect(before).toContain(`Provider &quot;${escaped}&quot; fails`);
    expect(before).toContain(`href="/providers/${bad.id}">Open ${escaped}`);
    expect(before).not.toMatch(/last at \d{4}/);
    server.models = [];
    const { id: held } = await product.sync(good.id);
    const { id: modelRef } = await product.model('beta');
    const trouble = { lastError: `refused: ${hostile}`, lastErrorAt: new Date().toISOString() };
    await product.stores.deployments.save(modelRef, trouble);
    const html = await fetchPage(product, '/');
    expect(html).toContain(`href="/runs/${held}">Decide about run ${held}`);
    expect(html).toContain(' One needs a decision.');
    expect(cardOf(html, good.id)).toMatch(new RegExp(`href="/runs/${held}">needs a decision`));
    expect(html).toContain('1 model could not be pushed');
    expect(html).toContain(`href="/models/${modelRef}">beta</a>`);
    expect(html).toContain(`refused: ${escaped}`);
    expect(textOf(html, 'count-out-of-step')).toBe('1 out of step 1 failed');
    await product.stores.deployments.save(modelRef, { lastError: null, lastErrorAt: null });
    await product.call('POST', `/api/runs/${held}/reject`);
    const after = await fetchPage(product, '/');
    expect(after).toContain('>rejected<');
    expect(after).not.toContain('needs review');
    server.models = ['alpha', 'beta', 'gamma', 'text-embedding-delta'].map((id) => openAiModel(id));
  });

  test('what was edited at LiteLLM is told after the comparison that overwrote it', async () => {
    const [row] = litellm.rows();
    const edited = await fetch(`${litellm.url}/model/${row!.model_id}/update`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${litellm.masterKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ litellm_params: { api_base: 'http://elsewhere:1' } }),
    });
    expect(edited.status).toBe(200);
    litellm.poll();
    product.advance(90_000); // what was written a moment ago may be seen as it was before
    const { id, outcome } = await product.reconcile();
    expect(outcome.drifted).toHaveLength(1);
    expect(await fetchPage(product, '/')).toContain(`href="/runs/${id}">See what was edited (run ${id})`);
  });

  test('a sync that has just ended is shown with its counts, and the live part comes alone', async () => {
    const { id } = await product.sync(good.id);
    const html = await fetchPage(product, '/?part=now');
    expect(html).toContain('<section id="now"');
    expect(html).toContain(`href="/runs/${id}">run ${id}`);
    expect(html).toContain('4 fetched · 4 stored · 0 orphaned');
    expect(html).toContain('hx-trigger="live:soon from:body, every ');
    expect(html).not.toContain('id="history"');
    const charts = await fetchPage(product, '/?part=charts');
    expect(charts).toContain('id="history"');
    expect(charts).not.toContain('id="now"');
    expect(charts).toContain('hx-trigger="every 120s"');
    expect(await fetchPage(product, '/')).toMatch(/id="history"[^>]* hx-trigger="load"/);
  });

  test('the history is drawn, with its numbers as a table', async () => {
    const { runs } = product.stores;
    for (const hoursAgo of [30, 20, 10]) {
      const at = new Date(Date.now() - hoursAgo * 3_600_000).toISOString();
      const { run } = await runs.openOrJoin(
        { kind: 'sync', trigger: 'schedule', providerId: good.id, providerName: 'lab' },
        at,
      );
      await runs.start(run.id, at);
      await runs.noteFetched(run.id, { listCalls: 1, detailCalls: 0, fetched: 3, skipped: [] }, at);
      await runs.close(run.id, hoursAgo === 20 ? 'failed' : 'done', null, at);
    }
    const html = await fetchPage(product, '/?part=charts');
    expect(html).toMatch(
      /<svg class="chart"[^>]* role="img" aria-label="Models listed\. Between 3 and \d+ models/,
    );
    expect(html).toContain('aria-label="Changes each hour.');
    expect(html).toContain('1 of them failed');
    expect(html.match(/<tr><th scope="row"><time/g)!.length).toBeGreaterThanOrEqual(4);
  });

  test('a person sees only what that person may do', async () => {
    const token = async (scope: string) =>
      (await product.call('POST', '/api/tokens', { name: scope, scope })).body.token;
    const reader = await fetchPage(product, '/', await token('read'));
    expect(reader).not.toContain('data-api');
    const operator = await fetchPage(product, '/', await token('operate'));
    expect(operator).toContain('data-api="POST /api/sync"');
    expect(operator).toContain(`data-api="POST /api/providers/${good.id}/sync"`);
    expect(operator).toContain(`aria-label="Sync ${escaped}"`);
  });

  test('without a worker the page stays up and says so', async () => {
    await product.stopWorker();
    const { id } = (await product.call('POST', `/api/providers/${good.id}/sync`)).body;
    const html = await until('the worker to be missed', async () => {
      const found = await fetchPage(product, '/');
      return found.includes('No worker was seen') ? found : undefined;
    });
    expect(html).toContain('One is under way');
    expect(html).toContain('<progress max="100" value="0" aria-label="Progress of lab">');
    expect(html).toContain('every 2s');
    await product.startWorker();
    await product.finished(id);
  });
});
