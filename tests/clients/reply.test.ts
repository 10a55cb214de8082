import { describe, expect, test } from '@jest/globals';
import type { HttpReply } from '../../src/clients/http.js';
import { errorMessage, readJson, shorten, throwForStatus } from '../../src/clients/reply.js';
import { retryAfterMs } from '../../src/clients/retry-after.js';
import { PermanentError, RateLimitedError, UnreachableError } from '../../src/domain/errors.js';
import { sample } from './local-server.js';

function reply(text: string, status = 200, headers: Record<string, string> = {}): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    text,
    url: 'http://host/v1/models',
    keySent: true,
    redact: (said) => said.replaceAll('hunter2', '***'),
  };
}

function thrown(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}

describe('the JSON of a reply', () => {
  test.each([
    ['plain', '{"a":1}', { a: 1 }],
    ['after a byte order mark', '\uFEFF{"a":1}', { a: 1 }],
    ['after SSE comments', ': OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n{"a":1}', { a: 1 }],
    ['null', 'null', null],
    ['a string', '"x"', 'x'],
  ])('is read: %s', (_name, text, value) => {
    expect(readJson(reply(text), 'it')).toEqual(value);
  });

  test.each([
    [
      'HTML',
      sample('generic-odd/html-200-spa-index.html'),
      /HTML instead of a model list \(text\/html, 200\).*right URL/,
    ],
    ['nothing', '', /nothing/],
    ['only comments', ': waiting\n\n', /nothing/],
    ['truncated JSON', sample('generic-odd/truncated.json'), /breaks off/],
    ['NDJSON', '{"a":1}\n{"b":2}\n', /stream/],
    ['SSE', 'data: {"a":1}\n\n', /stream/],
    ['plain text', sample('generic-odd/plain-text-200.txt'), /plain text/],
  ])('is a permanent error when it is %s, which is not quoted', (_name, text, says) => {
    const error = thrown(() =>
      readJson(reply(text, 200, { 'content-type': 'text/html; charset=utf-8' }), 'it'),
    );
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.message).toMatch(says);
    const foreign = text.trim().slice(0, 30);
    if (foreign.length > 10) expect(error.message).not.toContain(foreign);
  });

  test('that claims an odd content type does not bring it into the message', () => {
    const odd = reply('', 200, { 'content-type': 'x <script>alert(1)</script>' });
    expect(thrown(() => readJson(odd, 'it')).message).toContain('no content type');
  });
});

describe('a status', () => {
  test.each([200, 201, 204])('%d passes', (status) => {
    expect(() => throwForStatus(reply('', status), 'it')).not.toThrow();
  });

  test.each([304, 400, 401, 403, 404, 405, 409, 413, 422, 451])('%d is permanent', (status) => {
    expect(thrown(() => throwForStatus(reply('{}', status), 'it'))).toBeInstanceOf(PermanentError);
  });

  test.each([408, 502, 503, 504, 522])('%d is an unreachable server', (status) => {
    expect(thrown(() => throwForStatus(reply('', status), 'it'))).toBeInstanceOf(UnreachableError);
  });

  test.each([500, 501, 507])('%d is worth a retry', (status) => {
    const error = thrown(() =>
      throwForStatus(reply('{"error":"model list cache unavailable"}', status), 'it'),
    );
    expect(error.name).toBe('Error');
    expect(error.message).toContain('model list cache unavailable');
  });

  test('401 tells a wrong key from a missing one, in words of our own', () => {
    const said = '{"error":{"message":"Incorrect API key provided: hunt**er2"}}';
    expect(thrown(() => throwForStatus(reply(said, 401), 'it')).message).toBe('it refused the API key (401)');
    const without = { ...reply(said, 401), keySent: false };
    expect(thrown(() => throwForStatus(without, 'it')).message).toBe('it wants an API key (401)');
  });

  test('403 with an empty body hints at the Host check of Ollama', () => {
    const empty = reply(sample('ollama/error-host-check-403.txt'), 403);
    expect(thrown(() => throwForStatus(empty, 'it')).message).toContain('OLLAMA_HOST=0.0.0.0');
  });

  test('503 with Retry-After or of a llama.cpp that loads asks for patience', () => {
    const later = thrown(() => throwForStatus(reply('', 503, { 'retry-after': '7' }), 'it'));
    expect(later).toMatchObject({ name: 'RateLimitedError', retryAfterMs: 7_000 });
    const loading = thrown(() =>
      throwForStatus(reply(sample('llamacpp/health-503-loading.json'), 503), 'it'),
    );
    expect(loading).toBeInstanceOf(RateLimitedError);
    expect(loading).toMatchObject({ retryAfterMs: 30_000 });
  });

  test('quotes at most 200 characters of a JSON error, without the key', () => {
    const said = JSON.stringify({ error: { message: `bad hunter2 ${'x'.repeat(500)}` } });
    const { message } = thrown(() => throwForStatus(reply(said, 400), 'it'));
    expect(message).toContain('bad ***');
    expect(message.length).toBeLessThan(260);
  });

  test('quotes nothing of a body that is not JSON', () => {
    expect(thrown(() => throwForStatus(reply('<html>secret</html>', 502), 'it')).message).not.toContain(
      'secret',
    );
  });
});

describe('the message of an error body', () => {
  test.each([
    ['{"error":"text"}', 'text'],
    ['{"error":{"message":"text","code":"500"}}', 'text'],
    ['{"detail":"text"}', 'text'],
    ['{"detail":{"error":"text"}}', 'text'],
    [
      '{"detail":[{"loc":["body","litellm_params","api_key"],"msg":"too odd","input":"sk-secret"},{"msg":"b"}]}',
      'litellm_params.api_key: too odd; b',
    ],
    ['{"message":"text"}', 'text'],
    ['{"success":false}', ''],
    ['[]', ''],
    ['Internal Server Error', ''],
  ])('of %s is %j', (body, message) => {
    expect(errorMessage(body)).toBe(message);
  });

  test('is shortened without keys and hashes', () => {
    expect(shorten(`Received API Key = sk-...rong,\n Key Hash =${'ab'.repeat(32)}.`)).toBe(
      'Received API Key = sk-***, Key Hash =***.',
    );
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  test.each([
    ['7', 7_000],
    ['0', 1_000],
    ['0.2', 1_000],
    ['Sat, 21 Nov 2026 10:00:20 GMT', 20_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 1_000],
    ['86400', 600_000],
    ['soon', 30_000],
    ['', 30_000],
    [undefined, 30_000],
  ])('%j is %d ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
