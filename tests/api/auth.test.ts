import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../../src/api/app.js';
import { Gate, type GateOptions } from '../../src/api/auth.js';
import { adminToken, Product } from '../support/product.js';
import { everything } from './seed.js';

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

describe('who may come in', () => {
  let product: Product;
  const servers: Server[] = [];
  let clockMs = Date.parse('2026-01-01T00:00:00Z');

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(async () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await product.stop();
  });

  const app = (gate: Gate) => createApp(product.apiServices, gate);
  const gateOf = (options: Partial<GateOptions>) =>
    new Gate({
      adminToken,
      sessionKey: 'session key',
      tokens: product.stores.tokens,
      now: () => new Date(),
      ...options,
    });

  /** The same database behind another gate. */
  async function behind(gate: Gate): Promise<string> {
    const server = createServer(app(gate));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Every method and path of the app, with its routers. */
  function allRoutes(): [string, string][] {
    const routesOf = (stack: Layer[]): [string, string][] =>
      stack.flatMap(({ route, handle }) => {
        if (route === undefined) return routesOf(handle.stack ?? []);
        const methods = Object.keys(route.methods).filter((method) => method !== '_all');
        return [route.path]
          .flat()
          .flatMap((path) => methods.map((method): [string, string] => [method, path]));
      });
    const { router } = app(gateOf({})) as unknown as {
      router: { stack: Layer[] };
    };
    return routesOf(router.stack);
  }
  const concrete = (path: string) => path.replaceAll(/:\w+/g, '1').replaceAll(/[{}*]/g, '');
  const open = new Set(['/livez', '/readyz', '/health', '/login', '/static/:version/htmx.js']);

  test('every route but liveness, readiness, login and static files is closed to strangers and to wrong tokens', async () => {
    const routes = allRoutes();
    expect(routes.length).toBeGreaterThan(30);
    expect(routes.map(([, path]) => path)).toEqual(
      expect.arrayContaining(['/api/providers', '/sync', '/login']),
    );
    const before = everything(product);
    const strangers: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong-token-of-somebody' },
      { authorization: `Bearer ${adminToken}x` },
      { authorization: `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}` },
      { cookie: `litellm_updater_session=${Date.now() + 1e9}.forged` },
    ];
    for (const [method, path] of routes.filter(([, each]) => !open.has(each))) {
      for (const headers of strangers) {
        const response = await fetch(product.url + concrete(path), {
          method: method.toUpperCase(),
          headers: { accept: 'application/json', ...headers },
          redirect: 'manual',
        });
        const status = { method, path, status: response.status };
        expect(status).toEqual({ method, path, status: 401 });
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect(everything(product)).toEqual(before);
  });

  test('Bull Board, its assets and what does not exist are closed, too', async () => {
    for (const path of [
      '/admin/queues',
      '/admin/queues/api/queues',
      '/admin/queues/static/x',
      '/nothing',
      '/',
    ]) {
      expect((await fetch(product.url + path, { redirect: 'manual' })).status).toBe(401);
    }
    const board = await product.call('GET', '/admin/queues/api/queues');
    expect(board.status).toBe(200);
    expect(board.body.queues.map((queue: any) => queue.name)).toContain('push-model');
  });

  test('liveness, readiness and login are open, and tell nothing of the installation', async () => {
    for (const path of ['/livez', '/readyz', '/health']) {
      const response = await fetch(product.url + path);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      expect(await response.text()).not.toContain(product.dataDir);
    }
    expect(await (await fetch(`${product.url}/health`)).json()).toMatchObject({ status: 'healthy' });
    expect((await fetch(`${product.url}/login`)).status).toBe(200);
  });

  test('a browser without a session is led to the login page', async () => {
    const response = await fetch(`${product.url}/admin/queues`, {
      headers: { accept: 'text/html' },
      redirect: 'manual',
    });
    const login = '/login?next=%2Fadmin%2Fqueues';
    expect([response.status, response.headers.get('location')]).toEqual([302, login]);
  });

  async function logIn(url = product.url, token = adminToken) {
    const response = await fetch(`${url}/login?token=${token}`, { redirect: 'manual' });
    return { response, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0]! };
  }

  test('the printed address starts a session, whose cookie scripts and other sites cannot use', async () => {
    const { response, cookie } = await logIn();
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    const attributes = response.headers.get('set-cookie')!.toLowerCase();
    expect(attributes).toContain('httponly');
    expect(attributes).toContain('samesite=strict');
    expect(attributes).not.toContain(adminToken);
    expect((await fetch(`${product.url}/api/providers`, { headers: { cookie } })).status).toBe(200);
  });

  test('the login form takes the token as well; a wrong one starts no session', async () => {
    const post = (token: string) =>
      fetch(`${product.url}/login`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
        redirect: 'manual',
      });
    expect((await post(adminToken)).headers.get('set-cookie')).toContain('litellm_updater_session');
    const wrong = await post('wrong-token-of-somebody');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    const { response } = await logIn(product.url, 'wrong-token-of-somebody');
    expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
  });

  test('a session ends after its hours, with a new token, and when its cookie is changed', async () => {
    const gate = (token: string) => gateOf({ adminToken: token, now: () => new Date(clockMs) });
    const url = await behind(gate('token-of-today-1234'));
    const { cookie } = await logIn(url, 'token-of-today-1234');
    const status = async (at: string, sent: string) =>
      (await fetch(`${at}/api/providers`, { headers: { cookie: sent } })).status;
    expect(await status(url, cookie)).toBe(200);
    expect(await status(await behind(gate('token-of-tomorrow-1')), cookie)).toBe(401);
    const [name, value] = cookie.split('=');
    const [expires, tokenId, signature] = decodeURIComponent(value!).split('.');
    expect(await status(url, `${name}=${Number(expires) + 1}.${tokenId}.${signature}`)).toBe(401);
    expect(await status(url, `${name}=${expires}.1.${signature}`)).toBe(401);
    expect(await status(url, `${name}=NaN.${tokenId}.${signature}`)).toBe(401);
    clockMs = Number(expires) + 1;
    expect(await status(url, cookie)).toBe(401);
  });

  describe('a change with a cookie', () => {
    const change = async (headers: Record<string, string>) => {
      const { cookie } = await logIn();
      const response = await fetch(`${product.url}/api/settings`, {
        method: 'PATCH',
        headers: { cookie, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ run_retention_days: 41 }),
      });
      return response.status;
    };

    test.each<[string, Record<string, string>]>([
      ['another site', { 'sec-fetch-site': 'cross-site' }],
      ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
      ['another origin, in an old browser', { origin: 'http://evil.example' }],
      ['an opaque origin', { origin: 'null' }],
    ])('from %s is refused', async (_where, headers) => {
      const before = everything(product);
      expect(await change(headers)).toBe(403);
      expect(everything(product)).toEqual(before);
    });

    test('from our own pages is taken', async () => {
      expect(await change({ 'sec-fetch-site': 'same-origin' })).toBe(200);
      expect(await change({ origin: product.url })).toBe(200);
    });

    test('a bearer token is nothing that travels by itself: it may come from anywhere', async () => {
      const { status } = await product.call(
        'PATCH',
        '/api/settings',
        { run_retention_days: 42 },
        { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' },
      );
      expect(status).toBe(200);
    });
  });

  test('AUTH=off lets everybody in, but no other site', async () => {
    const url = await behind(gateOf({ adminToken: undefined }));
    expect((await fetch(`${url}/api/providers`)).status).toBe(200);
    const patch = (headers: Record<string, string>) =>
      fetch(`${url}/api/settings`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ run_retention_days: 43 }),
      });
    expect((await patch({})).status).toBe(200);
    expect((await patch({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await patch({ origin: 'http://evil.example' })).status).toBe(403);
  });
});
