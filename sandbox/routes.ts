import type { IncomingHttpHeaders } from 'node:http';

import type { RequestKind } from './counters.js';
import type { Reply } from './reply.js';

export interface Call {
  method: string;
  /** Decoded, without the query. */
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface Route {
  method: string;
  /** Segments that begin with a colon are parameters. */
  path: string;
  kind?: RequestKind;
  handle: (call: Call) => Reply | Promise<Reply>;
}

export interface RouteMatch {
  route?: Route;
  params: Record<string, string>;
  /** Methods that the path would have had; empty for an unknown path. */
  allowed: string[];
}

/** HEAD is served by GET. Segments are compared as given: decode them before or after, as the imitated server does. */
export function matchRoute(routes: Route[], method: string, segments: string[]): RouteMatch {
  const allowed: string[] = [];
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of routes) {
    const params = paramsOf(route.path.split('/'), segments);
    if (params === undefined) continue;
    if (route.method === wanted) return { route, params, allowed };
    allowed.push(route.method);
  }
  return { params: {}, allowed };
}

function paramsOf(template: string[], segments: string[]): Record<string, string> | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
