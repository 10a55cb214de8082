import { expect } from '@jest/globals';
import { adminToken, type Product } from '../support/product.js';

/** What a hostile server would call itself; it must only ever be read, never run. */
export const hostileName = '<img src=x onerror=alert(1)>';

/** A page as a browser gets it. */
export async function openPage(product: Pick<Product, 'url'>, path: string, token = adminToken) {
  const response = await fetch(product.url + path, {
    headers: { accept: 'text/html', authorization: `Bearer ${token}` },
    redirect: 'manual',
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

let made = 0;

export async function tokenFor(product: Product, scope: 'read' | 'operate'): Promise<string> {
  made += 1;
  const { body } = await product.call('POST', '/api/tokens', { name: `${scope} ${made}`, scope });
  return (body as { token: string }).token;
}

/** Nothing from outside became markup, and nothing in it needs more than the policy allows. */
export function expectPlainMarkup(text: string): void {
  expect(text).not.toContain('<img src=x');
  const tags = text.match(/<[a-z][^>]*>/gi) ?? [];
  expect(tags.filter((tag) => /\s(style|on\w+)=/i.test(tag.replaceAll(/"[^"]*"|'[^']*'/g, '""')))).toEqual(
    [],
  );
  const scripts = tags.filter((tag) => tag.startsWith('<script'));
  expect(scripts.filter((tag) => !tag.includes(' src="/static/'))).toEqual([]);
}
