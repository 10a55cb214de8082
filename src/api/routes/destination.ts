import { z } from 'zod';
import { needsScope, type Actor } from '../auth.js';
import { defineRoute, type ApiServices } from '../define-route.js';
import { lookAtDestination } from '../destination-look.js';
import { removeRows, throwRefusal } from '../destination-removal.js';
import { destinationView, rowFilter, viewDestinationList } from '../destination-view.js';
import { readForm } from '../form.js';
import { paging, queryBoolean } from '../paging.js';

const rowId = z.string('takes the id of a row at LiteLLM').min(1, 'takes an id').max(512);
const force = z
  .boolean('takes true or false')
  .default(false)
  .describe('also a row that is not ours; needs the scope admin');

const removal = z.object({
  id: z.string(),
  model_name: z.string(),
  message: z.string(),
  disabled_model: z
    .object({ id: z.int(), display_name: z.string() })
    .optional()
    .describe('our model, disabled so that it stays out'),
});

const accepted = removal.extend({ status: z.literal('accepted') });

const problems = {
  404: 'LiteLLM has no such row',
  409: 'no LiteLLM is configured; or the row is in config.yaml; or it is not ours and force is not true',
  502: 'LiteLLM did not answer, or not as it should',
};

export const destinationRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/litellm/models', '/litellm/models'],
    group: 'destination',
    summary:
      'What LiteLLM lists now: whose each row is, how it stands to what is wanted, and what is missing',
    scope: 'read',
    query: rowFilter.extend(paging),
    reply: destinationView,
    problems: { 409: 'no LiteLLM is configured', 502: problems[502] },
    async handle({ query, signal }, services) {
      const { contents, clock } = await lookAtDestination(services, signal);
      return viewDestinationList(contents, clock, query);
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/litellm/models/delete/bulk', '/api/litellm/models/delete/bulk'],
    group: 'destination',
    summary: 'Take many rows out of LiteLLM, each for itself: what is refused does not hold up the others',
    scope: 'operate',
    body: z.strictObject({
      model_ids: z.array(rowId, 'takes a list of ids').min(1, 'takes at least one id').max(1_000),
      force,
    }),
    fromForm: (fields) => readForm(fields, { model_ids: 'list', force: 'boolean' }),
    reply: z.object({
      status: z.enum(['accepted', 'partly', 'refused']),
      accepted: z.array(removal),
      refused: z.array(z.object({ id: z.string(), reason: z.string() })),
    }),
    status: 202,
    problems: { 409: 'no LiteLLM is configured', 502: problems[502] },
    needsQueue: true,
    async handle({ body, actor, signal }, services) {
      if (body.force) needsScope(actor, 'admin');
      const done = await removeRows({ ids: body.model_ids, force: body.force, actor }, services, signal);
      return {
        status: outcomeOf(done.accepted.length, done.refused.length),
        accepted: done.accepted,
        refused: done.refused.map(({ id, reason }) => ({ id, reason })),
      };
    },
  }),
  defineRoute({
    method: 'post',
    paths: ['/litellm/models/delete', '/api/litellm/models/delete'],
    group: 'destination',
    summary: 'Take one row out of LiteLLM; a model of ours is disabled, so that it stays out',
    scope: 'operate',
    body: z.strictObject({ model_id: rowId, force }),
    fromForm: (fields) => readForm(fields, { force: 'boolean' }),
    reply: accepted,
    status: 202,
    problems,
    needsQueue: true,
    handle: ({ body, actor, signal }, services) =>
      removeOne({ id: body.model_id, force: body.force, actor }, services, signal),
  }),
  defineRoute({
    method: 'delete',
    paths: ['/api/litellm/models/:id'],
    group: 'destination',
    summary: 'Take one row out of LiteLLM; a model of ours is disabled, so that it stays out',
    scope: 'operate',
    params: z.object({ id: rowId }),
    query: z.object({ force: queryBoolean.default(false) }),
    body: z.strictObject({ force }),
    bodyOptional: true,
    reply: accepted,
    status: 202,
    problems,
    needsQueue: true,
    handle: ({ params, query, body, actor, signal }, services) =>
      removeOne({ id: params.id, force: query.force || body.force, actor }, services, signal),
  }),
];

function outcomeOf(taken: number, refused: number): 'accepted' | 'partly' | 'refused' {
  if (refused === 0) return 'accepted';
  return taken === 0 ? 'refused' : 'partly';
}

async function removeOne(
  { id, force: isForced, actor }: { id: string; force: boolean; actor: Actor },
  services: ApiServices,
  signal: AbortSignal,
) {
  if (isForced) needsScope(actor, 'admin');
  const { accepted: done, refused } = await removeRows(
    { ids: [id], force: isForced, actor },
    services,
    signal,
  );
  const [removed] = done;
  const [refusal] = refused;
  if (refusal !== undefined) throwRefusal(refusal);
  if (removed === undefined) throw new Error(`the removal of ${id} was neither accepted nor refused`);
  return { status: 'accepted' as const, ...removed };
}
