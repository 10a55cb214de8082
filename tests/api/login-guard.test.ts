import { request as ask } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminToken, Product } from '../support/product.js';

describe('the login', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const logIn = async () => {
    const response = await fetch(`${product.url}/login?token=${adminToken}`, { redirect: 'manual' });
    return { response, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0]! };
  };

  describe('that another site asks a browser for', () => {
    // Not by fetch: in Node.js it writes the Sec-Fetch headers itself.
    const login = (way: 'link' | 'form', headers: Record<string, string>) =>
      new Promise<[number | undefined, boolean]>((resolve, reject) => {
        const token = `token=${adminToken}`;
        const form = { 'content-type': 'application/x-www-form-urlencoded' };
        const sent =
          way === 'link'
            ? ask(`${product.url}/login?${token}`, { headers })
            : ask(`${product.url}/login`, { method: 'POST', headers: { ...form, ...headers } });
        sent.once('response', (answer) => {
          answer.resume();
          resolve([answer.statusCode, answer.headers['set-cookie'] !== undefined]);
        });
        sent.once('error', reject);
        sent.end(way === 'form' ? token : undefined);
      });
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    const followed = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

    test.each<[string, 'link' | 'form', Record<string, string>]>([
      ['by a form', 'form', { ...crossSite, ...followed }],
      ['by a form, in an old browser', 'form', { origin: 'http://evil.example' }],
      ['by an image', 'link', { ...crossSite, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
      ['by a frame', 'link', { ...crossSite, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ])('%s is refused, and uses up no attempt', async (_how, way, headers) => {
      for (let attempt = 0; attempt < 11; attempt++) expect(await login(way, headers)).toEqual([403, false]);
      expect(await login('form', { origin: product.url })).toEqual([303, true]);
    });

    test('by a link is taken: the printed address may stand in a log viewer', async () => {
      expect(await login('link', { ...crossSite, ...followed })).toEqual([303, true]);
      expect(await login('link', { 'sec-fetch-site': 'none', ...followed })).toEqual([303, true]);
    });
  });

  test('nothing behind the login, and no login, stays in a cache', async () => {
    const { cookie } = await logIn();
    const cacheOf = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(product.url + path, { headers, redirect: 'manual' })).headers.get('cache-control');
    const html = { accept: 'text/html' };
    for (const path of ['/', '/settings', '/api/providers', '/api/nothing', '/metrics', '/admin/queues']) {
      for (const headers of [{ cookie, ...html }, { cookie }, html, {}] as Record<string, string>[])
        expect([path, await cacheOf(path, headers)]).toEqual([path, 'no-store']);
    }
    for (const path of ['/login', `/login?token=${adminToken}`, '/login?token=wrong'])
      expect([path, await cacheOf(path)]).toEqual([path, 'no-store']);
    expect(await cacheOf('/static/test/htmx.js')).toContain('immutable');
  });

  test('a wrong bearer token is counted nowhere: it cannot lock out a right one at the same address', async () => {
    const status = async (token: string) =>
      (await fetch(`${product.url}/api/providers`, { headers: { authorization: `Bearer ${token}` } })).status;
    for (let attempt = 0; attempt < 30; attempt++) expect(await status('wrong-token-of-somebody')).toBe(401);
    expect(await status(adminToken)).toBe(200);
    expect((await logIn()).response.status).toBe(303);
  });
});
