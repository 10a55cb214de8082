import { requestJson } from './request-json.js';
import type { StandIns } from './start-stand-ins.js';

/** Requests by "METHOD /route". */
export type RouteCounts = Record<string, number>;

export interface Calls {
  providers: RouteCounts;
  litellm: RouteCounts;
}

/** What has arrived so far. */
export async function countCalls(standIns: StandIns, signal: AbortSignal): Promise<Calls> {
  const read = async (url: string) =>
    (await requestJson<{ routes: RouteCounts }>(`${url}/__sandbox/counters`, { signal })).routes;
  const providers: RouteCounts = {};
  for (const counts of await Promise.all([...standIns.ollama, ...standIns.openai].map(read))) {
    for (const [route, count] of Object.entries(counts)) providers[route] = (providers[route] ?? 0) + count;
  }
  return { providers, litellm: await read(standIns.litellm) };
}

export function callsBetween(before: Calls, after: Calls): Calls {
  const minus = (now: RouteCounts, then: RouteCounts) =>
    Object.fromEntries(
      Object.entries(now)
        .map(([route, count]) => [route, count - (then[route] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
  return {
    providers: minus(after.providers, before.providers),
    litellm: minus(after.litellm, before.litellm),
  };
}

export function sum(counts: RouteCounts, wanted: (route: string) => boolean = () => true): number {
  return Object.entries(counts).reduce((total, [route, count]) => total + (wanted(route) ? count : 0), 0);
}

export const isList = (route: string) => route === 'GET /api/tags' || route === 'GET /v1/models';
export const isShow = (route: string) => route === 'POST /api/show';
export const isListing = (route: string) => route === 'GET /v2/model/info';
export const isVersion = (route: string) => route === 'GET /public/model_hub/info';
export const isWrite = (route: string) => !route.startsWith('GET ');
