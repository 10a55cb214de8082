import fc from 'fast-check';
import { normaliseBaseUrl } from '../../src/domain/base-url.js';
import type { Schema } from './contract-document.js';

/** What there is, so that some guesses hit. */
export interface Pool {
  /** By the first word of the path that is about them. */
  ids: Record<string, (number | string)[]>;
  /** Texts by the name of a field or parameter. */
  texts: Record<string, string[]>;
  /** Servers of the test; nothing else is ever called. */
  urls: string[];
}

/** Stands in for what cannot be a value: far too deep to be written by `JSON.stringify`. */
const deepList = '@deep-list@';
const deepObject = '@deep-object@';
const depth = 5_000;

const withPrototype: unknown = JSON.parse(
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
);

const hostileTexts = [
  '',
  ' ',
  'x'.repeat(100_000),
  '💥'.repeat(300),
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00\ud800',
  '\u202Eright to left\u2066',
  'e\u0301'.repeat(50),
  'NaN',
  'Infinity',
  '-1',
  '1e999',
  '0x10',
  '9007199254740993',
  'true',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  'toString',
  "' OR 1=1 --",
  '%',
  '_%_',
  '%00',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '${7*7}{{7*7}}',
  'a\r\nX-Injected: 1',
  '2030-01-31T12:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '9999-12-31T23:59:60Z',
];

export const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 50 }),
);

const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hostileText },
  fc.constantFrom(null, true, false, [], {}, [[]], [null], [{}], { a: 1 }, { length: 1e9 }, withPrototype),
  fc.constantFrom(-1, 0, -0, 1.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 63, -(2 ** 63), 1e21),
  fc.constantFrom(deepList, deepObject),
  fc.constant(Array.from({ length: 20_000 }, (_none, index) => index)),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number),
  fc.jsonValue({ maxDepth: 3 }),
  fc.object({ maxDepth: 2 }),
);

/** Mostly as the schema asks. */
export function valid(schema: Schema, document: any, pool: Pool, name = ''): fc.Arbitrary<unknown> {
  const inner = (next: Schema, called = name) => valid(next, document, pool, called);
  if (schema.$ref) {
    if (schema.$ref.endsWith('/Json')) return fc.jsonValue({ maxDepth: 3 });
    const steps: string[] = schema.$ref.replace('#/', '').split('/');
    return inner(steps.reduce((value, step) => value[step], document));
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices: Schema[] | undefined = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((each) => inner(each)));
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => inner({ ...schema, type })));
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const min = Math.max(Number(schema.minimum ?? Number(schema.exclusiveMinimum ?? -1) + 1), -1e6);
      const max = Math.max(min, Math.min(schema.maximum ?? 1e6, 1e6));
      const known = (pool.ids[name] ?? []).filter((each) => typeof each === 'number');
      const any = schema.type === 'integer' ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
      return known.length === 0 ? any : fc.oneof(fc.constantFrom(...known), any);
    }
    case 'array':
      return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 });
    case 'object':
      return objectOf(schema, inner);
    case 'string':
      return textOf(schema, pool, name);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(
  schema: Schema,
  inner: (schema: Schema, name?: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  if (!schema.properties)
    return fc.dictionary(
      fc.string({ minLength: 1, maxLength: 12 }),
      inner(schema.additionalProperties ?? {}),
      { maxKeys: 4 },
    );
  const model = Object.fromEntries(
    Object.entries<Schema>(schema.properties).map(([key, each]) => [key, inner(each, key)]),
  );
  const required: string[] = schema.required ?? [];
  const optional = Object.keys(model).filter((key) => !required.includes(key));
  // Few at a time: of many, one is wrong for the others, and the rest is never reached.
  return fc
    .shuffledSubarray(optional, { maxLength: Math.min(optional.length, 3) })
    .chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((key) => [key, model[key]!]))),
    );
}

function textOf(schema: Schema, { texts, urls, ids }: Pool, name: string): fc.Arbitrary<string> {
  if (/url/.test(name)) return fc.constantFrom(...urls);
  if (/key/.test(name)) return fc.constantFrom('sk-1234', 'sk-fuzz-0123456789');
  if (name === 'expires_at') return fc.constantFrom('2099-01-31T12:00:00Z', '2099-01-31T12:00:00+02:00');
  const { minLength = 0, maxLength = 40 } = schema;
  const any = fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: 'grapheme' });
  const known = [...(texts[name] ?? []), ...(ids[name] ?? []).map(String)];
  return known.length === 0 ? any : fc.oneof(fc.constantFrom(...known), any);
}

const oddKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'id',
  '',
  'x'.repeat(1_000),
  'é\u0000',
  'a.b',
  'a[b]',
];

/** With fields replaced, taken out and put in; or something else altogether. */
export function broken(body: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const change = fc.record({
    how: fc.constantFrom('replace', 'replace', 'drop', 'add'),
    at: fc.nat(),
    key: fc.constantFrom(...oddKeys),
    value: hostile,
  });
  const changed = fc.tuple(body, fc.array(change, { minLength: 1, maxLength: 3 })).map(([value, changes]) => {
    if (typeof value !== 'object' || value === null) return value;
    const entries = new Map(Object.entries(value));
    for (const { how, at, key, value: odd } of changes) {
      const keys = [...entries.keys()];
      const chosen = keys[at % Math.max(keys.length, 1)];
      if (how === 'add' || chosen === undefined) entries.set(key, odd);
      else if (how === 'drop') entries.delete(chosen);
      else entries.set(chosen, odd);
    }
    // Unlike an assignment this makes a field named __proto__.
    return Object.fromEntries(entries);
  });
  return fc.oneof({ weight: 6, arbitrary: changed }, { weight: 1, arbitrary: hostile });
}

/** No server but the test's own is ever called, whatever a text turns out to mean. */
export function tamed(value: unknown, pool: Pool): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const leadsAway =
        /url/.test(key) &&
        typeof inner === 'string' &&
        !pool.urls.includes(inner) &&
        'url' in normaliseBaseUrl('openai', inner);
      return [key, leadsAway ? 'http://127.0.0.1:9/' : inner];
    }),
  );
}

export function textOfJson(value: unknown): string {
  return (JSON.stringify(value) ?? '')
    .replaceAll(`"${deepList}"`, '['.repeat(depth) + ']'.repeat(depth))
    .replaceAll(`"${deepObject}"`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
}
