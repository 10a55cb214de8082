import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Counters } from './counters.js';
import { deliver } from './deliver.js';
import { Faults, type FaultPlan } from './faults.js';
import { pause } from './pause.js';
import { text, type Reply } from './reply.js';
import { matchRoute, type Call, type Route, type RouteMatch } from './routes.js';

export const CONTROL_PREFIX = '/__sandbox/';

export interface ServerOptions {
  port?: number;
  routes: Route[];
  /** Routes under /__sandbox/: not counted, never spoilt by faults. */
  control?: (server: StandInServer) => Route[];
  /** Runs before every known route; an answer ends the request. */
  guard?: (call: Call) => Reply | undefined;
  notFound: (call: Call) => Reply;
  wrongMethod: (call: Call, allowed: string[]) => Reply;
  /** Answers `/known/path/` with a 307 to `/known/path`, as FastAPI does. */
  redirectSlash?: boolean;
  headers?: Record<string, string>;
  /** How many requests `requests` remembers. */
  keepRequests?: number;
}

export interface LoggedRequest {
  method: string;
  path: string;
  search: string;
  at: number;
}

export interface StandInServer {
  url: string;
  port: number;
  faults: Faults;
  counters: Counters;
  /** The latest requests, oldest first. */
  requests: LoggedRequest[];
  /** Closes the port and cuts every connection; `up` listens on the same port again. */
  down: () => Promise<void>;
  up: () => Promise<void>;
  close: () => Promise<void>;
}

/** A real HTTP server on 127.0.0.1. Closing it is immediate: open connections are cut. */
export async function startServer(options: ServerOptions): Promise<StandInServer> {
  const faults = new Faults();
  const counters = new Counters();
  const requests: LoggedRequest[] = [];
  const http = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else void deliver(response, text(`stand-in failed: ${String(error)}`, 500), []);
    });
  });

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(port, '127.0.0.1', () => {
        http.off('error', reject);
        resolve();
      });
    });
  const down = () =>
    new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });

  await listen(options.port ?? 0);
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const server: StandInServer = {
    url,
    port,
    faults,
    counters,
    requests,
    down,
    up: () => listen(port),
    close: down,
  };
  const control = options.control?.(server) ?? [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const { pathname, search, searchParams } = new URL(request.url ?? '/', url);
    const path = decoded(pathname);
    const call: Call = {
      method,
      path,
      params: {},
      query: searchParams,
      headers: request.headers,
      text: await bodyOf(request),
    };
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value);

    if (pathname.startsWith(CONTROL_PREFIX)) {
      const match = matchRoute(control, method, pathname.split('/').map(decoded));
      const reply = await match.route?.handle({ ...call, params: match.params });
      await deliver(response, reply ?? options.notFound(call), []);
      return;
    }

    const match = matchRoute(options.routes, method, path.split('/'));
    const template = match.route?.path ?? '(unknown)';
    counters.count(`${method} ${template}`, match.route?.kind ?? 'other');
    requests.push({ method, path, search, at: Date.now() });
    if (requests.length > (options.keepRequests ?? 1000)) requests.shift();

    const plan = faults.plan({ method, path, search, template });
    if (plan.delayMs > 0) await pause(plan.delayMs);
    await finish(plan, response, () => handled({ ...call, params: match.params }, match));
  }

  async function handled(call: Call, match: RouteMatch): Promise<Reply> {
    if (match.route !== undefined) return options.guard?.(call) ?? (await match.route.handle(call));
    if (match.allowed.length > 0) return options.wrongMethod(call, match.allowed);
    if (options.redirectSlash === true && call.path.length > 1 && call.path.endsWith('/')) {
      const target = call.path.slice(0, -1);
      const known = matchRoute(options.routes, call.method, target.split('/'));
      const query = call.query.size > 0 ? `?${call.query.toString()}` : '';
      if (known.route !== undefined) return text('', 307, { location: `${url}${target}${query}` });
    }
    return options.notFound(call);
  }

  return server;
}

async function finish(
  plan: FaultPlan,
  response: ServerResponse,
  handle: () => Promise<Reply>,
): Promise<void> {
  if (plan.instead === 'hang') return;
  if (plan.instead === 'drop') response.destroy();
  else await deliver(response, plan.instead ?? (await handle()), plan.afterwards);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
