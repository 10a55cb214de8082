import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  apiRootOf,
  isForbiddenAddress,
  isLocalHost,
  listUrls,
  normaliseBaseUrl,
  redactUrl,
  sameEndpoint,
} from '../../src/domain/base-url.js';
import { providerKinds, type ProviderKind } from '../../src/domain/kinds.js';

test.each<[ProviderKind, string, string]>([
  ['ollama', ' localhost:11434/ ', 'http://localhost:11434'],
  ['ollama', 'HTTP://Ollama.LAN:11434/v1', 'http://ollama.lan:11434'],
  ['ollama', 'http://h:11434/api/tags', 'http://h:11434'],
  ['ollama', 'http://h:11434/api/', 'http://h:11434'],
  ['ollama', 'https://host/ollama/api/chat?x=1#y', 'https://host/ollama'],
  ['openai', 'http://h:8000/v1/', 'http://h:8000/v1'],
  ['openai', 'http://h:8000', 'http://h:8000'],
  ['openai', 'https://api.groq.com/openai/v1/chat/completions', 'https://api.groq.com/openai/v1'],
  ['openai', 'https://host/v1beta/openai/models', 'https://host/v1beta/openai'],
  ['openai', 'https://openrouter.ai/api', 'https://openrouter.ai/api'],
  ['openai', 'https://host:443//v1//models//', 'https://host/v1'],
  ['litellm', 'http://proxy:4000/v1', 'http://proxy:4000'],
  ['litellm', 'http://proxy:4000/ui/', 'http://proxy:4000'],
  ['litellm', 'http://proxy:4000/prefix/v1/model/info', 'http://proxy:4000/prefix'],
  ['openai', 'http://[fd12::1]:8080/v1', 'http://[fd12::1]:8080/v1'],
  ['openai', 'http://192.168.1.5:1234', 'http://192.168.1.5:1234'],
])('%s: %s is stored as %s', (kind, input, url) => {
  expect(normaliseBaseUrl(kind, input)).toEqual({ url });
});

test.each([
  '',
  '   ',
  'ftp://h',
  'file:///etc/passwd',
  'http:/h',
  'javascript:alert(1)',
  'http://',
  'http://a b',
  'h\nx',
  'http://h:99999',
])('%j is no URL of a server', (input) => {
  expect(normaliseBaseUrl('openai', input)).toHaveProperty('error');
});

test.each([
  'http://169.254.169.254/latest', 'http://169.254.1.1', 'http://[fe80::1]', 'http://0xa9fea9fe', 'http://2852039166',
  'http://[::ffff:169.254.169.254]', 'http://[::169.254.169.254]', 'http://[64:ff9b::a9fe:a9fe]', 'http://[2002:a9fe:a9fe::]',
  'http://metadata.google.internal', 'http://Metadata.Google.Internal.', 'http://[fd00:ec2::254]', 'http://100.100.100.200',
])('S: %s is refused: link-local or metadata', (input) => {
  expect(normaliseBaseUrl('openai', input)).toEqual({ error: expect.stringContaining('metadata') });
}); // prettier-ignore

test('an address that a name resolved to can be checked, too', () => {
  expect(isForbiddenAddress('169.254.169.254')).toBe(true);
  expect(isForbiddenAddress('fe80::1')).toBe(true);
  expect(isForbiddenAddress('10.0.0.1')).toBe(false);
  expect(isForbiddenAddress('no address')).toBe(false);
});

test('a user name in the URL is refused without repeating it', () => {
  const refused = normaliseBaseUrl('openai', 'https://me:secret@host/v1');
  expect(refused).toEqual({ error: expect.stringContaining('key') });
  expect(JSON.stringify(refused)).not.toMatch(/secret|me:/);
});

