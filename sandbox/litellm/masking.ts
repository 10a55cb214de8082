import { isObject, without, type JsonObject } from '../json.js';

const REMOVED = [
  'api_key',
  'client_secret',
  'vertex_credentials',
  'aws_access_key_id',
  'aws_secret_access_key',
];
const SECRET_WORDS = new Set(
  'password secret key token auth authorization credential access private certificate fingerprint tenancy'.split(
    ' ',
  ),
);

/** litellm_params as the proxy shows them: the known secrets are gone, other strings under secret-sounding keys masked. */
export function maskedParams(params: JsonObject): JsonObject {
  return maskedObject(without(params, (key) => REMOVED.includes(key)));
}

function maskedObject(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, maskedValue(value, soundsSecret(key))]),
  );
}

function maskedValue(value: unknown, secret: boolean): unknown {
  if (isObject(value)) return maskedObject(value);
  if (Array.isArray(value)) return value.map((item) => maskedValue(item, secret));
  return secret && typeof value === 'string' ? maskedText(value) : value;
}

export function soundsSecret(key: string): boolean {
  if (key === 'litellm_credential_name') return false;
  const words = key.toLowerCase().replaceAll('-', '_').split('_');
  return !words.includes('cost') && words.some((word) => SECRET_WORDS.has(word));
}

function maskedText(text: string): string {
  if (text.length < 8) return text;
  return text.slice(0, 4) + '*'.repeat(text.length - 8) + text.slice(-4);
}
