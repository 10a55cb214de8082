import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { adminToken, Product } from '../support/product.js';
import { expectInert } from './inert.js';

const hostile = '<img src=x onerror=alert(1)>';
const hostileId = `${hostile}"'/😀`;

describe('the pages of the providers', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let empty: string;
  let box: { id: number };
  let bad: { id: number };

  beforeAll(async () => {
    litellm = await startLitellm();
    const names = Array.from({ length: 60 }, (_, index) => `model-${index}:7b`);
    ollama = await startOllama({
      models: ['orphan:1b', hostileId, ...names].map((name) => ollamaModel(name)),
    });
    product = await Product.start({ litellmUrl: litellm.url });
    empty = await page('/providers');
    box = await product.addProvider({
      name: 'box',
      type: 'ollama',
      base_url: ollama.url,
      model_filter_exclude: 'nothing',
    });
    await product.sync(box.id);
    const [first, second] = await product.models('&search=model-1');
    await product.call('POST', `/api/models/db/${first.id}/params`, { params: { max_tokens: 9 } });
    await product.call('PATCH', `/api/models/db/${second.id}`, { sync_enabled: false });
    ollama.remove('orphan:1b');
    await product.sync(box.id);
    await product.idle();
    bad = await product.addProvider({
      name: hostile,
      type: 'openai',
      base_url: 'http://127.0.0.1:9/v1',
      sync_enabled: false,
    });
    const now = new Date().toISOString();
    await product.stores.providers.noteError(bad.id, `it said ${hostile}`, now);
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  async function page(path: string, token = adminToken): Promise<string> {
    const response = await fetch(product.url + path, {
      headers: { accept: 'text/html', authorization: `Bearer ${token}` },
    });
    const html = await response.text();
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    expectInert(html);
    expect(html.length).toBeLessThan(100_000);
    return html;
  }

  async function tokenOf(scope: string): Promise<string> {
    const { status, body } = await product.call('POST', '/api/tokens', { name: `for ${scope}`, scope });
    expect(status).toBe(201);
    return body.token;
  }

  test('without providers the list says how to begin', () => {
    expect(empty).toContain('No providers yet');
    expect(empty).toContain('href="/providers/new?preset=Groq"');
  });

  test('the former address leads there', async () => {
    const { status, headers } = await fetch(`${product.url}/sources`, {
      redirect: 'manual',
      headers: { accept: 'text/html', authorization: `Bearer ${adminToken}` },
    });
    expect([status, headers.get('location')]).toEqual([301, '/providers']);
  });

  test('the list tells states, counts with their filters, and what goes with a deletion', async () => {
    const html = await page('/providers');
    expect(html).toContain('<span class="badge good">ok</span>');
    expect(html).toContain('<span class="badge bad">error</span>');
    expect(html).toMatch(/<span class="badge" title="[^"]*models stay in LiteLLM[^"]*">paused</);
    expect(html).toContain('it said &lt;img src=x onerror=alert(1)&gt;');
    expect(html).toContain(`/models?provider_id=${box.id}&amp;orphaned=true">1 orphaned`);
    expect(html).toContain(`/models?provider_id=${box.id}&amp;modified=true&amp;orphaned=any">1 modified`);
    expect(html).toContain(`/models?provider_id=${box.id}&amp;disabled=true&amp;orphaned=any">1 disabled`);
    expect(html).toContain('not <code>nothing</code>');
    expect(html).toContain('global (off)');
    expect(html).toContain('62 models and every edit of them will go, and 61 deployments at LiteLLM');
    expect(html).toContain('and 13 more');
    for (const word of ['sync', 'fetch', 'push'])
      expect(html).toContain(`POST /api/providers/${box.id}/${word}"`);
    expect(html).toContain('aria-label="Pause syncing of box"');
    expect(html).toMatch(/data-confirm="Pause syncing of box\? [^"]*Its models stay in LiteLLM/);
    expect(html).toContain('aria-label="Resume syncing of &lt;img');
  });

  test('who may only read sees no controls; an operator cannot edit or delete', async () => {
    const reading = await page('/providers', await tokenOf('read'));
    expect(reading).not.toContain('data-api');
    expect(reading).not.toContain('/providers/new');
    const operating = await page(`/providers/${box.id}`, await tokenOf('operate'));
    expect(operating).toContain(`POST /api/providers/${box.id}/sync"`);
    expect(operating).not.toMatch(/DELETE|\/edit"/);
  });

  test('one provider: settings in words, runs, and its models with their states', async () => {
    const html = await page(`/providers/${box.id}`);
    expect(html).toContain('<dd>ids that contain “nothing”</dd>');
    expect(html).toContain('leave LiteLLM after 3 syncs in a row without them and 1 h');
    expect(html).toContain('Good to know about ollama_chat');
    expect(html).toMatch(/<a href="\/runs\/\d+" id="run-row-\d+"/);
    expect(html).toMatch(/<tr class="orphan">[\s\S]*?orphan:1b[\s\S]*?orphaned</);
    expect(html).toMatch(/<tr class="modified">[\s\S]*?>modified</);
    expect(html).toMatch(/<tr class="disabled">[\s\S]*?>disabled</);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;');
    expect(html).toContain(`href="/models?provider_id=${box.id}"`);
  });

  test('its last error stands there in full; the hazard of ollama_chat only where it is', async () => {
    const html = await page(`/providers/${bad.id}`);
    expect(html).toContain('The last sync failed');
    expect(html).toContain('it said &lt;img');
    expect(html).not.toContain('ollama_chat');
    expect(html).toContain('No models yet');
  });

  test('an open run is told with its progress, and the page asks again while it goes on', async () => {
    await product.stopWorker();
    const { body: run } = await product.call('POST', `/api/providers/${box.id}/sync`);
    for (const path of ['/providers', `/providers/${box.id}`]) {
      const html = await page(path);
      expect(html).toContain('syncing');
      expect(html).toContain(`href="/runs/${run.id}"`);
      expect(html).toContain('<progress max="100"');
      expect(html).toContain(', every 2s');
    }
    await product.startWorker();
    await product.finished(run.id);
    expect(await page('/providers')).not.toContain('every 2s');
  });

  test('one that is being deleted says so and takes no more changes', async () => {
    await product.stopWorker();
    await product.call('DELETE', `/api/providers/${bad.id}`);
    const html = await page(`/providers/${bad.id}`);
    expect(html).toContain('This provider is being deleted');
    expect(html).not.toContain(`/api/providers/${bad.id}/sync`);
    expect(await page(`/providers/${bad.id}/edit`)).not.toContain('<form id="provider-form"');
    await product.startWorker();
  });

  test('an unknown one is 404', async () => {
    const response = await fetch(`${product.url}/providers/999`, {
      headers: { accept: 'text/html', authorization: `Bearer ${adminToken}` },
    });
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/there is no provider 999/i);
  });
});
