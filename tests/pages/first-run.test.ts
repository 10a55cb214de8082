import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { sampleOllamaModels } from '../../sandbox/ollama-samples.js';
import { adminToken, Product } from '../support/product.js';

const hostile = '<img src=x onerror=alert(1)>';

describe('the first steps', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: sampleOllamaModels(['qwen3:8b', 'llama3.1:8b']) });
    product = await Product.start({ litellmUrl: null });
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
    expect(html.replace(/"[^"]*"/g, '')).not.toMatch(/ style=|<[a-z][^>]*\son[a-z]+=|<script>/i);
    expect(html).not.toContain('<img src=x');
    return html.replace(/\s+/g, ' ');
  }

  test('an empty installation is welcomed and led there, without any complaint', async () => {
    const html = await page('/');
    expect(html).toContain('Welcome');
    expect(html).toContain('href="/start">Start here</a>');
    expect(html).not.toContain('Needs a person');
    expect(html).not.toContain('id="count-models"');
  });

  test('all three steps are there, with a field and a place for its error for what each takes', async () => {
    const html = await page('/start');
    expect(html).toContain('data-api="POST /api/discover"');
    expect(html).toContain('data-api="PATCH /api/settings" data-send="filled"');
    expect(html).toContain('data-test="POST /api/litellm/test"');
    expect(html).toContain('data-api="POST /api/providers" data-send="filled"');
    expect(html).toContain('data-test="POST /api/providers/test-connection"');
    for (const field of ['litellm_base_url', 'litellm_api_key', 'type', 'base_url', 'name', 'api_key'])
      expect(html).toMatch(new RegExp(`name="${field}".*data-error-for="${field}"`));
    const labels = new Set([...html.matchAll(/<label for="([^"]+)"/g)].map(([, id]) => id));
    const fields = [...html.matchAll(/<(?:input|select) id="([^"]+)"/g)].map(([, id]) => id);
    expect(fields.filter((id) => !labels.has(id))).toEqual([]);
    expect(html).toContain('Add a provider first');
  });

  test('whoever may only read sees how it goes, and no form', async () => {
    const { body } = await product.call('POST', '/api/tokens', { name: 'reader', scope: 'read' });
    const html = await page('/start', body.token);
    expect(html).toContain('takes a token with the scope admin');
    expect(html).not.toMatch(/data-api|start\.js/);
  });

  test('with a provider and no LiteLLM one step is left', async () => {
    const { id } = await product.addProvider({ name: hostile, base_url: ollama.url, type: 'ollama' });
    expect(await page('/start')).toContain('aria-label="Sync &lt;img src=x onerror=alert(1)&gt; now"');
    await product.sync(id);
    const start = await page('/start');
    expect(start).toContain('2 models read; they are pushed as soon as LiteLLM is connected');
    expect(start).toContain('href="/models"');
    const overview = await page('/');
    expect(overview).toContain('One step is left');
    expect(overview).toContain('href="/start#step-1"');
    expect(await page('/?part=charts')).toContain('1 sync so far: too little for a chart');
    expect(overview).not.toContain('No LiteLLM is configured');
  });

  test('connected, the models arrive and the last step says so', async () => {
    await product.call('PATCH', '/api/settings', {
      litellm_base_url: litellm.url,
      litellm_api_key: litellm.masterKey,
    });
    await product.idle();
    await product.reconcile();
    const html = await page('/start');
    expect(html).toContain(litellm.url);
    expect(html).not.toContain(litellm.masterKey);
    expect(html).toContain('2 models read, 2 in LiteLLM');
    expect(html).toContain('href="/litellm"');
    expect(await page('/')).not.toMatch(/One step is left|Welcome/);
  });
});
