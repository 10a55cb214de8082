import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formKinds, providerCreate } from '../../src/api/provider-schema.js';
import { adminToken, Product } from '../support/product.js';
import { expectInert } from './inert.js';

const hostile = '"><img src=x onerror=alert(1)>';
const key = 'sk-stored-0123456789-wxyz';

describe('the form of a provider', () => {
  let product: Product;
  let full: { id: number; edit_version: number };

  beforeAll(async () => {
    product = await Product.start({ worker: false });
    full = await product.addProvider({
      name: hostile,
      type: 'ollama',
      base_url: 'http://10.1.2.3:11434',
      api_key: key,
      prefix: 'box',
      tags: ['one', 'two'],
      access_groups: ['lab'],
      pricing_profile: 'gpt-4o',
      pricing_override: { input_cost_per_token: 1.5e-7 },
      sync_enabled: false,
      sync_interval_seconds: 90,
      auto_detect_fim: false,
      model_filter: 'a',
      model_filter_exclude: 'b',
      litellm_base_url: 'http://10.1.2.4:11434',
      default_num_ctx: 8192,
      default_ollama_mode: 'openai',
      is_local: false,
      orphan_policy: 'keep',
      grace_misses: 7,
      grace_seconds: 0,
    });
  });
  afterAll(() => product.stop());

  const get = (path: string, token = adminToken) =>
    fetch(product.url + path, { headers: { accept: 'text/html', authorization: `Bearer ${token}` } });

  async function page(path: string): Promise<string> {
    const response = await get(path);
    const html = await response.text();
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    expectInert(html);
    return html;
  }

  /** The element of a field, with its options or text. */
  function fieldOf(html: string, name: string): string {
    const found = new RegExp(`<(select|textarea|input)\\b[^>]* name="${name}"[^>]*>(?:[^]*?</\\1>)?`).exec(
      html,
    );
    return found?.[1] === 'input' ? found[0].replace(/>[^]*/, '>') : (found?.[0] ?? `no field ${name}`);
  }

  test('every setting that the API takes has a field of its kind, a label and a place for its error', async () => {
    const html = await page('/providers/new');
    for (const name of Object.keys(providerCreate.shape)) {
      expect(fieldOf(html, name)).toContain(`name="${name}"`);
      expect(html).toContain(`data-error-for="${name}"`);
      expect(html).toContain(`id="hint-${name}"`);
      const kind = formKinds[name as keyof typeof formKinds];
      if (kind === 'boolean' && name !== 'is_local') expect(fieldOf(html, name)).toContain('type="checkbox"');
      else if (kind !== undefined) expect(fieldOf(html, name)).toContain(`data-kind="${kind}"`);
    }
    expect(html).toContain('data-api="POST /api/providers" data-send="filled"');
    expect(html).toContain('Test connection');
  });

  test('an edit shows what is stored, but never the key, and carries the version that it was made from', async () => {
    const html = await page(`/providers/${full.id}/edit`);
    const shown = {
      name: '&quot;&gt;&lt;img',
      base_url: 'value="http://10.1.2.3:11434"',
      prefix: 'value="box"',
      tags: 'value="one, two"',
      access_groups: 'value="lab"',
      sync_interval_seconds: 'value="90"',
      model_filter: 'value="a"',
      model_filter_exclude: 'value="b"',
      litellm_base_url: 'value="http://10.1.2.4:11434"',
      default_num_ctx: 'value="8192"',
      grace_misses: 'value="7"',
      grace_seconds: 'value="0"',
      pricing_input_cost_per_token: 'value="1.5e-7"',
      pricing_output_cost_per_token: 'value=""',
      type: '<option value="ollama" selected>',
      pricing_profile: '<option value="gpt-4o" selected>',
      default_ollama_mode: '<option value="openai" selected>',
      is_local: '<option value="false" selected>',
      orphan_policy: '<option value="keep" selected>',
      pricing_override: '&quot;input_cost_per_token&quot;: 1.5e-7',
    };
    for (const [name, text] of Object.entries(shown)) expect(fieldOf(html, name)).toContain(text);
    for (const name of ['sync_enabled', 'auto_detect_fim'])
      expect(fieldOf(html, name)).not.toContain(' checked');
    expect(html).not.toContain(key);
    expect(fieldOf(html, 'api_key')).toMatch(/type="password".*ends in …wxyz/);
    expect(fieldOf(html, 'api_key')).not.toContain('value=');
    expect(html).toContain('Remove the stored key');
    expect(html).toContain(`data-api="PATCH /api/providers/${full.id}" data-send="changed"`);
    expect(html).toContain(`data-etag='"${full.edit_version}"'`);
  });

  test('every select has one chosen option, so that an untouched one is not taken for changed', async () => {
    for (const path of ['/providers/new', `/providers/${full.id}/edit`]) {
      for (const [select] of (await page(path)).matchAll(/<select[^]*?<\/select>/g))
        expect(select.match(/ selected>/g)).toHaveLength(1);
    }
  });

  test('what means something for Ollama only is neither shown nor sent for others', async () => {
    const html = await page('/providers/new?kind=openai&base_url=http://10.0.0.1:8000');
    expect(fieldOf(html, 'base_url')).toContain('value="http://10.0.0.1:8000"');
    expect(fieldOf(html, 'type')).toContain('<option value="openai" selected>');
    for (const name of ['default_ollama_mode', 'default_num_ctx'])
      expect(fieldOf(html, name)).toContain(' disabled>');
    const ollama = await page('/providers/new?kind=ollama');
    expect(fieldOf(ollama, 'default_ollama_mode')).not.toContain('disabled');
    expect(fieldOf(ollama, 'default_ollama_mode')).toContain('<option value="ollama_chat" selected>');
  });

  test('a preset fills the form in and says where its key comes from', async () => {
    const html = await page('/providers/new?preset=OpenRouter%20Free');
    expect(fieldOf(html, 'name')).toContain('value="OpenRouter Free"');
    expect(fieldOf(html, 'base_url')).toContain('value="https://openrouter.ai/api/v1"');
    expect(fieldOf(html, 'model_filter')).toContain('value=":free"');
    expect(fieldOf(html, 'sync_interval_seconds')).toContain('value="7200"');
    expect(fieldOf(html, 'api_key')).toContain('required');
    expect(html).toContain('https://openrouter.ai/keys');
  });

  test('a link that says nonsense opens an empty form; a hostile one stays text', async () => {
    const html = await page(`/providers/new?kind=nonsense&preset=no&base_url=${encodeURIComponent(hostile)}`);
    expect(fieldOf(html, 'type')).toContain('<option value="ollama" selected>');
    expect(fieldOf(html, 'base_url')).toContain('&lt;img');
  });

  test('it is the administrator’s', async () => {
    const { body } = await product.call('POST', '/api/tokens', { name: 'operator', scope: 'operate' });
    for (const path of ['/providers/new', `/providers/${full.id}/edit`])
      expect((await get(path, body.token)).status).toBe(403);
    expect((await get('/providers/999/edit')).status).toBe(404);
  });
});
