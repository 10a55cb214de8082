import { randomUUID } from 'node:crypto';

import { asText, isObject, without, type JsonObject } from '../json.js';
import { pause } from '../pause.js';
import { json, type Reply } from '../reply.js';
import type { Call } from '../routes.js';
import { senderOf } from './auth.js';
import { bodyOf, checkInfo, checkParams } from './bodies.js';
import {
  DATABASE_NOT_CONNECTED,
  detailError,
  invalid,
  NO_DATABASE,
  proxyError,
  savedButNotLive,
} from './errors.js';
import type { Proxy } from './proxy.js';
import { notPermitted } from './route-rights.js';
import { dropNulls, PARAM_FLAGS, PRICE_KEY, storedInfo } from './stored-fields.js';
import type { Worker } from './worker.js';

/**
 * PATCH /model/:id/update: a shallow merge into the row. Concurrent PATCHes of one model lose keys on old versions, as
 * each merges into what it read before the other wrote.
 */
export async function patchModel(proxy: Proxy, call: Call): Promise<Reply> {
  const worker = proxy.worker(call.headers['x-sandbox-replica']);
  const id = call.params['id'] ?? '';
  const sent = bodyOf(call);
  if ('refusal' in sent) return sent.refusal;
  const { model_name: name = null, model_info: info = null } = sent.body;
  const sentParams = sent.body['litellm_params'] ?? null;
  const params = isObject(sentParams) ? dropNulls(sentParams) : sentParams;
  const refusal =
    notAnObject('litellm_params', params) ??
    notAnObject('model_info', info) ??
    (isObject(params) ? checkParams(params) : undefined) ??
    (isObject(info) ? checkInfo(info, ['body', 'model_info']) : undefined);
  if (refusal !== undefined) return refusal;
  if (name !== null && typeof name !== 'string') {
    return invalid('string_type', ['body', 'model_name'], 'Input should be a valid string', name);
  }
  if (!proxy.hasDatabase) return detailError(500, DATABASE_NOT_CONNECTED);
  if (!proxy.storesModels)
    return proxyError(400, 'Model updates only supported for DB-stored models', 'validation_error', null);
  if (proxy.database.down) {
    return proxyError(500, `Error updating model: ${NO_DATABASE}`, 'internal_server_error', null);
  }
  const row = proxy.database.row(id);
  if (row === undefined && proxy.isConfigRow(id)) {
    const message = 'Cannot edit config-based model. Store model in DB via /model/new first.';
    return proxyError(400, message, 'validation_error', null);
  }
  const missing = proxyError(404, `Model ${id} not found on proxy.`, 'not_found_error', null);
  if (row === undefined) return missing;
  const sender = senderOf(proxy, call);
  const forbidden = notPermitted(sender);
  if (forbidden !== undefined) return forbidden;

  const merged: { model_name?: string; litellm_params?: JsonObject; model_info?: JsonObject } = {};
  if (typeof name === 'string' && name !== '') merged.model_name = name;
  if (isObject(params)) {
    const all = { ...row.litellm_params, ...PARAM_FLAGS, ...params };
    merged.litellm_params = without(all, (key) => isCleared(proxy, sentParams, key));
  }
  if (isObject(info)) {
    const added = { db_model: false, ...dropNulls(info), id: asText(info['id']) ?? randomUUID() };
    merged.model_info = storedInfo(proxy.generation, { ...row.model_info, ...added });
  }
  await proxy.cost('patch');
  if (!proxy.database.update(id, merged, sender.userId)) return missing;
  proxy.logWrite('PATCH /model/:id/update', id);
  const answer = proxy.database.row(id) ?? row;
  await reload(proxy, worker);
  if (proxy.generation.reportsUnserved && worker.find(id) === undefined) return savedButNotLive('update');
  return json(proxy.database.raw(answer));
}

/** Newer versions remove these few keys when null is sent for them. */
function isCleared(proxy: Proxy, sent: unknown, key: string): boolean {
  if (!proxy.generation.clearsByNull || !isObject(sent) || sent[key] !== null) return false;
  return PRICE_KEY.test(key) || key === 'cache_control_injection_points' || key === 'litellm_credential_name';
}

async function reload(proxy: Proxy, worker: Worker): Promise<void> {
  const readFails = proxy.failNextReadInPatch;
  proxy.failNextReadInPatch = false;
  if (!proxy.generation.patchUnserves) {
    if (!readFails) worker.reconcile();
    return;
  }
  worker.unserveAll();
  const rows = proxy.database.rows();
  await pause(proxy.patchGapMs);
  if (!readFails) worker.load(rows);
}

function notAnObject(key: string, value: unknown): Reply | undefined {
  if (value === null || isObject(value)) return undefined;
  const msg = 'Input should be a valid dictionary or object to extract fields from';
  return invalid('model_attributes_type', ['body', key], msg, value);
}