test('normalising twice changes nothing', () => {
  const path = fc.array(
    fc.constantFrom(
      'v1',
      'api',
      'models',
      'ollama',
      'tags',
      '',
      'chat',
      'completions',
      'ui',
      'X',
      '%2F',
      '..',
    ),
  );
  const url = fc.oneof(
    fc.webUrl({ withQueryParameters: true }),
    path.map((parts) => `http://h:8000/${parts.join('/')}`),
  );
  fc.assert(
    fc.property(fc.constantFrom(...providerKinds), url, (kind, input) => {
      const once = normaliseBaseUrl(kind, input);
      if (!('url' in once)) throw new Error(`${input}: ${once.error}`);
      expect(once.url).not.toMatch(/\/$/);
      expect(normaliseBaseUrl(kind, once.url)).toEqual(once);
    }),
  );
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      normaliseBaseUrl('ollama', a);
      isLocalHost(a);
      redactUrl(a);
      sameEndpoint(a, b);
    }),
  );
});

test.each([
  'http://localhost:11434', 'http://127.0.0.1', 'http://[::1]:1', 'http://10.1.2.3', 'http://172.20.0.2', 'http://192.168.0.9',
  'http://100.64.1.1', 'http://[fd00::1]', 'http://ollama:11434', 'http://box.local', 'http://box.lan', 'http://host.docker.internal',
  'http://nas.home.arpa', 'http://0.0.0.0:11434', 'http://box.local.',
])('%s is local', (url) => {
  expect(isLocalHost(url)).toBe(true);
}); // prettier-ignore

test.each([
  'https://api.openai.com/v1',
  'http://8.8.8.8',
  'http://[2606:4700::1]',
  'https://local.example.com',
  'nonsense url',
])('%s is not local', (url) => {
  expect(isLocalHost(url)).toBe(false);
});

test.each([
  ['https://me:secret@host/v1?key=abc#x', 'https://host/v1'],
  ['https://host/v1?key=secret', 'https://host/v1'],
  ['me:secret@host/v1', 'host/v1'],
  ['http://me:sec/ret@host', 'host'],
  ['http://me:se?cret@host', 'host'],
  ['http://host/@scope/model', 'http://host/@scope/model'],
])('%s is told as %s', (url, told) => {
  expect(redactUrl(url)).toBe(told);
});

test('the same server under two spellings is the same endpoint', () => {
  expect(sameEndpoint('http://localhost:4000', 'http://127.0.0.1:4000/v1/')).toBe(true);
  expect(sameEndpoint('http://[::1]:4000/', 'localhost:4000')).toBe(true);
  expect(sameEndpoint('https://Proxy.example.com', 'https://proxy.example.com:443/v1/chat/completions')).toBe(
    true,
  );
  expect(sameEndpoint('http://proxy:4000', 'https://proxy:4000')).toBe(false);
  expect(sameEndpoint('http://proxy:4000', 'http://proxy:4001')).toBe(false);
  expect(sameEndpoint('http://proxy/a', 'http://proxy/b')).toBe(false);
  expect(sameEndpoint('nonsense url', 'nonsense url')).toBe(false);
});

test('C24: the list URL that worked tells where calls go', () => {
  expect(listUrls('openai', 'http://h:8080')).toEqual(['http://h:8080/v1/models', 'http://h:8080/models']);
  expect(listUrls('openai', 'http://h:8080').map(apiRootOf)).toEqual(['http://h:8080/v1', 'http://h:8080']);
  expect(listUrls('openai', 'https://x/api/paas/v4')).toEqual(['https://x/api/paas/v4/models']);
  expect(listUrls('openai', 'https://x/v1beta/openai')).toEqual(['https://x/v1beta/openai/models']);
  expect(listUrls('ollama', 'http://h:11434')).toEqual(['http://h:11434/api/tags']);
  expect(listUrls('litellm', 'http://p:4000').map(apiRootOf)).toEqual([
    'http://p:4000/v1',
    'http://p:4000/v1',
  ]);
  expect(apiRootOf('http://h:11434/api/tags')).toBe('http://h:11434');
});
