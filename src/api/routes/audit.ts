import { z } from 'zod';
import { auditView, viewAudit } from '../audit-view.js';
import { defineRoute } from '../define-route.js';
import { pageOf, paging } from '../paging.js';

export const auditRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/audit'],
    group: 'diagnostics',
    summary: 'The audit trail: every change by people and scripts, newest first',
    scope: 'read',
    query: z.object({
      ...paging,
      actor: z.string().max(200).optional(),
      action: z.string().max(100).optional().describe('such as provider.update'),
      target: z.string().max(100).optional().describe('such as model:12'),
    }),
    reply: pageOf(auditView),
    async handle({ query: { limit, offset, ...filter } }, { stores }) {
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      const { items, total } = await stores.history.auditEvents({ limit, offset, ...given });
      return { items: items.map(viewAudit), total };
    },
  }),
];
