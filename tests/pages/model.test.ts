import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { adminToken, Product } from '../support/product.js';

const hostile = '<img src=x onerror=alert(1)>';

describe('the page of a model', () => {
  let product: Product;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;
  let provider: any;
  let id: number;

  beforeAll(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({
      models: ['qwen3:8b', 'gone:1b', 'plain:1b'].map((name) => ollamaModel(name)),
    });
    product = await Product.start({ litellmUrl: litellm.url });
    provider = await product.addProvider({
      name: hostile,
      base_url: ollama.url,
      type: 'ollama',
      prefix: 'box',
      default_num_ctx: 8192,
    });
    await product.sync(provider.id);
    ollama.remove('gone:1b');
    await product.sync(provider.id);
    id = (await product.model('qwen3:8b')).id;
    await product.call('PATCH', `/api/models/${id}`, {
      params: { temperature: 0.2, max_input_tokens: 16_384, supports_function_calling: null, note: hostile },
      tags: [hostile],
      input_cost_per_token: 2e-6,
    });
    await product.idle();
  });
  afterAll(async () => {
    await product.stop();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  async function page(path = `/models/${id}`, token = adminToken): Promise<string> {
    const headers = { accept: 'text/html', authorization: `Bearer ${token}` };
    const response = await fetch(product.url + path, { headers });
    const html = await response.text();
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    // Without the values of attributes, where hostile text may stand.
    expect(html.replaceAll(/="[^"]*"/g, '')).not.toMatch(/<[a-z][^>]*\s(?:style|on[a-z]+)\b|<script>/i);
    expect(html).not.toContain('<img src=x');
    return html;
  }
  const textOf = (html: string) =>
    html
      .replace(/<[^>]*>/g, ' ')
      .replaceAll('&quot;', '"')
      .replace(/\s+/g, ' ');
  const rowOf = (html: string, key: string) =>
    textOf(new RegExp(`<tr[^>]*><th scope="row"><code>${key}</code>.*`).exec(html)?.[0] ?? 'no row').trim();

  test('each parameter stands with what the provider says, whence, the edit, and what is pushed', async () => {
    const html = await page();
    expect(rowOf(html, 'max_input_tokens')).toBe(
      'max_input_tokens 8192 the default num_ctx of the provider 16384 16384',
    );
    expect(rowOf(html, 'supports_function_calling')).toBe(
      'supports_function_calling true reported by the provider taken out not pushed',
    );
    expect(rowOf(html, 'temperature')).toBe('temperature – – 0.2 0.2');
    expect(rowOf(html, 'note')).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(rowOf(html, 'input_cost_per_token')).toBe(
      'input_cost_per_token 0 free, because it runs locally 0.000002 0.000002',
    );
  });

  test('it says in words how the model stands, and who changed what', async () => {
    const text = textOf(await page());
    expect(text).toContain('People edited it. Edits win over what the provider says');
    expect(text).toContain('LiteLLM has it as wanted.');
    expect(text).toMatch(/8K 8,192 tokens, the default num_ctx of the provider/);
    expect(text).toMatch(/admin edited user_params : nothing → became \{"temperature":0\.2/);
  });

  test('an orphan tells its grace', async () => {
    const gone = await product.model('gone:1b');
    const text = textOf(await page(`/models/${gone.id}`));
    expect(text).toContain('Its provider no longer lists it (1 sync without it).');
    expect(text).toContain('until 3 syncs and 1 h without it have passed');
  });

  test('an orphan whose grace is over says that it was removed, not that it was never pushed', async () => {
    const gone = await product.model('gone:1b');
    const grace = (misses: number, seconds: number) =>
      product.call('PATCH', `/api/providers/${provider.id}`, {
        grace_misses: misses,
        grace_seconds: seconds,
      });
    await grace(1, 0);
    await product.call('POST', `/api/models/${gone.id}/push`);
    await product.idle();
    const text = textOf(await page(`/models/${gone.id}`));
    expect(text).toContain('The grace is over, so it was taken out of LiteLLM.');
    expect(text).toContain('Pushed removed again; it is not in LiteLLM');
    await grace(3, 3_600);
  });

  test('the form shows what is edited and nothing else, and carries the version', async () => {
    const html = await page();
    const { edit_version: version } = await product.model('qwen3:8b');
    expect(html).toContain(`data-etag='"${version}"'`);
    expect(html).toContain('data-send="changed"');
    expect(html).toMatch(/<option value="">default \(chat\)<\/option>/);
    expect(html).toMatch(/name="ollama_mode"/);
    expect(html).toMatch(/name="input_cost_per_token"[^>]*value="0.000002"/);
    expect(html).toMatch(/name="output_cost_per_token"[^>]*value=""/);
    expect(html).toMatch(/<textarea[^>]*name="params"[^>]*>\{\n {2}&quot;temperature&quot;: 0.2/);
  });

  test('C18: what the form sends after one change leaves user_params alone', async () => {
    const { edit_version: version, user_params: before } = await product.model('qwen3:8b');
    const headers = { 'if-match': `"${version}"` };
    const saved = await product.call('PATCH', `/api/models/${id}`, { access_groups: ['lab'] }, headers);
    expect(saved).toMatchObject({ status: 200, body: { user_params: before, access_groups: ['lab'] } });
    const late = await product.call('PATCH', `/api/models/${id}`, { mode: 'completion' }, headers);
    expect(late.status).toBe(412);
    await product.idle();
  });

  test('the comparison reads LiteLLM: in step, edited there, gone there, away', async () => {
    const path = `/models/${id}/deployment`;
    expect(await page(path)).toContain('LiteLLM has exactly what is wanted.');
    const { deployment } = await product.model('qwen3:8b');
    litellm.disturb({
      method: 'GET',
      path: '/v2/model/info',
      times: 1,
      happening: {
        kind: 'foreign-edit',
        id: deployment.deployment_id,
        change: { litellm_params: { temperature: 1.5 } },
      },
    });
    await page(path);
    litellm.poll();
    const drifted = await page(path);
    expect(drifted).toContain('Somebody edited the row in LiteLLM');
    expect(textOf(drifted)).toContain('litellm_params.temperature 1.5 0.2');
    await litellm.down();
    try {
      expect(textOf(await page(path))).toMatch(/not known LiteLLM cannot be asked now/);
    } finally {
      await litellm.up();
    }
    litellm.unseed(deployment.deployment_id);
    litellm.poll();
    expect(await page(path)).toContain('LiteLLM has no row');
  });

  test('only who may change it sees the form and the actions', async () => {
    const token = async (scope: string) =>
      (await product.call('POST', '/api/tokens', { name: scope, scope })).body.token as string;
    expect(await page(`/models/${id}`, await token('read'))).not.toContain('data-api=');
    const operating = await page(`/models/${id}`, await token('operate'));
    expect(operating).toContain(`data-api="PATCH /api/models/${id}"`);
    expect(operating).not.toContain(`data-api="DELETE /api/models/${id}"`);
    expect(await page()).toContain(`data-api="DELETE /api/models/${id}"`);
  });

  test('no such model is a page of its own', async () => {
    const headers = { accept: 'text/html', authorization: `Bearer ${adminToken}` };
    const response = await fetch(`${product.url}/models/999999`, { headers });
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/there is no model 999999/i);
  });
});
