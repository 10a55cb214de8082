import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { adminToken, Product } from '../support/product.js';
import { openBrowser } from './visit.js';

/** Browsers tell https and localhost more of a request than any other address. */
const name = 'updater.lan';

let product: Product;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([Product.start({ worker: false }), openBrowser([name])]);
});
afterAll(async () => {
  await browser.close();
  await product.stop();
});

test('on plain http in a network a person logs in, works and logs out by the pages’ own forms', async () => {
  const url = product.url.replace('127.0.0.1', name);
  const page = await browser.newPage();
  await page.goto(`${url}/runs?state=held`);
  await page.getByLabel('Token').fill('a-wrong-token-of-somebody');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That token is not one of this installation.').waitFor();
  await page.getByLabel('Token').fill(adminToken);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`${url}/runs?state=held`);
  const change = `{ method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{}' }`;
  expect(await page.evaluate(`fetch('/api/settings', ${change}).then(({ status }) => status)`)).toBe(200);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Token').waitFor();
  expect((await page.goto(`${url}/runs`))?.url()).toContain('/login?next=');
});

test('another site’s form is refused there, with a page that says what to do', async () => {
  const page = await browser.newPage();
  const form = `<form method="post" action="${product.url.replace('127.0.0.1', name)}/login"><input name="token" value="${adminToken}"></form>`;
  await page.setContent(form);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/login')),
    page.evaluate('document.forms[0].submit()'),
  ]);
  expect(answer.status()).toBe(403);
  expect(answer.headers()['content-type']).toContain('text/html');
  await page.getByText('comes from another site').waitFor();
});
