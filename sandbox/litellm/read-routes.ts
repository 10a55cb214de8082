import { json, type Reply } from '../reply.js';
import type { Call, Route } from '../routes.js';
import { echo } from './echo.js';
import { detailError } from './errors.js';
import { modelGroups } from './model-groups.js';
import { pagedModels } from './paged-list.js';
import type { Proxy } from './proxy.js';

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
    const wanted = id === null ? listed : listed.filter((deployment) => deployment.id === id);
    if (id !== null && wanted.length === 0)
      return detailError(400, `Model id = ${id} not found on litellm proxy`);
    return json({ data: wanted.map((deployment) => echo(deployment, worker.isGrown(deployment))) });
  }

  function names(call: Call): string[] {
    return [
      ...new Set(proxy.listed(proxy.worker(call.headers['x-sandbox-replica'])).map(({ name }) => name)),
    ];
  }

  const openAiList = (call: Call) => json({ data: names(call).map(openAiRow), object: 'list' });

  const one = (call: Call) => {
    const name = call.params['model'] ?? '';
    if (names(call).includes(name)) return json(openAiRow(name));
    return json({ detail: `The model '${name}' does not exist or is not accessible` }, 404);
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
      const listed = proxy.listed(proxy.worker(call.headers['x-sandbox-replica']));
      return json({ data: modelGroups(listed, call.query.get('model_group')) });
    }),
  ];
}

function openAiRow(id: string): unknown {
  return { id, object: 'model', created: 1_677_610_602, owned_by: 'openai' };
}
