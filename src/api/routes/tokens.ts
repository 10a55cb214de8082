import createError from 'http-errors';
import { z } from 'zod';
import { scopes } from '../../domain/scope.js';
import type { ApiToken } from '../../entities/api-token.js';
import { isDuplicate } from '../../entities/database.js';
import { recordChange } from '../audit.js';
import { defineRoute } from '../define-route.js';
import { idParams } from '../paging.js';
import { invalidField } from '../problem.js';
import { shortText } from '../provider-schema.js';

const tokenView = z
  .object({
    id: z.int(),
    name: z.string(),
    scope: z.enum(scopes),
    hint: z.string().describe('its last four characters'),
    created_at: z.string(),
    created_by: z.string(),
    expires_at: z.string().nullable(),
    last_used_at: z.string().nullable().describe('to the minute'),
  })
  .meta({ id: 'Token' });

const newToken = z.strictObject({
  name: shortText(100).min(1, 'takes a name'),
  scope: z.enum(scopes, `takes ${scopes.join(', ')}`),
  expires_at: z.iso
    .datetime({ offset: true, error: 'takes a time such as 2030-01-31T12:00:00Z' })
    .nullable()
    .optional(),
});

export const tokenRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/tokens'],
    group: 'tokens',
    summary: 'Named tokens; the admin token of the installation is not among them',
    scope: 'admin',
    reply: z.array(tokenView),
    async handle(_input, { stores }) {
      return (await stores.tokens.list()).map(viewToken);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/tokens'],
    group: 'tokens',
    summary: 'Make a token; it is shown in this answer and never again',
    scope: 'admin',
    body: newToken,
    reply: tokenView.extend({ token: z.string() }),
    status: 201,
    problems: { 409: 'the name is taken' },
    async handle({ body, actor }, services) {
      const { stores, now } = services;
      const expiresAt = body.expires_at == null ? null : new Date(body.expires_at).toISOString();
      if (expiresAt !== null && Date.parse(expiresAt) <= now().getTime())
        throw invalidField('expires_at', 'lies in the past');
      if (body.name === 'admin' || body.name === 'anyone')
        throw invalidField('name', 'is taken by the installation itself; choose another');
      const wish = { name: body.name, scope: body.scope, expiresAt, createdBy: actor.name };
      try {
        const { row, token } = await stores.tokens.create(wish, now().toISOString());
        const view = viewToken(row);
        await recordChange(
          { actor, action: 'token.create', subject: row.name, target: `token:${row.id}`, after: view },
          services,
        );
        return { ...view, token };
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw createError(409, `there is a token named "${body.name}" already; revoke it first`, {
          fields: [{ field: 'name', message: 'is taken' }],
        });
      }
    },
  }),
  defineRoute({
    method: 'delete',
    paths: ['/api/tokens/:id'],
    group: 'tokens',
    summary: 'Revoke a token: it and its sessions are refused from now on',
    scope: 'admin',
    params: idParams,
    reply: tokenView.extend({ revoked_at: z.string() }),
    problems: { 404: 'there is no such token, or it was revoked before' },
    async handle({ params, actor }, services) {
      const { stores, now } = services;
      const row = await stores.tokens.byId(params.id);
      const at = now().toISOString();
      if (row === null || !(await stores.tokens.revoke(row.id, at)))
        throw createError(404, `there is no token ${params.id}`);
      const view = viewToken(row);
      await recordChange(
        { actor, action: 'token.revoke', subject: row.name, target: `token:${row.id}`, before: view },
        services,
      );
      return { ...view, revoked_at: at };
    },
  }),
];

function viewToken(row: ApiToken): z.infer<typeof tokenView> {
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    hint: row.hint,
    created_at: row.createdAt,
    created_by: row.createdBy,
    expires_at: row.expiresAt,
    last_used_at: row.lastUsedAt,
  };
}
