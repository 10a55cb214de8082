import { redactUrl } from './base-url.js';
import { isJsonObject, type Json, type JsonObject } from './json.js';

const mask = '***';

/** Words of a key that say "credentials below". */
const secretWords = new Set([
  'key',
  'keys',
  'apikey',
  'secret',
  'secrets',
  'token',
  'tokens',
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'credential',
  'credentials',
  'auth',
  'authorization',
  'bearer',
  'cookie',
  'cookies',
  'jwt',
  'private',
  'certificate',
  'signature',
  'header',
  'headers',
]);

/** The name of a credential, which LiteLLM shows, too. */
const harmless = new Set(['litellm_credential_name']);

/**
 * For showing rows that anybody may have written: what can hold a secret is masked at any depth, user names, passwords and
 * queries are taken out of URLs, and keys that begin with `sk-` out of every text.
 */
export function withoutSecrets(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, isSecret(key, value) ? mask : cleaned(value)]),
  );
}

function cleaned(value: Json): Json {
  if (Array.isArray(value)) return value.map(cleaned);
  if (isJsonObject(value)) return withoutSecrets(value);
  return typeof value === 'string' ? textWithoutSecrets(value) : value;
}

export function textWithoutSecrets(text: string): string {
  const safe = /^\s*[a-z][a-z0-9+.-]*:\/\//i.test(text) ? redactUrl(text) : text;
  return safe.replace(/\bsk-[\w-]{6,}/g, `sk-${mask}`);
}

function isSecret(key: string, value: Json): boolean {
  // What is not there is worth telling, and a flag is none.
  if (value === null || typeof value === 'boolean' || harmless.has(key)) return false;
  const words = wordsOf(key);
  if (words.includes('cost') || isTokenCount(words, value)) return false;
  return words.some((word) => secretWords.has(word));
}

/** `max_tokens`, `token_limit`: numbers, also as text. */
function isTokenCount(words: string[], value: Json): boolean {
  if (!words.includes('token') && !words.includes('tokens')) return false;
  return typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value));
}

function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z\d]+/);
}
