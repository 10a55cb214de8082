import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { standings } from '../../src/entities/match-models.js';
import { adminToken, Product } from '../support/product.js';
import { seedModels } from '../api/seed.js';

const hostile = '<img src=x onerror=alert(1)>';

describe('the list of models', () => {
  let product: Product;
  let box: any;
  let lab: any;
  const ids = new Map<string, number>();

  beforeAll(async () => {
    product = await Product.start({ worker: false });
    box = await product.addProvider({
      name: 'box',
      base_url: 'http://127.0.0.1:9',
      type: 'ollama',
      prefix: 'Attic',
      default_num_ctx: 8192,
    });
    lab = await product.addProvider({ name: hostile, base_url: 'http://127.0.0.1:9/v1', type: 'openai' });
    const names = {
      [box.id]: ['small', 'large', 'gone', 'off'],
      [lab.id]: [hostile, 'edited', 'naïve "q"/🦙'],
    };
    for (const [provider, list] of Object.entries(names)) {
      const found = await seedModels(product, Number(provider), list);
      for (const [index, name] of list.entries()) ids.set(name, found[index]!);
    }
    change('small', `max_context_window = 4096, context_window = 4096`);
    change('large', `max_context_window = 131072, context_window = 131072`);
    change('gone', `is_orphaned = 1, orphaned_at = '2020-01-01T00:00:00.000Z', missed_count = 1`);
    change('off', `sync_enabled = 0`);
    change(
      'edited',
      `user_modified = 1, user_params = '{"temperature":1}', max_context_window = 40960, context_window = 40960`,
    );
    change(hostile, `capabilities = '["a<b","c","d","e","f","g","tools"]', category = 'vision'`);
    change('naïve "q"/🦙', `unusable = 'it has no mode'`);
    deploy('small', `'h', 'h', 0, NULL`);
    deploy('large', `'h', 'other', 0, NULL`);
    deploy('gone', `'h', 'h', 0, NULL`);
    deploy('off', `'h', 'h', 0, NULL`);
    deploy('edited', `NULL, 'h', 1, NULL`);
    deploy(hostile, `NULL, 'h', 0, 'refused: <b>no</b>'`);
  });
  afterAll(() => product.stop());

  function sqlite(statement: string, ...values: unknown[]): void {
    const database = new BetterSqlite3(join(product.dataDir, 'models.db'));
    database.prepare(statement).run(...values);
    database.close();
  }
  const change = (name: string, assignments: string) =>
    sqlite(`UPDATE models SET ${assignments} WHERE id = ?`, ids.get(name));
  const deploy = (name: string, values: string) =>
    sqlite(
      `INSERT INTO deployments (model_id, generation, retired_ids, applied_hash, wanted_hash, pending, last_error)
       VALUES (?, 1, '[]', ${values})`,
      ids.get(name),
    );

  async function page(path: string, token = adminToken): Promise<string> {
    const headers = { accept: 'text/html', authorization: `Bearer ${token}` };
    const response = await fetch(product.url + path, { headers });
    const html = await response.text();
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    expect(html).not.toMatch(/ style=|<[a-z][^>]*\son[a-z]+=|<script>/i);
    expect(html).not.toContain('<img src=x');
    return html;
  }
  const rowsOf = (html: string) =>
    [...html.matchAll(/<a id="m(\d+)"/g)].map(
      ([, id]) => [...ids].find(([, each]) => each === Number(id))?.[0],
    );
  const shown = async (query: string) => rowsOf(await page(`/models${query}`)).sort();

  test('orphans are left out unless asked for, and the page says how many', async () => {
    const html = await page('/models');
    expect(rowsOf(html)).toHaveLength(6);
    expect(rowsOf(html)).not.toContain('gone');
    expect(html).toContain('1 orphaned model is hidden: show');
    expect(await shown('?orphaned=true')).toEqual(['gone']);
    expect(await shown('?orphaned=any')).toHaveLength(7);
  });

  test('every state is a word, not only a colour', async () => {
    const html = await page('/models?orphaned=any');
    for (const word of [
      'orphaned',
      'modified',
      'disabled',
      'active',
      'in LiteLLM',
      'push pending',
      'push failed',
    ])
      expect(html).toContain(`>${word}</span>`);
  });

  test('filters are the names of GET /api/models, with or without the empty fields of a form', async () => {
    expect(await shown('?search=&provider_id=&category=&context=&capability=&modified=true')).toEqual([
      'edited',
    ]);
    expect(await shown('?disabled=true')).toEqual(['off']);
    expect(await shown('?category=vision')).toEqual([hostile]);
    expect(await shown(`?provider_id=${lab.id}`)).toHaveLength(3);
    expect(await shown('?capability=tools&capability=c,d')).toEqual([hostile]);
    expect(await shown('?capability=tools,thinking')).toEqual([]);
    expect(await shown('?search=ATTIC/s')).toEqual(['small']);
    expect(await shown('?limit=nonsense&sort=nonsense&category=nonsense')).toHaveLength(6);
  });

  test('context ranges and order go by the window that is shown', async () => {
    expect(await shown('?context=4096-8191')).toEqual(['small']);
    expect(await shown('?context=8192-16383')).toEqual(['large', 'off']);
    expect(await shown('?context_min=32768')).toEqual(['edited']);
    expect(rowsOf(await page(`/models?sort=-context&provider_id=${lab.id}`))[0]).toBe('edited');
    const sorted = rowsOf(await page('/models?sort=context'));
    expect(sorted.slice(0, 2)).toEqual(['small', 'large']);
    expect((await product.models('&sort=-context')).map((model) => model.context_window).slice(0, 2)).toEqual(
      [40960, 8192],
    );
  });

  test.each(standings)('the state %s at LiteLLM is filtered as it is shown', async (standing) => {
    const all = await product.models();
    const expected = all.filter((model) => model.deployment.state === standing).map((model) => model.id);
    const found = (await product.models(`&deployment=${standing}`)).map((model) => model.id);
    expect(expected).not.toEqual([]);
    expect(found).toEqual(expected);
  });

  test('the grace of an orphan ends by the clock, for the filter as for the view', async () => {
    change('gone', `missed_count = 3`);
    const [gone] = await product.models('&orphaned=true');
    expect(gone.deployment.state).toBe('out-of-step');
    expect((await product.models('&deployment=out-of-step')).map((model) => model.model_id)).toContain(
      'gone',
    );
    change('gone', `missed_count = 1`);
  });

  test('pages keep the filter and the order', async () => {
    const html = await page('/models?limit=2&offset=2&orphaned=any&sort=-context');
    expect(html).toContain('Showing <strong>3–4</strong> of <strong>7</strong>');
    expect(html).toContain('href="/models?orphaned=any&amp;sort=-context&amp;limit=2&amp;offset=4"');
    expect(html).toContain('Page 2 of 4');
    expect(html).toMatch(/<th scope="col" class="num" aria-sort="descending">/);
    expect(await page('/models?offset=5000')).toContain('This page is past the end');
  });

  test('an action on all that match names the filter of the page', async () => {
    const html = await page('/models?category=vision&modified=&disabled=');
    const filter = JSON.parse(/data-filter="([^"]*)"/.exec(html)![1]!.replaceAll('&quot;', '"'));
    expect(filter).toEqual({ category: 'vision', orphaned: 'false' });
    const body = { action: 'disable', filter };
    expect(await product.call('POST', '/api/models/bulk', body)).toMatchObject({
      status: 200,
      body: { matched: 1, changed: 1, message: '1 of 1 disabled' },
    });
    expect((await product.call('POST', '/api/models/bulk', body)).body.message).toBe(
      '0 of 1 disabled; 1 disabled already',
    );
    await product.call('POST', '/api/models/bulk', { ...body, action: 'enable' });
  });

  test('only who may change something sees boxes and actions', async () => {
    const token = async (scope: string) =>
      (await product.call('POST', '/api/tokens', { name: scope, scope })).body.token as string;
    const reading = await page('/models', await token('read'));
    expect(reading).not.toMatch(/name="id"|id="bulk"|data-api=/);
    const operating = await page('/models', await token('operate'));
    expect(operating).toContain('data-action="reset"');
    expect(operating).not.toContain('data-action="delete"');
    expect(await page('/models')).toContain('data-action="delete"');
  });

  test('nothing found and nothing there are told apart', async () => {
    expect(await page('/models?search=zzz')).toContain('No model matches this filter');
    const empty = await Product.start({ worker: false });
    try {
      const headers = { accept: 'text/html', authorization: `Bearer ${adminToken}` };
      const html = await (await fetch(`${empty.url}/models`, { headers })).text();
      expect(html).toContain('No models yet');
    } finally {
      await empty.stop();
    }
  });
});
