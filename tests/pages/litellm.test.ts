import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DestinationWorld } from '../api/destination-world.js';
import { adminToken, Product } from '../support/product.js';
import { expectPlainMarkup, hostileName, openPage, tokenFor } from './open-page.js';

describe('the page of what LiteLLM has', () => {
  let world: DestinationWorld;
  let product: Product;
  beforeAll(async () => {
    world = await DestinationWorld.start();
    product = world.product;
    world.seedForeign();
    world.seedOther();
    world.seedPredecessor();
    await world.seedStray();
    world.litellm.seed({
      model_name: hostileName,
      litellm_params: { model: `openai/${hostileName}`, tags: [hostileName], api_base: hostileName },
      model_info: { id: hostileName },
    });
  });
  afterAll(() => world.stop());

  const page = (query = '', token = adminToken) => openPage(product, `/litellm${query}`, token);
  const rowOf = (text: string, name: string) =>
    text.split('<tr>').find((row) => row.includes(`>${name}<`)) ?? '';
  const namesIn = (text: string) =>
    [...text.matchAll(/aria-label="Delete ([^"]*)"/g)].map(([, name]) => name).sort();

  test('rows with owner, state, link to our model, and counters', async () => {
    const { status, text } = await page();
    expect(status).toBe(200);
    const model = await product.model('qwen3:8b');
    const ours = rowOf(text, 'qwen3:8b');
    expect(ours).toContain(`href="/models/${model.id}"`);
    expect(ours).toContain('ollama_chat/qwen3:8b');
    expect(ours).toContain('>in step<');
    expect(ours).toContain('>ours<');
    expect(rowOf(text, 'stray')).toContain('>stray<');
    expect(rowOf(text, 'by-hand')).toContain('>foreign<');
    expect(rowOf(text, 'other')).toContain('>other instance<');
    expect(rowOf(text, 'old')).toContain('>predecessor<');
    const fixed = rowOf(text, 'from-config');
    expect(fixed).toContain('>config.yaml<');
    expect(fixed).not.toContain('data-row');
    expect(text).toMatch(/<strong>9<\/strong><span>in LiteLLM/);
    expect(text).toContain('data-api="POST /api/reconcile"');
    expect(text).toContain('data-ids-as="model_ids"');
    expect(text).toContain('every model that should be at LiteLLM is listed');
    expectPlainMarkup(text);
  });

  test('several tags mean any of them; each button toggles its own in the URL', async () => {
    const { text } = await page('?tag=team&tag=provider:box');
    expect(namesIn(text)).toEqual(['by-hand', 'gemma3:12b', 'llama3.1:8b', 'qwen3:8b']);
    const button = (tag: string) =>
      new RegExp(`aria-pressed="(\\w+)" href="([^"]*)">${tag} <`).exec(text)?.slice(1);
    expect(button('team')).toEqual(['true', '/litellm?tag=provider%3Abox']);
    expect(button('lupdater')).toEqual([
      'false',
      '/litellm?tag=team&amp;tag=provider%3Abox&amp;tag=lupdater',
    ]);
    expect(namesIn((await page(`?tag=${encodeURIComponent(hostileName)}`)).text)).toHaveLength(1);
  });

  test('owner, state and text filter; what makes no sense counts as not given', async () => {
    expect(namesIn((await page('?owner=foreign&search=BY-')).text)).toEqual(['by-hand']);
    expect(namesIn((await page('?state=stray')).text)).toEqual(['stray']);
    expect((await page('?owner=ours&search=nothing-like-it')).text).toContain('No model matches');
    expect(namesIn((await page('?owner=&state=x&offset=-3&tag=')).text)).toHaveLength(8);
  });

  test('who may only read or operate does not see what they may not do', async () => {
    const read = (await page('', await tokenFor(product, 'read'))).text;
    expect(read).toContain('qwen3:8b');
    expect(read).not.toMatch(/data-api=|type="checkbox"|data-row/);
    const operate = (await page('', await tokenFor(product, 'operate'))).text;
    expect(rowOf(operate, 'qwen3:8b')).toContain('data-row');
    expect(rowOf(operate, 'by-hand')).not.toContain('data-row');
    expect(operate).not.toContain('"force":true');
  });

  test('drift names its keys, what is missing is listed', async () => {
    world.litellm.unseed(world.idOf('gemma3:12b'));
    await fetch(`${world.litellm.url}/model/${world.idOf('llama3.1:8b')}/update`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${world.litellm.masterKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ litellm_params: { api_base: 'http://elsewhere' } }),
    });
    world.litellm.poll();
    const { text } = await page();
    const drifted = rowOf(text, 'llama3.1:8b');
    expect(drifted).toContain('>drifted<');
    expect(drifted).toMatch(/edited: [^<]*api_base/);
    const { id } = await product.model('gemma3:12b');
    expect(text.split('id="missing"')[1]).toContain(`href="/models/${id}">gemma3:12b<`);
    expect(text).toContain('pushed, but LiteLLM does not list it');
  });

  test('many rows come a hundred a page, with links to the others', async () => {
    const seeded = Array.from({ length: 120 }, (_, index) =>
      world.litellm.seed({
        model_name: `many-${String(index).padStart(3, '0')}`,
        litellm_params: { model: `openai/many-${index}`, tags: [`n:${index}`, 'many'] },
      }),
    );
    const first = (await page('?tag=many')).text;
    expect(namesIn(first)).toHaveLength(100);
    expect(first).toContain('href="/litellm?tag=many&amp;offset=100" rel="next"');
    const second = (await page('?tag=many&offset=100')).text;
    expect(namesIn(second)).toHaveLength(20);
    expect(second).toContain('href="/litellm?tag=many" rel="prev"');
    // With the static files it stays below what a page may weigh.
    expect(Buffer.byteLength(first)).toBeLessThan(70_000);
    for (const id of seeded) world.litellm.unseed(id);
    world.litellm.poll();
  });

  test('a LiteLLM that is away is said in words, with a way on', async () => {
    await world.litellm.down();
    const { status, text } = await page();
    expect(status).toBe(200);
    expect(text).toContain('did not answer');
    expect(text).toContain(`${world.litellm.url}/`);
    expect(text).toContain('Try again');
    expectPlainMarkup(text);
  });
});

test('without a LiteLLM the page says so and leads to the settings', async () => {
  const product = await Product.start({ worker: false });
  try {
    const { text } = await openPage(product, '/litellm');
    expect(text).toContain('No LiteLLM is connected');
    expect(text).toContain('href="/settings#litellm"');
    const read = await openPage(product, '/litellm', await tokenFor(product, 'read'));
    expect(read.text).not.toContain('href="/settings#litellm"');
  } finally {
    await product.stop();
  }
});
