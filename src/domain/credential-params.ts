import { isJsonObject, type Json } from './json.js';

const secretWords = new Set(
  (
    'password passwd pwd passphrase secret secrets credential credentials apikey token jwt bearer auth authorization ' +
    'cookie cookies key keys'
  ).split(' '),
);

/** `prompt_cache_key`, `eos_token`, …: names for what is no secret. */
const harmlessBefore: Record<string, readonly string[]> = {
  key: ['cache', 'sort'],
  token: 'bos eos pad unk sep cls mask stop image audio special per'.split(' '),
};

/** `Bearer …`, a key of OpenAI's form, a URL with a password: under whatever name. */
const secretText = /^(bearer|basic|token)\s+\S{8,}$|\bsk-[\w-]{16,}|:\/\/[^/\s:@]*:[^/\s@]+@/i;

/**
 * Where `value`, a parameter called `name`, holds what looks like a credential; undefined when nowhere. Parameters are stored,
 * shown, and kept at LiteLLM in clear (litellm.md §1: `extra_headers`). Numbers, booleans and null are none, and what
 * only describes one (a JSON schema with a field `password`) is none either.
 */
export function credentialIn(name: string, value: Json): string[] | undefined {
  return find([name], value, soundsSecret(name));
}

function find(path: string[], value: Json, secret: boolean): string[] | undefined {
  if (typeof value === 'string') return value !== '' && (secret || secretText.test(value)) ? path : undefined;
  const inner: [string, Json, boolean][] = Array.isArray(value)
    ? value.map((item, index) => [String(index), item, secret])
    : isJsonObject(value)
      ? Object.entries(value).map(([name, item]) => [name, item, soundsSecret(name)])
      : [];
  for (const [name, item, itsName] of inner) {
    const found = find([...path, name], item, itsName);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `aws_secret_access_key`, `X-Api-Key`, `clientSecret`; not `max_tokens`, nor a price per token. */
function soundsSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  if (words.includes('cost') || words[0] === 'supports') return false;
  return words.some(
    (word, index) => secretWords.has(word) && !harmlessBefore[word]?.includes(words[index - 1] ?? ''),
  );
}
