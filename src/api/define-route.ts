import type { z } from 'zod';
import type { JobServices } from '../jobs/define-job.js';
import type { Queues } from '../jobs/queues.js';

/** What a handler may use. */
export interface ApiServices extends Pick<JobServices, 'stores' | 'now' | 'logger'> {
  queues: Queues;
  /** True when Redis answers now. */
  isQueueAlive(): Promise<boolean>;
  version: string;
}

export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** Who asks, for the audit trail. */
  actor: string;
}

export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** The first is the name; the others keep working for the predecessor's scripts. Express's path syntax. */
  paths: [string, ...string[]];
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Turns a form's texts into the JSON that `body` takes; without it the route takes JSON only. */
  fromForm?: (fields: Record<string, unknown>) => Record<string, unknown>;
  reply: R;
  /** 200 unless told. */
  status?: number;
  /** Needs Redis: answers 503 before anything is changed. */
  needsQueue?: boolean;
  handle(
    input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>,
    services: ApiServices,
  ): Promise<z.input<R>>;
}

/** One grammar for every way in: Express (and later the OpenAPI document) is made from it. */
export function defineRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
>(route: Route<P, Q, B, R>): Route {
  return route;
}
