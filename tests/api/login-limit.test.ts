import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import type { RedisCommand } from '../../src/api/login-limit.js';
import { adminToken, Product } from '../support/product.js';

let product: Product;
let servers: Server[];

beforeEach(async () => {
  product = await Product.start({ worker: false });
  servers = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await product.stop();
});

/** Another replica of the api: the same database and Redis, a memory of its own. */
async function replica(redisCommand: RedisCommand = product.apiServices.redisCommand): Promise<string> {
  const { tokens } = product.stores;
  const gate = new Gate({ adminToken, sessionKey: 'key', tokens, now: () => new Date() });
  const server = createServer(createApp({ ...product.apiServices, redisCommand }, gate));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const post = (url: string, token: string) =>
  fetch(`${url}/login`, { method: 'POST', body: new URLSearchParams({ token }), redirect: 'manual' });
const get = (url: string, token: string) => fetch(`${url}/login?token=${token}`, { redirect: 'manual' });

test('ten wrong tokens from one address, over all replicas and both ways in; then even a right one must wait', async () => {
  const urls = [await replica(), await replica()];
  for (let attempt = 0; attempt < 10; attempt++) {
    const url = urls[attempt % 2]!;
    const answer = attempt % 3 === 0 ? await get(url, 'a-wrong-token') : await post(url, 'a-wrong-token');
    expect(answer.status).toBe(401);
  }
  for (const url of urls) {
    const refused = await post(url, adminToken);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('set-cookie')).toBeNull();
  }
  // The page itself and scripts with a valid token go on.
  expect((await fetch(`${urls[0]!}/login`)).status).toBe(200);
  const headers = { authorization: `Bearer ${adminToken}` };
  expect((await fetch(`${urls[0]!}/api/providers`, { headers })).status).toBe(200);
});

test('right tokens do not count', async () => {
  const url = await replica();
  for (let attempt = 0; attempt < 15; attempt++) expect((await post(url, adminToken)).status).toBe(303);
});

test('while Redis is away each replica counts for itself, and nobody is locked out by that', async () => {
  const url = await replica(() => Promise.reject(new Error('Redis is away')));
  expect((await post(url, adminToken)).status).toBe(303);
  for (let attempt = 0; attempt < 10; attempt++) expect((await post(url, 'a-wrong-token')).status).toBe(401);
  expect((await post(url, adminToken)).status).toBe(429);
  expect((await post(await replica(), adminToken)).status).toBe(303);
});
