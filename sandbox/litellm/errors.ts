import { json, text, type Reply } from '../reply.js';

/** LiteLLM's ProxyException; `code` is a string there too. */
export function proxyError(
  status: number,
  message: string,
  type: string | null = 'auth_error',
  param: string | null = 'None',
) {
  return json({ error: { message, type, param, code: String(status) } }, status);
}

/** A dict as the detail of an error is shown as Python's repr, with Python's choice of quotes. */
export function pythonDictError(status: number, message: string, type = 'auth_error'): Reply {
  const quoted = message.includes("'") && !message.includes('"') ? `"${message}"` : `'${message}'`;
  return proxyError(status, `{'error': ${quoted}}`, type);
}

export function detailError(status: number, error: string): Reply {
  return json({ detail: { error } }, status);
}

export function plain500(): Reply {
  return text('Internal Server Error', 500);
}

/** One entry of FastAPI's validation answer. */
export function invalid(
  type: string,
  loc: (string | number)[],
  msg: string,
  input: unknown,
  ctx?: unknown,
): Reply {
  return json({ detail: [{ type, loc, msg, input, ...(ctx === undefined ? {} : { ctx }) }] }, 422);
}

export const NO_DATABASE = "Can't reach database server at `127.0.0.1`:`5432`";
export const NO_DATABASE_CONFIGURED =
  "No DB Connected. Here's how to do it - https://docs.litellm.ai/docs/proxy/virtual_keys";
export const DATABASE_NOT_CONNECTED = 'DB not connected. See https://docs.litellm.ai/docs/proxy/virtual_keys';
export const NOT_STORING = "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature.";
export const NOT_ADDED = 'Failed to add model to db. Check your server logs for more details.';

/** Newer versions say so when a saved row cannot be served; older ones answer 200. */
export function savedButNotLive(what: 'create' | 'update'): Reply {
  const message = `Model ${what} was saved to the database, but the deployment is not live on this worker.`;
  return proxyError(500, message, 'internal_server_error', null);
}
