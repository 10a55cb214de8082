import { PermanentError } from '../domain/errors.js';
import type { HttpReply } from './http.js';
import { throwForLitellmFault } from './litellm-fault.js';
import { errorMessage, quote, throwForStatus } from './reply.js';

/** Returns for 2xx. Says in our words what LiteLLM's admin routes refuse; its own are Python, and repeat keys and hashes. */
export function throwForLitellmAnswer(reply: HttpReply, who: string): void {
  const { status } = reply;
  if (status >= 200 && status < 300) return;
  throwForLitellmFault(reply, who);
  const message = errorMessage(reply.text);
  if (/STORE_MODEL_IN_DB|only supported for DB-stored models/i.test(message)) {
    throw new PermanentError(
      `${who} does not keep models in its database: set STORE_MODEL_IN_DB=True for it and restart it`,
    );
  }
  if (/config-based model/i.test(message)) {
    throw new PermanentError(`${who} has this model from its config.yaml: it can be changed only there`);
  }
  if (status === 403 && /enterprise|licen[cs]e/i.test(message)) {
    throw new PermanentError(
      `${who} wants an Enterprise licence for this (${status}): remove team_id and the like`,
    );
  }
  if (status === 401) {
    throw new PermanentError(
      reply.keySent
        ? `${who} refused the API key (401): use the master key, or a key of a user with the role proxy_admin`
        : `${who} wants an API key (401)`,
    );
  }
  if (status === 403 && /not allowed to call this route/i.test(message)) {
    throw new PermanentError(
      `${who} does not allow this key the route (403): add /model/* and /v2/model/info to its allowed_routes`,
    );
  }
  if (status === 403 && message !== '') {
    throw new PermanentError(
      `${who} refused this (403): the key must be the master key, or belong to a user with the role proxy_admin`,
    );
  }
  if (status === 400 || status === 422) {
    const said = quote(reply);
    throw new PermanentError(
      `${who} refused the request (${status})${said === '' ? '' : `: ${unwrapped(said)}`}`,
    );
  }
  throwForStatus(reply, who);
}

/** `{'error': '…'}`: LiteLLM prints Python objects into its messages. */
function unwrapped(message: string): string {
  return /^\{'error': ['"](.*?)['"]\}?$/.exec(message)?.[1] ?? message;
}
