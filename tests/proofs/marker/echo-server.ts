import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server that repeats the keys it got may do so. */
export const echoes = {
  json401: { status: 401, type: 'application/json' },
  json403: { status: 403, type: 'application/json' },
  json400: { status: 400, type: 'application/json' },
  json404: { status: 404, type: 'application/json' },
  json422: { status: 422, type: 'application/json' },
  json429: { status: 429, type: 'application/json' },
  json500: { status: 500, type: 'application/json' },
  json503: { status: 503, type: 'application/json' },
  text400: { status: 400, type: 'text/plain' },
  html200: { status: 200, type: 'text/html' },
  json200: { status: 200, type: 'application/json' },
  redirect: { status: 302, type: 'text/plain' },
  models: { status: 200, type: 'application/json' },
} as const;

export interface EchoServer {
  url: string;
  manner: keyof typeof echoes;
  /** How many requests it got. */
  calls: number;
  close(): Promise<void>;
}

/** Puts all headers and the body that it got into its body, its headers and its redirects. */
export async function startEchoServer(): Promise<EchoServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      echo.calls += 1;
      const { status, type } = echoes[echo.manner];
      const got = String(request.headers.authorization ?? request.headers['x-api-key'] ?? 'nothing');
      const key = got.replace(/^\w+ /, '');
      response.writeHead(status, {
        'content-type': type,
        'x-echo': key,
        'www-authenticate': `Bearer error="${encodeURIComponent(key)}"`,
        'set-cookie': `key=${encodeURIComponent(key)}`,
        ...(echo.manner === 'redirect' && { location: `/login?key=${encodeURIComponent(key)}` }),
        ...(echo.manner === 'json429' && { 'retry-after': '1' }),
      });
      response.end(bodyOf(echo.manner, key, Buffer.concat(chunks).toString()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const echo: EchoServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: 'json401',
    calls: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return echo;
}

function bodyOf(manner: EchoServer['manner'], key: string, body: string): string {
  const said = `the key ${key} (Authorization: Bearer ${key}, ${Buffer.from(key).toString('base64')}, ${encodeURIComponent(key)}) is not good`;
  if (manner === 'text400') return said;
  if (manner === 'html200') return `<!doctype html><p>${said} ${body}`;
  if (manner === 'models')
    return JSON.stringify({ data: [{ id: 'echoed', owned_by: key, api_key: key, key }] });
  if (manner === 'json422')
    return JSON.stringify({
      detail: [{ loc: ['body', 'api_key'], msg: said, input: { api_key: key, body } }],
    });
  return JSON.stringify({ error: { message: said, param: key, body }, api_key: key });
}
