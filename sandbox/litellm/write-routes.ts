import { randomUUID } from 'node:crypto';

import { asText, isObject, without } from '../json.js';
import { json, type Reply } from '../reply.js';
import type { Call, Route } from '../routes.js';
import { senderOf } from './auth.js';
import { bodyOf, checkInfo, checkParams, isStorable } from './bodies.js';
import {
  invalid,
  NO_DATABASE,
  NO_DATABASE_CONFIGURED,
  NOT_ADDED,
  NOT_STORING,
  plain500,
  proxyError,
  pythonDictError,
  savedButNotLive,
} from './errors.js';
import { patchModel } from './patch-route.js';
import type { Proxy } from './proxy.js';
import { notPermitted } from './route-rights.js';
import { dropNulls, PARAM_FLAGS, storedInfo } from './stored-fields.js';

export function writeRoutes(proxy: Proxy): Route[] {
  const write = (method: string, path: string, handle: (call: Call) => Promise<Reply>): Route => ({
    method,
    path,
    kind: 'write',
    handle: (call) => proxy.exclusively(() => handle(call)),
  });
  return [
    write('POST', '/model/new', (call) => createModel(proxy, call)),
    write('PATCH', '/model/:id/update', (call) => patchModel(proxy, call)),
    write('POST', '/model/update', (call) => Promise.resolve(updateModel(proxy, call))),
    write('POST', '/model/delete', (call) => Promise.resolve(deleteModel(proxy, call))),
    { method: 'POST', path: '/config/update', handle: () => updateConfig(proxy) },
  ];
}

async function createModel(proxy: Proxy, call: Call): Promise<Reply> {
  const worker = proxy.worker(call.headers['x-sandbox-replica']);
  const sent = bodyOf(call);
  if ('refusal' in sent) return sent.refusal;
  const { model_name: name, litellm_params: params } = sent.body;
  const info = sent.body['model_info'] ?? {};
  if (name === undefined || params === undefined) return plain500();
  if (!isObject(params)) return notA('LiteLLM_Params', 'litellm_params', params);
  if (!isObject(info)) return notA('ModelInfo', 'model_info', info);
  if (params['model'] === undefined) {
    if (!proxy.generation.reportsUnserved) return plain500();
    return invalid('missing', ['body', 'litellm_params', 'model'], 'Field required', params);
  }
  const refusal = checkParams(params) ?? checkInfo(info, ['body']);
  if (refusal !== undefined) return refusal;
  if (typeof name !== 'string')
    return invalid('string_type', ['body', 'model_name'], 'Input should be a valid string', name);
  if (!proxy.hasDatabase) return pythonDictError(500, NO_DATABASE_CONFIGURED);
  const sender = senderOf(proxy, call);
  const forbidden = notPermitted(sender);
  if (forbidden !== undefined) return forbidden;
  if (!proxy.storesModels) return pythonDictError(500, NOT_STORING);
  if (typeof info['team_id'] === 'string')
    return pythonDictError(400, `Team id=${info['team_id']} does not exist in db`);

  const id = asText(info['id']) ?? randomUUID();
  if (proxy.database.down || !isStorable(sent.body)) return pythonDictError(500, NOT_ADDED);
  const inserted = proxy.database.insert(
    id,
    name,
    { ...PARAM_FLAGS, ...dropNulls(params) },
    storedInfo(proxy.generation, { db_model: false, ...dropNulls(info), id }),
    sender.userId,
  );
  if (!inserted) return pythonDictError(500, NOT_ADDED);
  proxy.logWrite('POST /model/new', id);
  await proxy.cost('create');
  worker.reconcile();
  const row = proxy.database.row(id);
  if (proxy.generation.reportsUnserved && worker.find(id) === undefined) return savedButNotLive('create');
  return row === undefined ? plain500() : json(proxy.database.raw(row));
}

