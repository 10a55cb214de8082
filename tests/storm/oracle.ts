import { isDeepStrictEqual } from 'node:util';
import type { DbRow } from '../../sandbox/litellm/database.js';
import { deploymentId } from '../../src/domain/deployment-body.js';
import type { Row } from '../support/product.js';

/*
 * What LiteLLM must hold, from what the API says of models and providers and from the stand-ins' catalogues. It asks neither
 * the product's deployments nor its payload builder: it is the second opinion.
 */

/** Whether a model belongs into LiteLLM; `either` for an orphan within its grace. */
export function wish(model: Row, provider: Row, nowMs: number): 'present' | 'absent' | 'either' {
  if (provider.deleting_at !== null || !model.sync_enabled) return 'absent';
  if (model.unusable !== null) return 'absent';
  if (!model.is_orphaned) return 'present';
  if (provider.orphan_policy === 'keep') return 'either';
  const away = nowMs - Date.parse(model.orphaned_at);
  const over = model.missed_count >= provider.grace_misses && away >= provider.grace_seconds * 1_000;
  return over ? 'absent' : 'either';
}

interface Expectation {
  model_name: string;
  litellm_params: Record<string, unknown>;
  model_info: Record<string, unknown>;
}

export interface Standing {
  /** `GET /api/models/db/:id` */
  detail: Row;
  provider: Row;
  /** What the storm itself set. */
  apiKey: string | null;
  settings: Row;
  instance: string;
}

function expectedRow({ detail, provider, apiKey, settings }: Standing): Expectation {
  const { mode, ...params } = detail.effective_params as Record<string, unknown>;
  const base = (provider.litellm_base_url ?? provider.base_url) as string;
  const native = provider.type === 'ollama' && !(mode === 'embedding' && apiKey !== null);
  const route = !native ? 'openai' : mode === 'embedding' ? 'ollama' : 'ollama_chat';
  const versioned = /\/v\d+$/.test(base) ? base : `${base}/v1`;
  const key = apiKey ?? (native ? undefined : 'none');

  const info: Record<string, unknown> = { mode, litellm_provider: native ? 'ollama' : 'openai' };
  const callParams: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const describes = /^(max_(input_|output_)?tokens|output_vector_size|support(s|ed)_\w+)$/.test(name);
    (describes ? info : callParams)[name] = value;
  }
  const limit = info['max_tokens'] ?? info['max_output_tokens'] ?? info['max_input_tokens'];
  if (limit !== undefined) info['max_tokens'] = limit;
  const tags = new Set([
    'lupdater',
    `provider:${provider.name}`,
    `type:${provider.type}`,
    ...detail.user_tags,
    ...provider.tags,
  ]);
  const tagged = settings.tags_placement === 'model_info' ? info : callParams;
  tagged['tags'] = [...tags];
  return {
    model_name: provider.prefix === null ? detail.model_id : `${provider.prefix}/${detail.model_id}`,
    litellm_params: {
      ...callParams,
      model: `${route}/${detail.model_id}`,
      api_base: native ? base : versioned,
      ...(key !== undefined && { api_key: key }),
    },
    model_info: info,
  };
}

/** What LiteLLM adds to every row, and what people in a storm add there: none of it is ours. */
const notOurs = {
  litellm_params: [
    'use_in_pass_through',
    'use_litellm_proxy',
    'merge_reasoning_content_in_choices',
    'added_by_somebody',
  ],
  model_info: ['id', 'db_model', 'litellm_updater'],
};

/** In words, what is wrong with a row; empty when it is exactly as wanted. */
export function faultsOfRow(row: DbRow, standing: Standing): string[] {
  const { detail, provider, instance } = standing;
  const expected = expectedRow(standing);
  const faults: string[] = [];
  const compare = (what: string, seen: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(seen, wanted)) faults.push(told(what, seen, wanted));
  };
  compare('model_name', row.model_name, expected.model_name);
  for (const part of ['litellm_params', 'model_info'] as const) {
    const wanted = expected[part];
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(row[part])])) {
      if (key in wanted || !notOurs[part].includes(key))
        compare(`${part}.${key}`, row[part][key], wanted[key]);
    }
  }
  const marker = (row.model_info['litellm_updater'] ?? {}) as Record<string, unknown>;
  compare('marker.instance', marker['instance'], instance);
  compare('marker.provider', marker['provider'], provider.uuid);
  compare('marker.model', marker['model'], detail.model_id);
  const identity = {
    instanceId: instance,
    providerUuid: provider.uuid,
    modelId: detail.model_id,
    generation: Number(marker['generation']),
  };
  compare('the id', row.model_id, deploymentId(identity));
  compare('model_info.id', row.model_info['id'], row.model_id);
  return faults;
}

/** The predecessor's row stays as it was while nothing that it calls for is wanted otherwise. */
export function faultsOfAdoptedRow(row: DbRow, standing: Standing): string[] {
  const { model_name: name, litellm_params: params } = expectedRow(standing);
  const faults = row.model_name === name ? [] : [told('model_name', row.model_name, name)];
  for (const [key, wanted] of Object.entries(params)) {
    const seen = row.litellm_params[key];
    const isRoute = key === 'model' || key === 'api_base';
    if (key === 'tags' || (seen === undefined && !isRoute) || isDeepStrictEqual(seen, wanted)) continue;
    faults.push(told(`litellm_params.${key}`, seen, wanted));
  }
  return faults;
}

function told(what: string, seen: unknown, wanted: unknown): string {
  return `${what} is ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`;
}
