import { createHash } from 'node:crypto';
import createError from 'http-errors';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { QueueUnavailableError } from '../jobs/enqueue.js';
import { actorOf } from './auth.js';
import { emptyBody } from './body-mistake.js';
import type { ApiServices, Route } from './define-route.js';
import { isNestedDeeper } from './is-nested-deeper.js';
import { fromZod, invalidField } from './problem.js';

/** Parsing, comparing and pushing recurse, and SQLite and LiteLLM's Python end at about 1,000. */
const mostLevels = 100;

/** A declared route as Express runs it: parse, ask the handler, answer. */
export function serve(route: Route, services: ApiServices): RequestHandler {
  return async (request, response) => {
    const params = read(route.params, request.params);
    const query = read(route.query, request.query);
    const body = route.body === undefined ? undefined : read(route.body, bodyOf(request, route));
    const ifMatch = route.versioned ? versionWanted(request) : undefined;
    if (route.needsQueue && !(await services.isQueueAlive())) {
      throw new QueueUnavailableError(
        'Redis does not answer, so nothing was changed; try again when it is back',
      );
    }
    const signal = gone(response);
    const reply = await route.handle(
      { params, query, body, actor: actorOf(response), ifMatch, signal },
      services,
    );
    if (route.versioned) response.set('ETag', etagOf(reply as { edit_version: number }));
    response.status(statusOf(route, reply)).json(reply);
  };
}

function statusOf({ status = 200 }: Route, reply: unknown): number {
  return typeof status === 'number' ? status : status.of(reply);
}

function read(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fromZod(parsed.error);
  return parsed.data;
}

function bodyOf(request: Request, route: Route): unknown {
  const hasBody = request.get('transfer-encoding') !== undefined || Number(request.get('content-length')) > 0;
  if (!hasBody) {
    if (route.bodyOptional) return {};
    if (/^application\/json\b/i.test(request.get('content-type') ?? '')) throw createError(400, emptyBody);
  }
  if (request.is('application/json')) {
    if (isNestedDeeper(request.body, mostLevels))
      throw invalidField('body', `takes at most ${mostLevels} levels of lists and objects in each other`);
    return request.body;
  }
  if (request.is('application/x-www-form-urlencoded') && route.fromForm) {
    return route.fromForm(request.body as Record<string, unknown>);
  }
  const takes = route.fromForm ? 'application/json or application/x-www-form-urlencoded' : 'application/json';
  throw createError(415, `send the body as ${takes}`);
}

/** `"<edit version>-<digest>"`: the digest changes with anything that is shown, the version with people's edits only. */
function etagOf(reply: { edit_version: number }): string {
  const digest = createHash('sha256').update(JSON.stringify(reply)).digest('base64url').slice(0, 12);
  return `"${reply.edit_version}-${digest}"`;
}

/**
 * `If-Match` with an ETag of ours compares the edit version alone: what a sync learned meanwhile is no reason to refuse
 * an edit.
 */
function versionWanted(request: Request): number | undefined {
  const header = request.get('if-match');
  if (header === undefined || header.trim() === '*') return undefined;
  const version = /^(?:W\/)?"(\d{1,15})(?:-[\w-]*)?"$/.exec(header.trim())?.[1];
  if (version === undefined) {
    throw createError(412, 'If-Match takes the ETag of an earlier answer; read the resource again');
  }
  return Number(version);
}

function gone(response: Response): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new Error('the client went away'));
  if (response.closed) abort();
  else response.once('close', abort);
  return controller.signal;
}
