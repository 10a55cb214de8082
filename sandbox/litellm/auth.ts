import type { Reply } from '../reply.js';
import type { Call } from '../routes.js';
import { NO_DATABASE, proxyError } from './errors.js';
import { callerOf, hashOf, MASTER, type Caller } from './keys.js';
import type { Proxy } from './proxy.js';
import { refuseRoute } from './route-rights.js';
import { sentKey } from './sent-key.js';

/** An answer means that the request is refused. */
export function refuse(proxy: Proxy, call: Call): Reply | undefined {
  const known = identify(proxy, call);
  return 'refusal' in known ? known.refusal : refuseRoute(known.caller, call);
}

/** The sender of a request that `refuse` let pass. */
export function senderOf(proxy: Proxy, call: Call): Caller {
  const known = identify(proxy, call);
  return 'caller' in known ? known.caller : MASTER;
}

function identify(proxy: Proxy, call: Call): { caller: Caller } | { refusal: Reply } {
  const key = sentKey(call.headers);
  if (key === undefined) return unauthorized('No api key passed in.');
  if (key === '') return unauthorized('Malformed API Key passed in. Ensure Key has `Bearer ` prefix.');
  if (key === proxy.masterKey) return { caller: MASTER };
  if (!key.startsWith('sk-')) {
    return unauthorized(
      `LiteLLM Virtual Key expected. Received=${partly(key)}, expected to start with 'sk-'.`,
    );
  }
  if (!proxy.hasDatabase) {
    return { refusal: proxyError(400, 'No connected db.', 'no_db_connection', null) };
  }
  // A key that is not cached needs the database; without it the proxy still says 401.
  if (proxy.database.down) return unauthorized(NO_DATABASE);
  const known = proxy.keys.find((one) => one.key === key);
  const hash = hashOf(key);
  if (known?.expired === true) {
    const now = new Date().toISOString().replace('T', ' ').replace('Z', '000+00:00');
    const message = `Authentication Error - Expired Key. Key Expiry time ${now} and current time ${now}`;
    return { refusal: proxyError(400, message, 'expired_key', `sk-...${hash.slice(-4)}`) };
  }
  if (known !== undefined) return { caller: callerOf(known) };
  const message =
    `Authentication Error, Invalid proxy server token passed. Received API Key = sk-...${key.slice(-4)}, ` +
    `Key Hash (Token) =${hash}. Unable to find token in cache or \`LiteLLM_VerificationTokenTable\``;
  return { refusal: proxyError(401, message, 'token_not_found_in_db', 'key') };
}

function unauthorized(message: string): { refusal: Reply } {
  return { refusal: proxyError(401, `Authentication Error, ${message}`) };
}

function partly(key: string): string {
  return key.length <= 8 ? '****' : `${key.slice(0, 4)}****${key.slice(-4)}`;
}
