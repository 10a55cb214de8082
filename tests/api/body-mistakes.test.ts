import { connect } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonFault } from '../../src/api/json-fault.js';
import { adminToken, Product } from '../support/product.js';

const secret = 'sk-planted-0123456789';

describe('a body that cannot be read', () => {
  let product: Product;
  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  async function refused(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
    const response = await fetch(`${product.url}/api/providers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(text).not.toContain('planted');
    return { status: response.status, detail: JSON.parse(text).detail as string };
  }

  test.each<[string, string]>([
    [`{"name":"a","api_key":"${secret}",}`, 'line 1, column 47: a name in double quotes belongs here'],
    [`{"api_key":"${secret}"`, 'line 1, column 35: a } belongs here'],
    [`{"api_key":"${secret}`, 'line 1, column 12: this text has no end'],
    [`{"api_key":${secret}}`, 'line 1, column 12: this is no value'],
    [`api_key=${secret}`, 'line 1, column 1: this is no value'],
    [`{'api_key':'${secret}'}`, 'line 1, column 2: this is no value; a text belongs in double quotes'],
    [`{"name":"a"\n "api_key":"${secret}"}`, 'line 2, column 2: a comma belongs here'],
    [`{"api_key" "${secret}"}`, 'line 1, column 12: a colon belongs here'],
    [`{"tags":["a" "${secret}"]}`, 'line 1, column 14: a comma belongs here'],
    [`{"name":"a"}${secret}`, 'line 1, column 13: this is no value'],
    [`{"name":"a\n${secret}"}`, 'line 1, column 9: this text has no end'],
  ])('%j is no JSON, and told where', async (body, fault) => {
    const { status, detail } = await refused(body);
    expect([status, detail.slice(0, `the body is no JSON: ${fault}`.length)]).toEqual([
      400,
      `the body is no JSON: ${fault}`,
    ]);
  });

  test.each([`"${secret}"`, 'null', '7', 'true'])('%j is JSON, but no object', async (body) => {
    expect(await refused(body)).toEqual({
      status: 400,
      detail: 'the body is JSON, but no object; send {"name": value, …}',
    });
  });

  test('a list is JSON, but no object', async () => {
    expect(await refused(`["${secret}"]`)).toEqual({
      status: 422,
      detail: 'body: takes a JSON object, {"name": value, …}, and nothing else',
    });
  });

  test.each(['', '  ', '\n'])('%j is an empty body', async (body) => {
    expect(await refused(body)).toEqual({
      status: 400,
      detail: 'the body is empty; send a JSON object, {} if there is nothing to say',
    });
  });

  test('a change without a body is refused, one with {} changes nothing, and where none is needed none is asked for', async () => {
    const send = (method: string, path: string, body?: string) =>
      product.call(method, path, body, { 'content-type': 'application/json' });
    expect((await send('PATCH', '/api/settings')).status).toBe(400);
    expect((await send('PATCH', '/api/settings', '')).status).toBe(400);
    expect((await send('PATCH', '/api/settings', '{}')).status).toBe(200);
    expect((await send('POST', '/api/litellm/test')).status).toBe(409); // none is configured
  });

  test.each(['latin1', 'utf-99', secret])('the charset %s is refused', async (charset) => {
    const headers = { 'content-type': `application/json; charset=${charset}` };
    expect(await refused('{}', headers)).toEqual({
      status: 415,
      detail: 'the charset of the body is not read here; send the body as UTF-8',
    });
  });

  test.each(['compress', secret])('the encoding %s is refused', async (encoding) => {
    expect(await refused('{}', { 'content-encoding': encoding })).toEqual({
      status: 415,
      detail:
        'the Content-Encoding of the body is not read here; send the body plain, or as gzip, deflate or br',
    });
  });

  const packed = JSON.stringify({ name: secret, padding: 'x'.repeat(1_000) });
  test.each<[string, string, Uint8Array<ArrayBuffer>]>([
    ['plain text', 'gzip', new TextEncoder().encode(packed)],
    ['plain text', 'deflate', new TextEncoder().encode(packed)],
    ['plain text', 'br', new TextEncoder().encode(packed)],
    ['half of it', 'gzip', new Uint8Array(gzipSync(packed)).slice(0, 30)],
    ['half of it', 'br', new Uint8Array(brotliCompressSync(packed)).slice(0, 20)],
  ])('%s instead of %s is refused', async (_what, encoding, body) => {
    expect(await refused(body, { 'content-encoding': encoding })).toEqual({
      status: 400,
      detail:
        'the body is not packed as its Content-Encoding says, or it breaks off; send it plain, or pack it anew',
    });
  });

  test('one that is too large is told how much is read', async () => {
    const { status, detail } = await refused(`{"api_key":"${secret}${'x'.repeat(1_100_000)}"}`);
    expect([status, detail]).toEqual([
      413,
      'the body is larger than the 1048576 bytes that are read here; send less at once',
    ]);
  });

  test('a small one that grows too large when it is unpacked is as well', async () => {
    const bomb = new Uint8Array(gzipSync(`{"name":"${'x'.repeat(5_000_000)}"}`));
    expect((await refused(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  test.each([
    'application/json; charset',
    'application/json; charset=',
    'application/json;;',
    'application/json; a="',
  ])('the content type %j is no fault of ours', async (type) => {
    expect([400, 415, 422]).toContain((await refused('{}', { 'content-type': type })).status);
  });

  test('one that breaks off leaves the api alive', async () => {
    const socket = connect(Number(new URL(product.url).port), '127.0.0.1');
    const head = `POST /api/providers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\n`;
    socket.write(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name":`);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
    expect((await product.call('GET', '/api/providers')).status).toBe(200);
  });
});

describe('where a text stops being JSON', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  test('it is told for every text that is none, in words of ours', () => {
    const mangled = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '0', '-', '\\', '\n', '\u007f', 'e1', ':'),
      )
      .map(([text, at, sign]) => {
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + sign + text.slice(cut + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(mangled, fc.string()), (text) => {
        fc.pre(!isJson(text));
        expect(jsonFault(text)).toMatch(/^(line \d+, column \d+: [a-z]|something in it is not JSON$)/);
      }),
      { numRuns: 2_000, seed: 4_711, examples: [['/*'], ['{} // why'], ['{ /* why */ }']] },
    );
  });

  test('a long or a deep one is told as well', () => {
    expect(jsonFault('['.repeat(1_000_000))).toBe('it nests thousands of lists and objects in each other');
    expect(jsonFault(`"${'x'.repeat(1_000_000)}`)).toContain('no end');
  });
});
