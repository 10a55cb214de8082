import fc from 'fast-check';
import type { Operation, Request } from './contract-document.js';
import { broken, hostileText, tamed, textOfJson, valid, type Pool } from './contract-values.js';

const typesOfJson = [
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-8',
];
const oddTypes = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-16',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'x',
  '',
];

type Sent = Pick<Request, 'body' | 'headers'>;

function bodies(operation: Operation, document: any, pool: Pool): fc.Arbitrary<Sent> {
  const content = operation.requestBody?.content;
  if (content === undefined) return fc.constant({});
  const good = valid(content['application/json']?.schema, document, pool);
  const json = fc.oneof(good, broken(good)).map((value) => textOfJson(tamed(value, pool)));
  const form = content['application/x-www-form-urlencoded'];
  const asJson = fc.tuple(json, fc.constantFrom(...typesOfJson));
  const asForm = fc
    .oneof(good, broken(good))
    .map((value) => [formOf(tamed(value, pool)), 'application/x-www-form-urlencoded'] as const);
  const odd = fc.tuple(
    fc.oneof(
      json,
      json.map((text) => text.slice(0, -1)),
      json.map((text) => `${text}]`),
      hostileText,
      fc.constant('a=%zz&b=%ff&=&c[d]=1'),
    ),
    fc.constantFrom(...oddTypes, ...typesOfJson),
  );
  return fc
    .oneof({ weight: 6, arbitrary: asJson }, ...(form ? [{ weight: 3, arbitrary: asForm }] : []), {
      weight: 1,
      arbitrary: odd,
    })
    .map(([body, type]) => ({ body, headers: { 'content-type': type } }));
}

function formOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return encode(String(value));
  return Object.entries(value)
    .flatMap(([key, inner]) =>
      [inner]
        .flat()
        .slice(0, 20)
        .map((each) => `${encode(key)}=${encode(plain(each))}`),
    )
    .join('&');
}

/** `undefined` is a word, too. */
const plain = (value: unknown) =>
  typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? 'undefined');
/** Half a surrogate pair has no encoding; a browser sends a replacement for it. */
const encode = (text: string) => encodeURIComponent(Buffer.from(text).toString());

/** Below what Node takes of a request line and headers; beyond is 431. */
const short = (text: string) => encode(text.slice(0, 400));

function queries({ parameters }: Operation, document: any, pool: Pool): fc.Arbitrary<string> {
  const declared = parameters.filter((each) => each.in === 'query');
  const pair = ({ name, schema }: Operation['parameters'][number]) =>
    fc.oneof(valid(schema, document, pool, name), hostileText, fc.double().map(String)).map((value) =>
      [value]
        .flat()
        .map((each) => `${name}=${short(plain(each))}`)
        .join('&'),
    );
  const required = fc.tuple(...declared.filter((each) => each.required).map(pair));
  const odd = fc.oneof(
    fc.constantFrom(
      '%zz=1',
      '%ff',
      '&&&=',
      'x=%00',
      '__proto__=1',
      'constructor[prototype][a]=1',
      'limit[]=1',
      'limit=1&limit=2',
      '?',
      '#',
      'a'.repeat(3_000),
    ),
    hostileText.map(short),
  );
  const any =
    declared.length === 0 ? odd : fc.oneof({ weight: 4, arbitrary: fc.oneof(...declared.map(pair)) }, odd);
  return fc.tuple(required, fc.array(any, { maxLength: 4 })).map(([first, more]) => {
    const text = [...first, ...more].join('&').replaceAll('#', '%23');
    return text === '' ? '' : `?${text}`;
  });
}

function paths(operation: Operation, pool: Pool): fc.Arbitrary<string> {
  const known = pool.ids[idKind(operation.path)] ?? [1];
  const odd = fc.oneof(
    fc.constantFrom(
      '0',
      '-1',
      '1.5',
      '1e3',
      '0x1',
      '9007199254740993',
      '1'.repeat(400),
      '%ff',
      '%zz',
      '%00',
      '%',
      '%2F',
      '..%2f..',
      '%20',
      'x'.repeat(4_000),
      '__proto__',
      'constructor',
      'NaN',
      'Infinity',
      '-0',
      '00000000-0000-0000-0000-000000000000',
    ),
    hostileText.filter((text) => text !== '').map(short),
    fc.integer().map(String),
  );
  const id = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...known).map((each) => encode(String(each))) },
    { weight: 1, arbitrary: odd },
  );
  return operation.path.includes('{')
    ? id.map((text) => operation.path.replace(/\{\w+\}/, () => text))
    : fc.constant(operation.path);
}

function idKind(path: string): string {
  if (path.includes('litellm/')) return 'model_id';
  return /\/(providers|models|runs|tokens)\//.exec(path)?.[1] ?? 'none';
}

const ifMatch = fc.constantFrom(
  '*',
  '"0-x"',
  '"999999999999999-"',
  'W/"1-x"',
  '"1e3"',
  'x'.repeat(2_000),
  '""',
  '"\u00ff"',
);

/** Requests of an operation: many as it wants them, most not. */
export function requestsOf(operation: Operation, document: any, pool: Pool): fc.Arbitrary<Request> {
  const headers = operation.parameters.some((each) => each.in === 'header')
    ? fc.option(ifMatch, { nil: undefined, freq: 3 })
    : fc.constant(undefined);
  return fc
    .tuple(
      paths(operation, pool),
      queries(operation, document, pool),
      bodies(operation, document, pool),
      headers,
    )
    .map(([path, query, sent, match]) => ({
      method: operation.method,
      path: path + query,
      ...sent,
      headers: { ...sent.headers, ...(match !== undefined && { 'if-match': match }) },
    }));
}
