import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** An object or array is sent as JSON. */
  body?: unknown;
}

export type Handle = (
  request: SeenRequest,
  response: http.ServerResponse,
) => Answer | undefined | Promise<Answer | undefined>;

export interface LocalServer {
  url: string;
  seen: SeenRequest[];
  close(): Promise<void>;
}

const open: LocalServer[] = [];

/** A real server on a free port of loopback. A handler that returns nothing has answered, or left the caller waiting, itself. */
export async function localServer(handle: Handle): Promise<LocalServer> {
  const seen: SeenRequest[] = [];
  const server = http.createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      seen.push(request);
      Promise.resolve()
        .then(() => handle(request, response))
        .then(
          (answer) => answer && send(response, answer),
          (error: unknown) => response.destroy(error as Error), // a broken handler fails its test at once
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const local = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  open.push(local);
  return local;
}

/** For `afterEach`. */
export async function closeLocalServers(): Promise<void> {
  await Promise.all(open.splice(0).map((server) => server.close()));
}

export function sample(path: string): string {
  return readFileSync(new URL(`../fixtures/samples/${path}`, import.meta.url), 'utf8');
}

/** The answer of a recorded LiteLLM 1.81.15. */
export function recorded(name: string): Answer {
  const text = readFileSync(new URL(`../fixtures/litellm/${name}.json`, import.meta.url), 'utf8');
  const { response } = JSON.parse(text) as {
    response: { status: number; body?: unknown; body_text?: string };
  };
  const { status, body, body_text: plain } = response;
  return plain === undefined
    ? { status, body }
    : { status, headers: { 'content-type': 'text/plain' }, body: plain };
}

function send(response: http.ServerResponse, { status = 200, headers = {}, body = '' }: Answer): void {
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(raw ? body : JSON.stringify(body));
}
