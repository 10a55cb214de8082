import { isObject, type JsonObject } from '../json.js';
import { json, type Reply } from '../reply.js';
import type { Call, Route } from '../routes.js';
import { bodyOf } from './bodies.js';
import type { Credential } from './credentials.js';
import { invalid, NO_DATABASE, proxyError } from './errors.js';
import { soundsSecret } from './masking.js';
import type { Proxy } from './proxy.js';

const SERVER_ERROR = 'internal_server_error';

export function credentialRoutes(proxy: Proxy): Route[] {
  const done = (what: string) => json({ success: true, message: `Credential ${what} successfully` });

  function create(call: Call): Reply {
    const sent = bodyOf(call);
    if ('refusal' in sent) return sent.refusal;
    const { credential_name: name, credential_values: values, credential_info: info } = sent.body;
    if (!isObject(values)) {
      const msg = 'Value error, Either credential_values or model_id must be set';
      return invalid('value_error', ['body'], msg, sent.body, { error: {} });
    }
    if (!isObject(info)) return invalid('missing', ['body', 'credential_info'], 'Field required', sent.body);
    if (proxy.database.down) return failed(NO_DATABASE);
    const credential = { credential_name: String(name), credential_values: values, credential_info: info };
    if (proxy.credentials.create(credential)) return done('created');
    return failed('Unique constraint failed on the fields: (`credential_name`)');
  }

  function byName(call: Call): Reply {
    const name = nameOf(call);
    const found = proxy.credentials.find(name);
    if (found !== undefined) return json(shown(found));
    return proxyError(404, `Credential not found. Got credential name: ${name}`, SERVER_ERROR);
  }

  function change(call: Call): Reply {
    const sent = bodyOf(call);
    if ('refusal' in sent) return sent.refusal;
    const { credential_values: values, credential_info: info } = sent.body;
    const known = proxy.credentials.change(nameOf(call), objectOr(values), objectOr(info));
    return known ? done('updated') : json(NOT_FOUND_WITH_200);
  }

  const named = (method: string, base: string, handle: (call: Call) => Reply): Route[] =>
    [':a', ':a/:b', ':a/:b/:c'].map((name) => ({ method, path: `${base}/${name}`, handle }));

  return [
    { method: 'POST', path: '/credentials', handle: create },
    {
      method: 'GET',
      path: '/credentials',
      handle: () => json({ success: true, credentials: proxy.credentials.list().map(shown) }),
    },
    ...named('GET', '/credentials/by_name', byName),
    ...named('PATCH', '/credentials', change),
    ...named('DELETE', '/credentials', (call) => {
      proxy.credentials.remove(nameOf(call));
      return done('deleted');
    }),
  ];
}

// The status says 200 although nothing was found; only `code` tells.
const NOT_FOUND_WITH_200 = {
  message: 'Credential not found in DB.',
  type: SERVER_ERROR,
  param: 'None',
  openai_code: 404,
  code: '404',
  headers: {},
  provider_specific_fields: null,
};

function nameOf({ params }: Call): string {
  return [params['a'], params['b'], params['c']].filter((part) => part !== undefined).join('/');
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function failed(message: string): Reply {
  return proxyError(500, `Internal Server Error, ${message}`, SERVER_ERROR);
}

function shown(credential: Credential): Credential {
  const values = Object.entries(credential.credential_values).map(([key, value]) => [
    key,
    soundsSecret(key) && typeof value === 'string' ? masked(value) : value,
  ]);
  return { ...credential, credential_values: Object.fromEntries(values) as JsonObject };
}

function masked(secret: string): string {
  return secret.length < 8 ? '*****' : `${secret.slice(0, 2)}****${secret.slice(-2)}`;
}
