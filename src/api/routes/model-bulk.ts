import { z } from 'zod';
import { planPushes } from '../../jobs/plan-pushes.js';
import { applyChanges, requireDestination } from '../apply-changes.js';
import { recordChange } from '../audit.js';
import type { Actor } from '../auth.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { needsScope } from '../auth.js';
import { modelFilter, readFilter } from '../model-filter.js';

const actions = ['enable', 'disable', 'push', 'reset', 'delete'] as const;
type Action = (typeof actions)[number];

/** Scenario S7: a filter whose fields got lost in a script must not drop every edit. */
function losesEverything({
  action,
  filter,
}: {
  action: Action;
  filter?: Record<string, unknown> | undefined;
}) {
  if (filter === undefined || (action !== 'reset' && action !== 'delete')) return false;
  return Object.values(filter).every((value) => value === undefined || value === '');
}

const bulkBody = z
  .strictObject({
    action: z.enum(actions, `takes ${actions.join(', ')}`),
    ids: z.array(z.int('takes ids of models').positive()).min(1).max(10_000).optional(),
    filter: z.strictObject(modelFilter).optional().describe('instead of ids: every model that matches'),
    confirm: z
      .literal('all models', 'takes "all models"')
      .optional()
      .describe('needed to reset or delete by a filter that leaves nothing out'),
  })
  .refine((body) => body.confirm !== undefined || !losesEverything(body), {
    path: ['confirm'],
    message: 'is needed: this filter matches every model; send "all models", or narrow the filter',
  })
  .refine((body) => (body.ids === undefined) !== (body.filter === undefined), {
    path: ['ids'],
    message: 'send either ids or filter',
  });

const bulkReply = z.object({
  action: z.enum(actions),
  matched: z.int(),
  changed: z.int().describe('models that were not so already; of a push, deployments that are not as wanted'),
  not_found: z.array(z.int()).describe('ids that name no model'),
  message: z.string(),
});

export const modelBulkRoutes = [
  defineRoute({
    method: 'post',
    paths: ['/api/models/bulk'],
    group: 'models',
    summary: 'Enable, disable, push, reset or delete many models, by ids or by filter',
    scope: 'operate',
    body: bulkBody,
    reply: bulkReply,
    status: { among: [200, 202], of: ({ action }) => (isQueued(action) ? 202 : 200) },
    problems: { 409: 'a push, and no LiteLLM is configured' },
    needsQueue: true,
    async handle({ body, actor }, services) {
      const nowMs = services.now().getTime();
      const filter = body.filter === undefined ? { ids: body.ids ?? [] } : readFilter(body.filter, nowMs);
      const found = await services.stores.models.matching(filter);
      const known = new Set(found.map((model) => model.id));
      const changed = await act(body.action, [...known], actor, services);
      const notFound = (body.ids ?? []).filter((id) => !known.has(id));
      return replyOf(body.action, known.size, changed, notFound);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/api/models/db/reset-all'],
    group: 'models',
    summary:
      'Delete all models with all edits; the next syncs read them anew. Says what it does by `confirm`',
    scope: 'admin',
    body: z.strictObject({
      confirm: z.literal('delete all models', 'takes "delete all models": this drops every edit'),
    }),
    reply: bulkReply,
    status: 202,
    needsQueue: true,
    async handle({ actor }, services) {
      const found = await services.stores.models.matching({});
      const ids = found.map((model) => model.id);
      const changed = await act('delete', ids, actor, services);
      return replyOf('delete', ids.length, changed, []);
    },
  }),
];

/** What happened, in words: what was so already did not happen. */
const done: Record<Action, { changed: string; others: string }> = {
  enable: { changed: 'enabled', others: 'enabled already' },
  disable: { changed: 'disabled', others: 'disabled already' },
  push: { changed: 'queued for a push', others: 'as wanted at LiteLLM already' },
  reset: { changed: 'reset', others: 'without edits' },
  delete: {
    changed: 'deleted, as soon as LiteLLM has removed its deployments',
    others: 'being deleted already',
  },
};

function replyOf(
  action: Action,
  matched: number,
  changed: number,
  notFound: number[],
): z.infer<typeof bulkReply> {
  const words = done[action];
  const rest = [
    ...(matched > changed ? [`${matched - changed} ${words.others}`] : []),
    ...(notFound.length > 0 ? [`${notFound.length} no longer there`] : []),
  ];
  const message = [`${changed} of ${matched + notFound.length} ${words.changed}`, ...rest].join('; ');
  return { action, matched, changed, not_found: notFound, message };
}

const isQueued = (action: Action) => action === 'push' || action === 'delete';

/** Returns how many changed. */
async function act(action: Action, ids: number[], actor: Actor, services: ApiServices): Promise<number> {
  const { stores, now, queues } = services;
  const at = now().toISOString();
  if (action === 'push') {
    await requireDestination(services);
    return planPushes({ modelIds: ids }, null, { stores, now, enqueue: queues });
  }
  if (action === 'delete') needsScope(actor, 'admin');
  const changed = await edit(action, ids, at, stores);
  if (changed.length === 0) return 0;
  await recordChange(
    { actor, action: `model.${action}-many`, subject: `${changed.length} models`, details: { ids: changed } },
    services,
  );
  if (action === 'delete') await stores.modelEdits.removeDeleted();
  await applyChanges(services, { modelIds: changed }, { schedules: false });
  return changed.length;
}

async function edit(
  action: Exclude<Action, 'push'>,
  ids: number[],
  at: string,
  { modelEdits }: ApiServices['stores'],
): Promise<number[]> {
  switch (action) {
    case 'enable':
      return modelEdits.editMany(ids, { syncEnabled: true }, at);
    case 'disable':
      return modelEdits.editMany(ids, { syncEnabled: false }, at);
    case 'delete':
      return modelEdits.editMany(ids, { deletingAt: at }, at);
    case 'reset':
      return modelEdits.resetMany(ids, at);
  }
}
