import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Product } from '../support/product.js';
import { expectPlainMarkup, openPage, tokenFor } from './open-page.js';

describe('queues, errors and the login', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const board = '/admin/queues';

  test('Bull Board stands in the same frame, and alone', async () => {
    const { status, text } = await openPage(product, '/queues');
    expect(status).toBe(200);
    expect(text).toContain(`<iframe class="board" src="${board}"`);
    expect(text).toContain(`href="${board}" target="_blank"`);
    expectPlainMarkup(text);
  });

  test('its page asks nobody else for anything', async () => {
    const { status, headers, text } = await openPage(product, board);
    expect(status).toBe(200);
    expect(text).toContain('__UI_CONFIG__');
    expect(text).toContain('static/css/main.');
    expect(text.match(/(?:src|href)="(?:https?:)?\/\/[^"]*"/g)).toBeNull();
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/style-src 'self' 'unsafe-inline'(;|$)/);
    expect(policy).toContain(`frame-ancestors 'self'`);
    const styles = /href="(static\/css\/[^"]+)"/.exec(text)?.[1] ?? '';
    const css = await openPage(product, `${board}/${styles}`);
    expect(css.text).not.toMatch(/@import|url\(["']?(?:https?:)?\/\//);
  });

  test('errors are pages in words with a way out', async () => {
    const missing = await openPage(product, '/nothing/<img src=x>');
    expect(missing.status).toBe(404);
    expect(missing.text).toContain('There is nothing at /nothing/');
    expect(missing.text).toContain('href="/"');
    expectPlainMarkup(missing.text);
    const forbidden = await openPage(product, '/api/tokens', await tokenFor(product, 'read'));
    expect(forbidden.status).toBe(403);
    expect(forbidden.text).toContain('needs admin');
    expect(forbidden.text).toContain('Log in with another token');
  });

  test('a wrong token is announced beside the field, and so is the end of patience', async () => {
    const attempt = () =>
      fetch(`${product.url}/login`, {
        method: 'POST',
        headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
        body: 'token=wrong',
      });
    const refused = await attempt();
    expect(refused.status).toBe(401);
    const text = await refused.text();
    expect(text).toMatch(/role="alert" id="login-error">That token is not one/);
    expect(text).toContain('aria-describedby="login-error"');
    expect(text).toMatch(/<title>Not logged in: /);
    for (let count = 1; count < 10; count += 1) await attempt();
    const late = await attempt();
    expect(late.status).toBe(429);
    expect(await late.text()).toMatch(/role="alert" id="login-error">Too many wrong tokens/);
  });
});
