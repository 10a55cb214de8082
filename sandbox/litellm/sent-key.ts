import type { IncomingHttpHeaders } from 'node:http';

/** The key from the first header present, in the proxy's order. `undefined`: none; `''`: an Authorization that is no bearer token. */
export function sentKey(headers: IncomingHttpHeaders): string | undefined {
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
