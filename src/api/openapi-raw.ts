import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { problem } from './problem.js';

const health = z.object({ status: z.string(), service: z.string(), version: z.string() });
const readiness = z.object({
  status: z.enum(['ready', 'not ready']),
  checks: z.object({ database: z.boolean(), redis: z.boolean() }),
});

const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
const text = (type: string) => ({ [type]: { schema: z.string() } });

export const problemReply = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
});
const behindLogin = { 401: problemReply('no valid token or session') };

const alive = (operationId: string) => ({
  get: {
    operationId,
    tags: ['diagnostics'],
    summary: 'The process lives',
    security: [],
    responses: { 200: { description: 'it does', content: json(health) } },
  },
});

/** What is not JSON, or is open to everybody, and so not declared as a route. */
export const rawPaths: ZodOpenApiPathsObject = {
  '/livez': alive('livez'),
  '/health': alive('health'),
  '/readyz': {
    get: {
      operationId: 'readyz',
      tags: ['diagnostics'],
      summary: 'Database and Redis answer',
      security: [],
      responses: {
        200: { description: 'ready', content: json(readiness) },
        503: { description: 'not ready', content: json(readiness) },
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['diagnostics'],
      summary: 'Prometheus metrics',
      responses: {
        200: { description: 'text exposition format', content: text('text/plain') },
        ...behindLogin,
      },
    },
  },
  '/api/events': {
    get: {
      operationId: 'events',
      tags: ['runs'],
      summary: 'Server-sent events: progress of runs, changes of models, counts of queues',
      responses: {
        200: { description: 'a stream without end', content: text('text/event-stream') },
        ...behindLogin,
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      tags: ['diagnostics'],
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: json(z.record(z.string(), z.unknown())) },
        ...behindLogin,
      },
    },
  },
};
