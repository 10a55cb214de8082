import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminToken, Product } from '../support/product.js';
import { expectPlainMarkup, hostileName, openPage, tokenFor } from './open-page.js';

describe('the page of settings', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({
      litellmUrl: 'http://127.0.0.1:9',
      litellmKey: 'sk-CANARY-of-the-key-9876',
    });
    await product.call('POST', '/api/tokens', { name: hostileName, scope: 'read' });
    await product.addProvider({ name: hostileName, base_url: 'http://127.0.0.1:9/a', type: 'ollama' });
    await product.call('PATCH', '/api/settings', {
      default_pricing_profile: 'gpt-4o',
      default_input_cost_per_token: 0.000002,
      run_retention_days: 45,
    });
  });
  afterAll(() => product.stop());

  const page = (query = '', token = adminToken) => openPage(product, `/settings${query}`, token);

  test('every form names its route, its version, and shows what is set', async () => {
    const { status, text } = await page();
    expect(status).toBe(200);
    const { edit_version: version } = (await product.call('GET', '/api/settings')).body;
    const forms = [...text.matchAll(/<form[^>]*data-api="PATCH \/api\/settings"[^>]*>/g)].map(([tag]) => tag);
    expect(forms).toHaveLength(3);
    for (const form of forms) expect(form).toContain(`data-etag='&quot;${version}&quot;'`);
    expect(text).toContain('value="http://127.0.0.1:9"');
    expect(text).toMatch(/name="run_retention_days"[^>]*value="45"/);
    expect(text).toMatch(/name="default_input_cost_per_token"[^>]*value="0.000002"/);
    expect(text).toContain('<option value="gpt-4o" selected>');
    expect(text).toContain('data-api="POST /api/litellm/test"');
    expectPlainMarkup(text);
  });

  test('every setting of the API has its field, and the optional ones can be emptied', async () => {
    const { text } = await page();
    const { body } = await product.call('GET', '/openapi.json');
    const known = Object.keys(
      body.paths['/api/settings'].patch.requestBody.content['application/json'].schema.properties,
    );
    for (const name of known) expect(text).toContain(`name="${name}"`);
    for (const name of known.filter((each) => /url|key|pric|cost/.test(each)))
      expect(new RegExp(`<[^>]*name="${name}"[^>]*>`).exec(text)?.[0]).not.toContain(' required');
  });

  test('the key is never in the page, its last four characters are', async () => {
    const { text } = await page();
    expect(text).not.toContain('CANARY');
    expect(text).toContain('<code>9876</code>');
    expect(text).toMatch(/type="password" autocomplete="new-password"/);
    expect(text).toContain(`data-body='{"litellm_api_key":null}'`);
  });

  test('tokens with their scope and a way to revoke them', async () => {
    const { text } = await page();
    expect(text).toContain('aria-label="Revoke &lt;img src=x onerror=alert(1)&gt;"');
    expect(text).toMatch(/data-api="DELETE \/api\/tokens\/\d+"/);
    expect(text).toContain('data-api="POST /api/tokens"');
    expect(text).toMatch(/<option value="\d{4}-[^"]*Z" selected>in 90 days/);
  });

  test('the trail tells who changed what, from what to what, and pages', async () => {
    const { text } = await page();
    const trail = text.split('id="changes"')[1] ?? '';
    expect(trail).toContain('<code>settings.update</code>');
    expect(trail).toMatch(/run_retention_days<\/span> <del>30<\/del> → <ins>45<\/ins>/);
    expect(trail).toContain('href="/providers/1"');
    for (let index = 0; index < 50; index += 1)
      await product.call('PATCH', '/api/settings', { run_retention_days: 100 + index });
    const full = (await page()).text;
    expect(full).toContain('href="/settings?audit_offset=50#changes" rel="next"');
    expect((await page('?audit_offset=50')).text).toContain('<del>30</del>');
  });

  test('about: version, database, Redis, workers, and what is wrong', async () => {
    const about = (await page()).text.split('id="about"')[1] ?? '';
    expect(about).toContain('models.db');
    expect(about).not.toContain(product.dataDir);
    expect(about).toMatch(/, database [\d.]+ [KM]iB/);
    expect(about).toMatch(/, write-ahead log [\d.]+ [KM]iB/);
    expect(about).toContain(process.version);
    expect(about).toContain('fetch-provider, upsert-models, mark-orphans, push-model');
    for (const link of ['/queues', '/docs', '/metrics']) expect(about).toContain(`href="${link}"`);
  });

  test('who is no administrator reads the settings and changes nothing', async () => {
    const { text } = await page('', await tokenFor(product, 'operate'));
    expect(text).toContain('http://127.0.0.1:9');
    expect(text).not.toMatch(/data-api=|id="tokens"|9876/);
    expect(text).toContain('<code>settings.update</code>');
  });

  test('the predecessor’s address leads here', async () => {
    const response = await openPage(product, '/admin');
    expect([response.status, response.headers.get('location')]).toEqual([301, '/settings']);
  });
});
