import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { json } from '../domain/json.js';
import type { Route } from './define-route.js';
import { problemReply, rawPaths } from './openapi-raw.js';

/** The OpenAPI 3.1 document, made from the same declarations and schemas that serve and validate. */
export function openApiDocument(routes: Route[], version: string) {
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'LiteLLM Updater',
        version,
        description:
          'Keeps a LiteLLM proxy’s model list equal to what your model servers really serve. Errors are RFC 9457 ' +
          'problem documents. Lists take `limit` (1 to 500) and `offset`. Times are ISO 8601 in UTC.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      security: [{ bearer: [] }, { session: [] }],
      tags: [
        ...[...new Set(routes.map((route) => route.group))].map((name) => ({ name })),
        { name: aliases, description: 'The same routes by the names that the predecessor’s scripts use.' },
      ],
      paths: { ...rawPaths, ...pathsOf(routes) },
      components: {
        schemas: { Json: json },
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'the admin token, or one of /api/tokens' },
          session: { type: 'apiKey', in: 'cookie', name: 'litellm_updater_session' },
        },
      },
    },
    { reused: 'inline' },
  );
}

/** The group of paths that are not the name of their route. */
const aliases = 'other names';

function pathsOf(routes: Route[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    for (const [index, path] of route.paths.entries()) {
      const template = path.replaceAll(/:(\w+)/g, '{$1}');
      const methods = (paths[template] ??= {});
      // As in Express, the first declaration of a method and path answers.
      methods[route.method] ??= operation(route, path, index > 0);
    }
  }
  return paths;
}

function operation(route: Route, path: string, isAlias: boolean): ZodOpenApiOperationObject {
  const { body, query, params } = route;
  return {
    operationId: operationId(route.method, path),
    tags: [isAlias ? aliases : route.group],
    summary: route.summary,
    description: `${namesOf(route, isAlias)}Needs a token with the scope \`${route.scope}\`.`,
    ...(isAlias && { deprecated: true }),
    requestParams: {
      ...(params && { path: params as z.ZodObject }),
      ...(query && { query: query as z.ZodObject }),
      ...(takesIfMatch(route) && { header: ifMatch }),
    },
    ...(body && { requestBody: { required: !route.bodyOptional, content: contentOf(route, body) } }),
    responses: { ...successes(route), ...failures(route) },
  };
}

function namesOf({ paths: [name, ...others] }: Route, isAlias: boolean): string {
  if (isAlias) return `Another name of \`${name}\`, which to prefer. `;
  return others.length === 0 ? '' : `Also answers at ${others.map((path) => `\`${path}\``).join(', ')}. `;
}

/** A change to what is there already. */
function takesIfMatch({ versioned, method, status }: Route): boolean {
  return versioned === true && method !== 'get' && status !== 201;
}

const ifMatch = z.object({
  'If-Match': z
    .string()
    .optional()
    .describe('the ETag that was read; 412 when somebody else edited it meanwhile'),
});

function contentOf(route: Route, body: z.ZodType) {
  return {
    'application/json': { schema: body },
    ...(route.fromForm &&
      body instanceof z.ZodObject && {
        'application/x-www-form-urlencoded': { schema: formOf(body) },
      }),
  };
}

/** A form's fields are texts: an empty one clears, an absent one keeps. */
function formOf(body: z.ZodObject): z.ZodObject {
  return z.object(
    Object.fromEntries(
      Object.entries(body.shape).map(([name, field]) => {
        const required = !(field as z.ZodType).safeParse(undefined).success;
        return [name, required ? z.string() : z.string().optional()];
      }),
    ),
  );
}

function successes(route: Route) {
  const { status = 200, reply, versioned } = route;
  const statuses = typeof status === 'number' ? [status] : status.among;
  const headers = versioned && {
    ETag: { description: 'for If-Match', schema: { type: 'string' as const }, required: true },
  };
  return Object.fromEntries(
    statuses.map((each) => [
      each,
      {
        description: each === 202 ? 'accepted; the work goes on by itself' : 'done',
        content: { 'application/json': { schema: reply } },
        ...(headers && { headers }),
      },
    ]),
  );
}

function failures(route: Route) {
  const known: Record<number, string> = {
    401: 'no valid token or session',
    // Every token reads, and reading is nobody's harm: no other site is kept from asking.
    ...((route.scope !== 'read' || route.method !== 'get') && {
      403: 'the token’s scope is too small, or a browser’s request comes from another site',
    }),
    ...(route.body && { 413: 'the body is larger than 1 MB', 415: 'the body is of another type' }),
    ...((route.body ?? route.params) && { 400: 'the request cannot be read' }),
    ...((route.body ?? route.query ?? route.params) && { 422: 'fields are wrong; `errors` names them' }),
    ...(takesIfMatch(route) && { 412: 'somebody else edited it meanwhile' }),
    ...(route.needsQueue && { 503: 'Redis does not answer; nothing was changed' }),
    ...route.problems,
  };
  return Object.fromEntries(
    Object.entries(known).map(([status, description]) => [status, problemReply(description)]),
  );
}

/** `get_api_providers_id`: unique, and stable as long as the path is. */
function operationId(method: string, path: string): string {
  return `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, '_')}`.replace(/_$/, '');
}
