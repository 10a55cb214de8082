import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import { ownPath } from '../../src/api/way-back.js';
import { adminToken, Product } from '../support/product.js';
import { expectPlainMarkup, openPage } from './open-page.js';

describe('the login page', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { accept: 'text/html', ...init.headers };
    const response = await fetch(product.url + path, { redirect: 'manual', ...init, headers });
    return { response, location: response.headers.get('location'), text: await response.text() };
  };
  const logIn = (action: string, token = adminToken) =>
    ask(action, { method: 'POST', body: new URLSearchParams({ token }) });
  const actionOf = (html: string) =>
    (/<form method="post" action="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');

  test.each(['/models/12', '/models?search=a%26b&sort=-context', '/docs'])(
    'leads to the page that was asked for: %s',
    async (path) => {
      const { location } = await ask(path);
      const { text } = await ask(location!);
      expectPlainMarkup(text);
      expect((await logIn(actionOf(text))).location).toBe(path);
      expect((await ask(`${location!}&token=${adminToken}`)).location).toBe(path);
    },
  );

  test('leads to the overview when nothing was asked for', async () => {
    expect((await ask('/')).location).toBe('/login');
    expect((await logIn('/login')).location).toBe('/');
  });

  test('keeps the way through a wrong token', async () => {
    const { response, text } = await logIn('/login?next=%2Fruns%2F7', 'wrong-token-of-somebody');
    expect(response.status).toBe(401);
    expect(actionOf(text)).toBe('/login?next=%2Fruns%2F7');
  });

  test.each([
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'javascript:alert(1)',
    'evil.example',
    ' //evil.example',
    '/login',
    '/LOGIN/',
    '',
    `/${'é'.repeat(1_900)}`,
    `/${'x'.repeat(5_000)}`,
  ])('leads nowhere else: %j', async (next) => {
    const query = new URLSearchParams({ next });
    expect((await logIn(`/login?${query}`)).location).toBe('/');
    expect((await ask(`/login?${query}&token=${adminToken}`)).location).toBe('/');
    expect(actionOf((await ask(`/login?${query}`)).text)).toBe('/login');
  });

  test('whatever the path is, a browser stays here', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '\t',
      '\n',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      'evil.example',
      'http:',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const path = ownPath(parts.join(''));
        expect(path).toMatch(/^\/(?![/\\])/);
        expect(new URL(path, 'https://here.example:8443').origin).toBe('https://here.example:8443');
      }),
      { numRuns: 2_000 },
    );
  });

  test('where everybody is let in, nobody is offered to log out', async () => {
    expect((await openPage(product, '/')).text).toContain('Log out');
    const { tokens } = product.stores;
    const gate = new Gate({ adminToken: undefined, sessionKey: 'x', tokens, now: () => new Date() });
    const server = createServer(createApp(product.apiServices, gate));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { status, text } = await openPage({ url }, '/');
      expect(status).toBe(200);
      expect(text).not.toContain('Log out');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('a part of a page that loads itself is refused, not given the login page in its place', async () => {
    const { response } = await ask('/models', { headers: { accept: '*/*', 'hx-request': 'true' } });
    expect(response.status).toBe(401);
  });
});
