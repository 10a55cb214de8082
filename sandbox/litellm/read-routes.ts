import { json, type Reply } from '../reply.js';
import type { Call, Route } from '../routes.js';
import { senderOf } from './auth.js';
import { echo } from './echo.js';
import { detailError } from './errors.js';
import { modelGroups } from './model-groups.js';
import { pagedModels } from './paged-list.js';
import type { Proxy } from './proxy.js';
import type { Deployment } from './worker.js';

export function readRoutes(proxy: Proxy): Route[] {
  const read = (path: string, handle: (call: Call) => Reply): Route => ({
    method: 'GET',
    path,
    kind: 'read',
    handle,
  });

  function modelInfo(call: Call): Reply {
    const worker = proxy.worker(call.headers['x-sandbox-replica']);
    const listed = proxy.listed(worker);
    const id = call.query.get('litellm_model_id');
    if (!worker.hasRouter) return detailError(500, NOT_LOADED);
    const wanted = id === null ? visible(call, listed) : listed.filter((deployment) => deployment.id === id);
    if (id !== null && wanted.length === 0)
      return detailError(400, `Model id = ${id} not found on litellm proxy`);
    return json({ data: wanted.map((deployment) => echo(deployment, worker.isGrown(deployment))) });
  }

  /** What the plain listings of this sender hold; reads by id and /v2 are not cut down. A row without a name is left out. */
  function visible(call: Call, listed: Deployment[]): Deployment[] {
    const { models } = senderOf(proxy, call);
    return listed.filter(({ name }) => name !== '' && (models.length === 0 || models.includes(name)));
  }

  function names(call: Call): string[] {
    const listed = proxy.listed(proxy.worker(call.headers['x-sandbox-replica']));
    const shown = visible(call, listed);
    const models = shown.map(({ name }) => name);
    const groups = shown.flatMap(({ info }) => info['access_groups'] ?? []).map(String);
    if (call.query.get('only_model_access_groups') === 'true') return [];
    const withGroups = call.query.get('include_model_access_groups') === 'true';
    return [...new Set(withGroups ? [...models, ...groups] : models)];
  }

  const openAiList = (call: Call) => {
    const metadata =
      call.query.get('include_metadata') === 'true' ? { metadata: { fallbacks: [] } } : undefined;
    return json({ data: names(call).map((name) => ({ ...openAiRow(name), ...metadata })), object: 'list' });
  };

  const one = (call: Call) => {
    const name = call.params['model'] ?? '';
    if (names(call).includes(name)) return json(openAiRow(name));
    return json({ detail: `The model \`${name}\` does not exist or is not accessible` }, 404);
  };

  return [
    read('/model/info', modelInfo),
    read('/v1/model/info', modelInfo),
    read('/v2/model/info', (call) => pagedModels(proxy, call)),
    read('/v1/models', openAiList),
    read('/models', openAiList),
    read('/v1/models/:model', one),
    read('/models/:model', one),
    read('/model_group/info', (call) => {
      const worker = proxy.worker(call.headers['x-sandbox-replica']);
      const listed = proxy.listed(worker);
      return json({ data: modelGroups(worker, listed, call.query.get('model_group')) });
    }),
  ];
}

const NOT_LOADED =
  'LLM Model List not loaded in. Make sure you passed models in your config.yaml or on the LiteLLM Admin UI. - ' +
  'https://docs.litellm.ai/docs/proxy/configs';

function openAiRow(id: string): object {
  return { id, object: 'model', created: 1_677_610_602, owned_by: 'openai' };
}
