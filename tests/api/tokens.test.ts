import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scopes } from '../../src/domain/scope.js';
import { routes } from '../../src/api/routes.js';
import { Product } from '../support/product.js';

describe('named tokens', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  const make = async (fields: Record<string, unknown>) =>
    (await product.call('POST', '/api/tokens', fields)).body;
  const as = (token: string, method: string, path: string, body?: unknown) =>
    product.call(method, path, body, { authorization: `Bearer ${token}` });
  const concrete = (path: string) => path.replaceAll(/:\w+/g, '999999');

  test('a token is shown once, stored as a hash, and works until it is revoked', async () => {
    const made = await product.call('POST', '/api/tokens', { name: 'grafana', scope: 'read' });
    expect(made.status).toBe(201);
    const { token, id, hint } = made.body;
    expect(token).toMatch(/^lup_[\w-]{43}$/);
    expect(token.endsWith(hint)).toBe(true);
    const listed = await product.call('GET', '/api/tokens');
    expect(JSON.stringify(listed.body)).not.toContain(token);
    expect((await as(token, 'GET', '/api/providers')).status).toBe(200);
    expect((await product.call('GET', '/api/tokens')).body).toMatchObject([
      { name: 'grafana', last_used_at: expect.any(String) },
    ]);

    expect((await product.call('DELETE', `/api/tokens/${id}`)).status).toBe(200);
    expect((await as(token, 'GET', '/api/providers')).status).toBe(401);
    expect((await product.call('DELETE', `/api/tokens/${id}`)).status).toBe(404);
    expect((await product.call('GET', '/api/tokens')).body).toEqual([]);
    // The name is free again.
    expect((await product.call('POST', '/api/tokens', { name: 'grafana', scope: 'read' })).status).toBe(201);
  });

  test('a name that is taken, a wrong scope and a time in the past are refused', async () => {
    await make({ name: 'twice', scope: 'read' });
    const refused = async (fields: object) =>
      (await product.call('POST', '/api/tokens', { name: 'x', scope: 'read', ...fields })).status;
    expect(await refused({ name: 'twice' })).toBe(409);
    expect(await refused({ scope: 'root' })).toBe(422);
    expect(await refused({ name: '' })).toBe(422);
    expect(await refused({ name: 'admin' })).toBe(422);
    expect(await refused({ expires_at: '2020-01-01T00:00:00Z' })).toBe(422);
    expect(await refused({ expires_at: 'tomorrow' })).toBe(422);
  });

  test('a token ends by itself, and with it its sessions', async () => {
    const expires = new Date(product.services.now().getTime() + 3_600_000).toISOString();
    const { token } = await make({ name: 'short', scope: 'read', expires_at: expires });
    const login = await fetch(`${product.url}/login?token=${token}`, { redirect: 'manual' });
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
    const session = async () => (await fetch(`${product.url}/api/providers`, { headers: { cookie } })).status;
    expect([await session(), (await as(token, 'GET', '/api/providers')).status]).toEqual([200, 200]);
    product.advance(3_600_001);
    expect([await session(), (await as(token, 'GET', '/api/providers')).status]).toEqual([401, 401]);
  });

  test('revoking a token ends the sessions that it began', async () => {
    const { token, id } = await make({ name: 'browser', scope: 'operate' });
    const login = await fetch(`${product.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    });
    const headers = { cookie: login.headers.get('set-cookie')!.split(';')[0]! };
    expect((await fetch(`${product.url}/api/providers`, { headers })).status).toBe(200);
    await product.call('DELETE', `/api/tokens/${id}`);
    expect((await fetch(`${product.url}/api/providers`, { headers })).status).toBe(401);
  });

  test('logging out ends the session', async () => {
    const { token } = await make({ name: 'leaving', scope: 'read' });
    const login = await fetch(`${product.url}/login?token=${token}`, { redirect: 'manual' });
    const headers = { cookie: login.headers.get('set-cookie')!.split(';')[0]! };
    const out = await fetch(`${product.url}/logout`, { method: 'POST', headers, redirect: 'manual' });
    expect([out.status, out.headers.get('location')]).toEqual([303, '/login']);
    expect(out.headers.get('set-cookie')).toMatch(/litellm_updater_session=;.*1970/);
  });

  test('each scope may do what it includes and no more, on every route', async () => {
    const tokens = Object.fromEntries(
      await Promise.all(
        scopes.map(async (scope) => [scope, (await make({ name: `of ${scope}`, scope })).token]),
      ),
    ) as Record<(typeof scopes)[number], string>;
    for (const route of routes) {
      for (const scope of scopes) {
        const { status } = await as(tokens[scope], route.method.toUpperCase(), concrete(route.paths[0]));
        const refused = scopes.indexOf(scope) < scopes.indexOf(route.scope);
        expect({ route: route.paths[0], scope, refused: status === 403 }).toEqual({
          route: route.paths[0],
          scope,
          refused,
        });
      }
    }
    const board = (method: string) =>
      as(tokens.read, method, '/admin/queues/api/queues/push-model/pause').then(({ status }) => status);
    expect(await board('PUT')).toBe(403);
    expect((await as(tokens.read, 'GET', '/admin/queues/api/queues')).status).toBe(200);
  });

  test('the audit trail names the token', async () => {
    const { token } = await make({ name: 'ansible', scope: 'admin' });
    await as(token, 'PATCH', '/api/settings', { run_retention_days: 12 });
    const { body } = await product.call('GET', '/api/audit?actor=ansible');
    expect(body.items).toMatchObject([
      {
        actor: 'ansible',
        action: 'settings.update',
        before: { run_retention_days: 30 },
        after: { run_retention_days: 12 },
        details: { via: 'bearer' },
      },
    ]);
  });
});
