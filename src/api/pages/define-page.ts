import type { z } from 'zod';
import type { Scope } from '../../domain/scope.js';
import type { Actor } from '../auth.js';
import type { ApiServices } from '../define-route.js';

/** The words of the navigation; a page stands under one of them. */
export const sections = ['overview', 'models', 'providers', 'litellm', 'runs', 'settings'] as const;
export type Section = (typeof sections)[number];

export interface PageInput<P, Q> {
  params: P;
  query: Q;
  actor: Actor;
}

export interface Page<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  D extends object = object,
> {
  /** The first is the address; from the others, the predecessor's, browsers are led there. */
  paths: [string, ...string[]];
  section: Section;
  /** Below `web/views/`, without `.eta`. */
  view: string;
  /** 401 and 403 as on every route; `read` unless told. */
  scope?: Scope;
  params?: P;
  /** What does not parse counts as not given: an old link must not end in an error. */
  query?: Q;
  title: (data: D) => string;
  load(input: PageInput<z.output<P>, z.output<Q>>, services: ApiServices): Promise<D>;
}

/** Pages only read. Every change goes through the REST API, from forms and buttons that name their route. */
export function definePage<P extends z.ZodType, Q extends z.ZodType, D extends object>(
  page: Page<P, Q, D>,
): Page {
  return page as unknown as Page;
}
