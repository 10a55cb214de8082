import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { Reply } from '../reply.js';
import { NO_DATABASE, proxyError } from './errors.js';

/** Takes the key from the first header present, in the proxy's order; an answer means the request is refused. */
export function refuse(
  headers: IncomingHttpHeaders,
  masterKey: string,
  databaseDown: boolean,
): Reply | undefined {
  const key = keyOf(headers);
  if (key === undefined) return unauthorized('No api key passed in.');
  if (key === '') return unauthorized('Malformed API Key passed in. Ensure Key has `Bearer ` prefix.');
  if (key === masterKey) return undefined;
  if (!key.startsWith('sk-')) {
    return unauthorized(
      `LiteLLM Virtual Key expected. Received=${partly(key)}, expected to start with 'sk-'.`,
    );
  }
  // A key that is not cached needs the database; without it the proxy still says 401.
  if (databaseDown) return unauthorized(NO_DATABASE);
  const hash = createHash('sha256').update(key).digest('hex');
  return proxyError(
    401,
    `Authentication Error, Invalid proxy server token passed. Received API Key = sk-...${key.slice(-4)}, ` +
      `Key Hash (Token) =${hash}. Unable to find token in cache or \`LiteLLM_VerificationTokenTable\``,
    'token_not_found_in_db',
    'key',
  );
}

function unauthorized(message: string): Reply {
  return proxyError(401, `Authentication Error, ${message}`);
}

/** `undefined`: no header at all; `''`: an Authorization that is no bearer token. */
function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const own = first(headers['x-litellm-api-key']);
  if (own !== undefined) return /^bearer /i.test(own) ? own.slice('bearer '.length) : own;
  const { authorization } = headers;
  if (authorization !== undefined) {
    if (/^(bearer|basic) ./i.test(authorization)) return authorization.slice(authorization.indexOf(' ') + 1);
    return '';
  }
  return (
    first(headers['api-key']) ??
    first(headers['x-api-key']) ??
    first(headers['x-goog-api-key']) ??
    first(headers['ocp-apim-subscription-key'])
  );
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function partly(key: string): string {
  return key.length <= 8 ? '****' : `${key.slice(0, 4)}****${key.slice(-4)}`;
}
