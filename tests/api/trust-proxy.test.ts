import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import winston from 'winston';
import { createApp } from '../../src/api/app.js';
import { Gate } from '../../src/api/auth.js';
import { clientAddress } from '../../src/api/login-limit.js';
import type { TrustProxy } from '../../src/config.js';
import { adminToken, Product } from '../support/product.js';

type Headers = Record<string, string>;

describe('behind a proxy', () => {
  let product: Product;
  const servers: Server[] = [];
  const logged: { message: string; address?: string }[] = [];

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    logged.length = 0;
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    const { redisCommand, prefix } = product.apiServices;
    const keys = (await redisCommand('keys', `${prefix}:login:*`)) as string[];
    if (keys.length > 0) await redisCommand('del', ...keys);
  });
  afterAll(() => product.stop());

  /** An api that believes these proxies, asked as such a proxy would: from 127.0.0.1. */
  async function api(trustProxy?: TrustProxy) {
    const { tokens } = product.stores;
    const gate = new Gate({ adminToken, sessionKey: 'key', tokens, now: () => new Date() });
    const logger = winston.createLogger({
      transports: [
        new winston.transports.Stream({
          stream: new Writable({
            write: (line: Buffer, _encoding, done) => {
              logged.push(JSON.parse(line.toString()));
              done();
            },
          }),
        }),
      ],
    });
    const app = createApp({ ...product.apiServices, logger }, gate, undefined, trustProxy);
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    // fetch keeps the Host header to itself.
    const send = (method: string, path: string, headers: Headers = {}, body = '') =>
      new Promise<{ status: number; headers: Record<string, string>; text: string }>((resolve, reject) => {
        const sent = ask({ port, method, path, host: '127.0.0.1', headers }, (answer) => {
          let text = '';
          answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
          answer.on('end', () => {
            const flat = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
            resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(flat), text });
          });
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const logIn = (token: string, headers: Headers = {}) =>
      send('POST', '/login', { ...form, ...headers }, `token=${token}`);
    return { send, logIn };
  }

  const from = (address: string) => ({ 'x-forwarded-for': address });

  describe('the limit on wrong tokens', () => {
    test.each<[string, TrustProxy]>([
      ['a number of proxies', 1],
      ['their addresses', ['10.0.0.5', '127.0.0.0/8']],
      ['a name of theirs', ['loopback']],
    ])('counts each browser for itself, by %s', async (_how, trustProxy) => {
      const { logIn } = await api(trustProxy);
      for (let attempt = 0; attempt < 10; attempt++)
        expect((await logIn('a-wrong-token', from('203.0.113.1'))).status).toBe(401);
      expect((await logIn(adminToken, from('203.0.113.1'))).status).toBe(429);
      expect((await logIn(adminToken, from('203.0.113.2'))).status).toBe(303);
    });

    test('the address that the last proxy saw counts, not what the browser made up', async () => {
      const { logIn } = await api(1);
      const forged = (attempt: number) => from(`198.51.100.${attempt}, 203.0.113.1`);
      for (let attempt = 0; attempt < 10; attempt++) await logIn('a-wrong-token', forged(attempt));
      expect((await logIn(adminToken, forged(77))).status).toBe(429);
    });

    test.each<[string, TrustProxy | undefined]>([
      ['nobody is trusted', undefined],
      ['somebody else is trusted', ['10.0.0.5']],
    ])('is not to be got round by a made-up address where %s', async (_who, trustProxy) => {
      const { logIn } = await api(trustProxy);
      for (let attempt = 0; attempt < 10; attempt++)
        await logIn('a-wrong-token', from(`203.0.113.${attempt}`));
      expect((await logIn(adminToken, from('203.0.113.99'))).status).toBe(429);
    });

    test('the log names the address of a wrong token', async () => {
      const trusting = await api(1);
      await trusting.logIn('a-wrong-token', from('203.0.113.1'));
      const { logIn } = await api();
      await logIn('a-wrong-token', from('203.0.113.1'));
      expect(logged).toMatchObject([
        { message: 'a wrong token at the login', address: '203.0.113.1' },
        { message: 'a wrong token at the login', address: '127.0.0.1' },
      ]);
      expect(JSON.stringify(logged)).not.toContain('a-wrong-token');
    });
  });

  test.each<[string, TrustProxy | undefined]>([
    ['by default', undefined],
    ['with a proxy', 1],
  ])('%s nothing is printed about forwarded headers', async (_when, trustProxy) => {
    const printed = (['error', 'warn', 'log'] as const).map((name) =>
      jest.spyOn(console, name).mockImplementation(() => undefined),
    );
    const { logIn } = await api(trustProxy);
    for (const value of ['203.0.113.1', 'unknown', '203.0.113.1:4711', ''])
      expect((await logIn(adminToken, { ...from(value), forwarded: 'for=203.0.113.1' })).status).toBe(303);
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test.each([
    ['203.0.113.1:4711', '203.0.113.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['203.0.113.1', '203.0.113.1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, ''],
  ])('the client of %s is %s', (ip, address) => {
    expect(clientAddress({ ip })).toBe(address);
  });

  describe('the cookie of a session', () => {
    const cookie = async (headers: Headers, trustProxy?: TrustProxy) =>
      (await (await api(trustProxy)).logIn(adminToken, headers)).headers['set-cookie'] ?? '';

    test('is for https only when the request came over https, and for both otherwise', async () => {
      expect(await cookie({ 'x-forwarded-proto': 'https' }, 1)).toContain('Secure');
      expect(await cookie({ 'x-forwarded-proto': 'https, http' }, 1)).toContain('Secure');
      expect(await cookie({ 'x-forwarded-proto': 'http' }, 1)).not.toContain('Secure');
      expect(await cookie({}, 1)).not.toContain('Secure');
    });

    test('is for https only, too, behind a proxy that nobody announced: that can only be stricter', async () => {
      expect(await cookie({ 'x-forwarded-proto': 'https' })).toContain('Secure');
    });
  });

  describe('a change with a cookie, from a browser without Sec-Fetch-Site', () => {
    const change = async (headers: Headers, trustProxy?: TrustProxy) => {
      const { send, logIn } = await api(trustProxy);
      const login = await logIn(adminToken);
      const cookie = login.headers['set-cookie']!.split(';')[0]!;
      const json = { cookie, 'content-type': 'application/json' };
      const { status } = await send(
        'PATCH',
        '/api/settings',
        { ...json, ...headers },
        '{"run_retention_days":41}',
      );
      return status;
    };
    const forwarded = { host: '127.0.0.1:4001', 'x-forwarded-host': 'models.example' };
    const overHttps = { ...forwarded, 'x-forwarded-proto': 'https' };

    test.each<[string, Headers, TrustProxy | undefined, number]>([
      ['the host that a trusted proxy tells', { ...overHttps, origin: 'https://models.example' }, 1, 200],
      [
        'that host with the usual port',
        { ...overHttps, 'x-forwarded-host': 'models.example:443', origin: 'https://models.example' },
        1,
        200,
      ],
      ['another host', { ...overHttps, origin: 'https://evil.example' }, 1, 403],
      ['the host behind the proxy', { ...overHttps, origin: 'http://127.0.0.1:4001' }, 1, 403],
      ['the same host without TLS', { ...overHttps, origin: 'http://models.example' }, 1, 403],
      [
        'a host that nobody trusted tells',
        { ...overHttps, origin: 'https://models.example' },
        undefined,
        403,
      ],
      [
        'a host that somebody else tells',
        { ...overHttps, origin: 'https://models.example' },
        ['10.0.0.5'],
        403,
      ],
      [
        'the host that a proxy passes on',
        { host: 'models.example', origin: 'https://models.example' },
        undefined,
        200,
      ],
      ['a host that is none', { host: 'a b', origin: 'https://models.example' }, undefined, 403],
    ])('%s: %#', async (_what, headers, trustProxy, status) => {
      expect(await change(headers, trustProxy)).toBe(status);
    });
  });
});
