import type { z } from 'zod';
import type { Scope } from '../domain/scope.js';
import type { CatalogueReader, Destination } from '../domain/ports.js';
import type { JobServices } from '../jobs/define-job.js';
import type { Queues } from '../jobs/queues.js';
import type { Actor } from './auth.js';
import type { RedisCommand } from './login-limit.js';

/** What a handler may use. */
export interface ApiServices extends Pick<JobServices, 'stores' | 'now' | 'logger'> {
  queues: Queues;
  /** For connection tests and live looks; syncs and pushes are the worker's. */
  catalogues: CatalogueReader;
  destination: Destination;
  /** True when Redis answers now. */
  isQueueAlive(): Promise<boolean>;
  redisCommand: RedisCommand;
  /** Of everything that this installation keeps in Redis. */
  prefix: string;
  version: string;
}

export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  actor: Actor;
  /** The version that the client edited, from `If-Match`; undefined when it did not say. */
  ifMatch: number | undefined;
  /** Aborted when the client went away. */
  signal: AbortSignal;
}

export type RouteGroup =
  'providers' | 'models' | 'destination' | 'runs' | 'settings' | 'tokens' | 'diagnostics';

export interface Route<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** The first is the name; the others keep working for the predecessor's scripts. Express's path syntax. */
  paths: [string, ...string[]];
  group: RouteGroup;
  summary: string;
  /** What a token needs to do this. */
  scope: Scope;
  params?: P;
  query?: Q;
  body?: B;
  /** Turns a form's texts into the JSON that `body` takes; without it the route takes JSON only. */
  fromForm?: (fields: Record<string, unknown>) => Record<string, unknown>;
  /** A request without any body counts as `{}`. */
  bodyOptional?: boolean;
  reply: R;
  /** 200 unless told; the function decides by the reply among these. */
  status?: number | { among: number[]; of: (reply: z.input<R>) => number };
  /** What may go wrong besides 401, 403, 422 and 500, by status, in words for the document. */
  problems?: Partial<Record<400 | 404 | 409 | 412 | 502 | 503, string>>;
  /** The reply has an `edit_version`: it is sent as `ETag`, and a change may ask for it with `If-Match`. */
  versioned?: boolean;
  /** Needs Redis: answers 503 before anything is changed. */
  needsQueue?: boolean;
  handle(
    input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>,
    services: ApiServices,
  ): Promise<z.input<R>>;
}

/** One grammar for every way in: Express and the OpenAPI document are made from it. */
export function defineRoute<
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends z.ZodType,
>(route: Route<P, Q, B, R>): Route {
  return route;
}
