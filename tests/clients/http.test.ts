import { afterEach, describe, expect, test } from '@jest/globals';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import zlib from 'node:zlib';
import { createHttp, type HttpRequest } from '../../src/clients/http.js';
import { PermanentError, UnreachableError } from '../../src/domain/errors.js';
import { closeLocalServers, localServer } from './local-server.js';

const request = createHttp({ userAgent: 'test-agent' });
const get = (url: string, more: Partial<HttpRequest> = {}) =>
  request({ method: 'GET', url, timeoutMs: 5_000, ...more });

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}

/** A port of loopback where nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

afterEach(closeLocalServers);

describe('an answer', () => {
  test('comes back whatever its status is', async () => {
    const server = await localServer(() => ({ status: 418, body: 'teapot', headers: { 'x-a': 'b' } }));
    const reply = await get(`${server.url}/x`);
    expect(reply).toMatchObject({ status: 418, text: 'teapot', url: `${server.url}/x`, keySent: false });
    expect(reply.headers['x-a']).toBe('b');
  });

  test('is asked for with the key as Bearer, the user agent, JSON, and without an Origin', async () => {
    const server = await localServer(() => ({ body: {} }));
    const reply = await request({
      method: 'POST',
      url: server.url,
      json: { model: 'é:8b' },
      apiKey: 'sk-secret\n',
      timeoutMs: 5_000,
    });
    const [seen] = server.seen;
    expect(seen?.headers).toMatchObject({
      authorization: 'Bearer sk-secret',
      'user-agent': 'test-agent',
      'content-type': 'application/json',
    });
    expect(seen?.headers.origin).toBeUndefined();
    expect(JSON.parse(seen?.body ?? '')).toEqual({ model: 'é:8b' });
    expect(reply.keySent).toBe(true);
    expect(reply.redact('bad key sk-secret!')).toBe('bad key ***!');
  });

  test('never holds the key that was sent, in whatever writing; a short one may be a word of the list', async () => {
    const forms = (key: string) => [
      key,
      encodeURIComponent(key),
      JSON.stringify(key),
      Buffer.from(key).toString('base64'),
      Buffer.from(key).toString('base64url'),
    ];
    const server = await localServer(({ headers }) => {
      const key = (headers.authorization ?? '').replace('Bearer ', '');
      return { body: forms(key).join(' ') };
    });
    const ask = async (apiKey: string) => (await get(server.url, { apiKey })).text;
    expect(await ask('k"/+%planted-0123456789')).toBe('*** *** "***" *** ***');
    expect(await ask('ollama')).toContain('"ollama"');
  });

  test('is decoded from gzip and br', async () => {
    const text = '{"data":[]}'.padEnd(5_000);
    const server = await localServer(({ url }) =>
      url === '/br'
        ? { headers: { 'content-encoding': 'br' }, body: zlib.brotliCompressSync(text) }
        : { headers: { 'content-encoding': 'gzip' }, body: zlib.gzipSync(text) },
    );
    expect((await get(`${server.url}/br`)).text).toBe(text);
    expect((await get(`${server.url}/gzip`)).text).toBe(text);
  });

  test('uses one connection for requests after each other', async () => {
    const sockets = new Set<unknown>();
    const server = await localServer((_seen, response) => {
      sockets.add(response.socket);
      return { body: {} };
    });
    await get(server.url);
    await get(server.url);
    expect(sockets.size).toBe(1);
  });
});

describe('userinfo of the URL', () => {
  test('travels as Basic and never shows in the reply', async () => {
    const server = await localServer(() => ({ body: {} }));
    const reply = await get(server.url.replace('://', '://me:p%40ss@') + '/x?key=topsecret');
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(reply.url).not.toMatch(/me|p%40ss|topsecret/);
    expect(reply.redact('p@ss')).toBe('***');
  });

  test('yields to a key', async () => {
    const server = await localServer(() => ({ body: {} }));
    await get(server.url.replace('://', '://me:pass@'), { apiKey: 'k' });
    expect(server.seen[0]?.headers.authorization).toBe('Bearer k');
  });
});

describe('a request that cannot be made', () => {
  test.each(['not a url', 'ftp://host/x', ''])('is refused for good: %j', async (url) => {
    expect(await errorOf(get(url))).toBeInstanceOf(PermanentError);
  });

  test('because of a key with a line break inside says so without the key', async () => {
    const error = await errorOf(get('http://127.0.0.1:1', { apiKey: 'sk-a\nsk-b' }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/line break/);
    expect(error.message).not.toMatch(/sk-/);
  });
});

test.each(['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/'])(
  'the metadata address %s is never asked',
  async (url) => {
    const error = await errorOf(get(url));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/never asked/);
  },
);

describe('a body', () => {
  test('over the cap is refused for good', async () => {
    const server = await localServer(() => ({ body: 'x'.repeat(1_001) }));
    const error = await errorOf(get(server.url, { maxBytes: 1_000 }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/more than 1000 bytes/);
  });

  test('exactly at the cap passes', async () => {
    const server = await localServer(() => ({ body: 'x'.repeat(1_000) }));
    expect((await get(server.url, { maxBytes: 1_000 })).text).toHaveLength(1_000);
  });

  test('is counted decoded, so that a small bomb is no trick', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(1_000_000));
    const server = await localServer(() => ({ headers: { 'content-encoding': 'gzip' }, body: bomb }));
    expect(bomb.length).toBeLessThan(10_000);
    expect(await errorOf(get(server.url, { maxBytes: 10_000 }))).toBeInstanceOf(PermanentError);
  });

  test('that never ends stops at the timeout', async () => {
    const server = await localServer((_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":[');
      return undefined;
    });
    const error = await errorOf(get(server.url, { timeoutMs: 100 }));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/within 0\.1 s/);
  });

  test('that breaks off is an unreachable server', async () => {
    const server = await localServer((_seen, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"data":[', () => response.destroy());
      return undefined;
    });
    const error = await errorOf(get(server.url));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/dropped the connection/);
  });

  test('with damaged compression is an unreachable server', async () => {
    const server = await localServer(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: 'no gzip at all',
    }));
    const error = await errorOf(get(server.url));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/damaged/);
  });
});

describe('a redirect', () => {
  test('within the origin is followed with the key', async () => {
    const server = await localServer(({ url }) =>
      url === '/models' ? { status: 307, headers: { location: '/models/' } } : { body: 'here' },
    );
    const reply = await get(`${server.url}/models`, { apiKey: 'k' });
    expect(reply).toMatchObject({ status: 200, text: 'here', url: `${server.url}/models/` });
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer k', 'Bearer k']);
  });

  test('of a POST keeps the method and body with 307, and is refused with 302', async () => {
    const server = await localServer(({ url }) =>
      url === '/done' ? { body: 'ok' } : { status: Number(url.slice(1)), headers: { location: '/done' } },
    );
    const post = (path: string) =>
      request({ method: 'POST', url: server.url + path, json: { a: 1 }, timeoutMs: 5_000 });
    await post('/307');
    expect(server.seen[1]).toMatchObject({ method: 'POST', body: '{"a":1}' });
    expect(await errorOf(post('/302'))).toBeInstanceOf(PermanentError);
  });

  test('to another origin is refused, and that origin sees nothing', async () => {
    const other = await localServer(() => ({ body: '{"data":[]}' }));
    const server = await localServer(() => ({
      status: 302,
      headers: { location: `${other.url}/login?next=secret` },
    }));
    const error = await errorOf(get(server.url, { apiKey: 'sk-secret' }));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(/another server.*login page/s);
    expect(error.message).toContain(other.url);
    expect(error.message).not.toMatch(/secret/);
    expect(other.seen).toHaveLength(0);
  });

  test('that never ends is refused after three', async () => {
    const server = await localServer(() => ({ status: 302, headers: { location: '/again' } }));
    const error = await errorOf(get(server.url));
    expect(error).toBeInstanceOf(PermanentError);
    expect(server.seen).toHaveLength(4);
  });
});

describe('no answer', () => {
  test('on loopback hints at host.docker.internal', async () => {
    const port = await closedPort();
    const error = await errorOf(get(`http://127.0.0.1:${port}/api/tags`, { apiKey: 'sk-secret' }));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toContain(`http://host.docker.internal:${port}`);
    expect(error.message).not.toContain('sk-secret');
  });

  test('from an unknown host names the host', async () => {
    const error = await errorOf(get('http://no-such-host.invalid/'));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/no-such-host\.invalid/);
  });

  test('because the connection is dropped at once', async () => {
    const server = await localServer((_seen, response) => {
      response.destroy();
      return undefined;
    });
    expect(await errorOf(get(server.url))).toBeInstanceOf(UnreachableError);
  });

  test('because the server is silent', async () => {
    const server = await localServer(() => undefined);
    expect(await errorOf(get(server.url, { timeoutMs: 100 }))).toBeInstanceOf(UnreachableError);
  });

  test('because the port speaks no TLS or no HTTP hints at the scheme', async () => {
    const server = await localServer(() => ({ body: '' }));
    const tls = await errorOf(get(server.url.replace('http:', 'https:')));
    expect(tls).toBeInstanceOf(UnreachableError);
    expect(tls.message).toMatch(/try http:\/\//);

    const other = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const noHttp = await errorOf(get(`http://127.0.0.1:${(other.address() as net.AddressInfo).port}`));
    other.close();
    expect(noHttp).toBeInstanceOf(UnreachableError);
    expect(noHttp.message).toMatch(/does not answer in HTTP/);
  });
});

test('an aborted request throws the reason of the signal, not an unreachable server', async () => {
  const reason = new Error('shutting down');
  const abort = new AbortController();
  const server = await localServer(() => {
    abort.abort(reason);
    return undefined;
  });
  expect(await errorOf(get(server.url, { signal: abort.signal }))).toBe(reason);
  expect(await errorOf(get(server.url, { signal: abort.signal }))).toBe(reason);
  expect(server.seen).toHaveLength(1);
});

test('a header that Node cannot parse is an unreachable server, not a crash', async () => {
  const raw = http.createServer((_incoming, response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\nbroken header\r\n\r\n');
  });
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  const error = await errorOf(get(`http://127.0.0.1:${(raw.address() as net.AddressInfo).port}`));
  raw.close();
  expect(error).toBeInstanceOf(UnreachableError);
});
