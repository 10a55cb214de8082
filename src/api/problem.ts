import createError from 'http-errors';
import type { ErrorRequestHandler, RequestHandler, Response, Request } from 'express';
import { z } from 'zod';
import { messageOf } from '../domain/errors.js';
import { QueueUnavailableError } from '../jobs/enqueue.js';
import type { Actor } from './auth.js';
import { bodyMistake } from './body-mistake.js';
import type { ApiServices } from './define-route.js';
import { errorPage } from './pages/serve-pages.js';
import { ownPath } from './way-back.js';

const fieldError = z.object({
  field: z.string().describe('dotted path of the field, as the request named it'),
  message: z.string(),
});
export type FieldError = z.infer<typeof fieldError>;

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'Problem' });

/** 422 with the fields that are wrong and what they take. */
function invalidFields(errors: FieldError[]): Error {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return createError(422, detail, { fields: errors });
}

export function invalidField(field: string, message: string): Error {
  return invalidFields([{ field, message }]);
}

export function fromZod(error: z.ZodError): Error {
  return invalidFields(
    error.issues.flatMap((issue) => {
      const path = issue.path.map(String);
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
      if (unknown.length > 0)
        return unknown.map((key) => ({
          field: [...path, key].join('.'),
          message: 'is no field of this resource',
        }));
      if (issue.code === 'invalid_type' && issue.expected === 'object' && path.length === 0)
        return [{ field: 'body', message: 'takes a JSON object, {"name": value, …}, and nothing else' }];
      const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
      return [{ field: path.join('.') || 'body', message: missing ? 'is required' : issue.message }];
    }),
  );
}

export const notFound: RequestHandler = (request, _response, next) => {
  next(createError(404, `there is nothing at ${request.path}`));
};

/** RFC 9457; the one place where an error becomes an answer. Never a stack, never what a 5xx is about inside. */
export function problemHandler(
  services: Pick<ApiServices, 'logger' | 'version' | 'now'>,
): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    if (isOurFault(status)) {
      services.logger.error('request failed', {
        method: request.method,
        path: request.path,
        error: messageOf(error),
        stack: stackOf(error),
      });
    }
    const fields = fieldsOf(error);
    const body = {
      type: 'about:blank',
      title: titles[status] ?? 'Error',
      status,
      detail: isOurFault(status)
        ? 'something went wrong here; the log of the api says what'
        : (bodyMistake(error) ?? messageOf(error)),
      ...(fields && { errors: fields }),
    };
    response.status(status);
    if (isForPeople(request)) {
      response
        .type('html')
        .send(errorPage(body, services, ownPath(request.originalUrl), knownActor(response)));
    } else response.type('application/problem+json').send(JSON.stringify(body));
  };
}

/** A page, or a form that leaves one; what scripts of pages ask for is the API's. */
function isForPeople(request: Request): boolean {
  const isPage = request.method === 'GET' || ['/login', '/logout'].includes(request.path);
  return isPage && request.accepts(['json', 'html']) === 'html';
}

/** 502 and 503 are about somebody else, and say so. */
function isOurFault(status: number): boolean {
  return status >= 500 && status !== 502 && status !== 503;
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

function knownActor(response: Response): Actor | undefined {
  return response.locals['actor'] as Actor | undefined;
}

function statusOf(error: unknown): number {
  if (error instanceof QueueUnavailableError) return 503;
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

function fieldsOf(error: unknown): FieldError[] | undefined {
  return (error as { fields?: FieldError[] } | null)?.fields;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
