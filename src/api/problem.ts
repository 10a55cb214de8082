import createError from 'http-errors';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { z } from 'zod';
import { messageOf } from '../domain/errors.js';
import { QueueUnavailableError } from '../jobs/enqueue.js';
import type { Logger } from '../logger.js';

export interface FieldError {
  /** Dotted path of the field, as the request named it. */
  field: string;
  message: string;
}

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
      const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
      return [{ field: path.join('.') || 'body', message: missing ? 'is required' : issue.message }];
    }),
  );
}

export const notFound: RequestHandler = (request, _response, next) => {
  next(createError(404, `there is nothing at ${request.path}`));
};

/** RFC 9457; the one place where an error becomes an answer. Never a stack, never what a 5xx is about inside. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    if (status >= 500 && status !== 503) {
      logger.error('request failed', {
        method: request.method,
        path: request.path,
        error: messageOf(error),
        stack: stackOf(error),
      });
    }
    const fields = fieldsOf(error);
    response
      .status(status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: titles[status] ?? 'Error',
          status,
          detail:
            status >= 500 && status !== 503
              ? 'something went wrong here; the log of the api says what'
              : messageOf(error),
          ...(fields && { errors: fields }),
        }),
      );
  };
}

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

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
