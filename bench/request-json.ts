import { Failure } from './failure.js';

const timeoutMs = 30_000;

export interface Request {
  method?: string;
  token?: string;
  body?: unknown;
  signal: AbortSignal;
}

/** JSON in, JSON out; anything but a 2xx is a Failure that shows the answer. */
export async function requestJson<T = any>(url: string, request: Request): Promise<T> {
  const { method = 'GET', token, body, signal } = request;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Failure(`${method} ${url} failed: ${String((error as Error).cause ?? error)}`);
  });
  const text = await response.text();
  if (!response.ok) throw new Failure(`${method} ${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}
