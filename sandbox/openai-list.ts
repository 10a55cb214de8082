import { refreshed } from './openai-models.js';
import { json, type Reply } from './reply.js';
import type { Call } from './routes.js';

export type ListShape =
  | 'list'
  | 'bare-array'
  | 'strings'
  | 'data-null'
  | 'data-missing'
  | 'no-object'
  | 'error-in-200'
  | 'success-false';

/** `cursor`: Anthropic's has_more/last_id/after_id/limit. `links`: OpenRouter's links.next with offset and limit. */
export type Paging = 'none' | 'cursor' | 'links';

export interface ListState {
  models: unknown[];
  shape: ListShape;
  paging: Paging;
  pageSize: number;
}

/** The body of GET …/models in the shape and paging that the state asks for. */
export function listAnswer(call: Call, path: string, state: ListState, calls: number): Reply {
  const models = state.models.map((model) => refreshed(model, calls));
  switch (state.shape) {
    case 'bare-array':
      return json(models);
    case 'strings':
      return json({ object: 'list', data: models.map(idOf) });
    case 'data-null':
      return json({ object: 'list', data: null });
    case 'data-missing':
      return json({ object: 'list' });
    case 'no-object':
      return json({ data: models });
    case 'error-in-200':
      return json({ error: { message: 'upstream connect error', type: 'server_error' } });
    case 'success-false':
      return json({ success: false, message: 'token expired', data: [] });
    case 'list':
      return pageOf(call, path, state, models);
  }
}

function pageOf(call: Call, path: string, { paging, pageSize }: ListState, models: unknown[]): Reply {
  if (paging === 'none') return json({ object: 'list', data: models });
  const limit = Number(call.query.get('limit')) || pageSize;
  const after = call.query.get('after_id');
  const start =
    paging === 'cursor'
      ? models.findIndex((model) => idOf(model) === after) + 1
      : Number(call.query.get('offset')) || 0;
  const data = models.slice(start, start + limit);
  const more = start + limit < models.length;
  if (paging === 'cursor') {
    return json({
      data,
      has_more: more,
      first_id: idOf(data[0]) ?? null,
      last_id: idOf(data.at(-1)) ?? null,
    });
  }
  const next = more ? `${path}?offset=${start + limit}&limit=${limit}` : null;
  return json({ data, total_count: models.length, links: { next } });
}

function idOf(model: unknown): unknown {
  return typeof model === 'object' && model !== null ? (model as { id?: unknown }).id : model;
}