/**
 * The legacy update: only litellm_params, and untyped stored keys are lost. On old versions no worker is told before its
 * poll; newer ones rename too, and load the change.
 */
function updateModel(proxy: Proxy, call: Call): Reply {
  const sent = bodyOf(call);
  if ('refusal' in sent) return sent.refusal;
  const { model_info: info, litellm_params: params } = sent.body;
  const refused = (message: string) => proxyError(400, `Authentication Error, ${message}`);
  if (!isObject(info)) return refused('model_info not provided');
  if (!proxy.hasDatabase) return pythonDictError(500, NO_DATABASE_CONFIGURED);
  const row = proxy.database.row(String(info['id']));
  if (row === undefined && proxy.isConfigRow(String(info['id']))) {
    return pythonDictError(
      400,
      "Can't edit model. Model in config. Store model in db via `/model/new`. to edit.",
    );
  }
  if (row === undefined) return refused('model not found');
  const sender = senderOf(proxy, call);
  const forbidden = notPermitted(sender);
  if (forbidden !== undefined) return forbidden;
  if (!isObject(params)) return refused('litellm_params not provided');
  const refusal = checkParams(params);
  if (refusal !== undefined) return refusal;
  const kept = without(row.litellm_params, (key) => !SURVIVES_UPDATE.test(key));
  const { model_name: name } = sent.body;
  const renamed = proxy.generation.updateIsLive && typeof name === 'string' && name !== '';
  const merged = {
    litellm_params: { ...kept, ...dropNulls(params) },
    ...(renamed ? { model_name: name } : {}),
  };
  proxy.database.update(row.model_id, merged, sender.userId);
  proxy.logWrite('POST /model/update', row.model_id);
  if (proxy.generation.updateIsLive) proxy.worker(call.headers['x-sandbox-replica']).reconcile();
  return json(proxy.database.raw(proxy.database.row(row.model_id) ?? row));
}

const SURVIVES_UPDATE =
  /cost|^(model|custom_llm_provider|api_key|api_base|api_version|tpm|rpm|timeout|stream_timeout|max_retries|organization|litellm_credential_name|use_in_pass_through|use_litellm_proxy|merge_reasoning_content_in_choices)$/;

function deleteModel(proxy: Proxy, call: Call): Reply {
  const worker = proxy.worker(call.headers['x-sandbox-replica']);
  const sent = bodyOf(call);
  if ('refusal' in sent) return sent.refusal;
  const { id } = sent.body;
  if (id === undefined) return invalid('missing', ['body', 'id'], 'Field required', sent.body);
  if (typeof id !== 'string')
    return invalid('string_type', ['body', 'id'], 'Input should be a valid string', id);
  if (!proxy.hasDatabase) return pythonDictError(500, NO_DATABASE_CONFIGURED);
  if (proxy.database.down) return proxyError(400, `Authentication Error, ${NO_DATABASE}`);
  // Whether the row is there is told to everybody; only then the rights count.
  if (proxy.database.row(id) === undefined)
    return pythonDictError(400, `Model with id=${id} not found in db`);
  const forbidden = notPermitted(senderOf(proxy, call));
  if (forbidden !== undefined) return forbidden;
  proxy.database.remove(id);
  worker.drop(id);
  proxy.logWrite('POST /model/delete', id);
  return json({ message: `Model: ${id} deleted successfully` });
}

/** Changes nothing here: nobody may call it, as it writes the master key in clear. */
function updateConfig(proxy: Proxy): Reply {
  if (!proxy.hasDatabase) return pythonDictError(500, NO_DATABASE_CONFIGURED);
  if (!proxy.storesModels) return pythonDictError(500, NOT_STORING);
  return json({ message: 'Config updated successfully' });
}

function notA(className: string, key: string, input: unknown): Reply {
  const msg = `Input should be a valid dictionary or instance of ${className}`;
  return invalid('model_type', ['body', key], msg, input, { class_name: className });
}
