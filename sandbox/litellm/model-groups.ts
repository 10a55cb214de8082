import type { JsonObject } from '../json.js';
import { providerOf } from './providers.js';
import type { Deployment, Worker } from './worker.js';

/** Rows of /model_group/info. Limits of unknown models stay empty there until their first priced chat. */
export function modelGroups(worker: Worker, deployments: Deployment[], only: string | null): unknown[] {
  const groups = new Map<string, Deployment[]>();
  for (const one of deployments) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return [...groups]
    .filter(([name]) => only === null || only === name)
    .map(([name, group]) => groupRow(name, group, worker));
}

function groupRow(name: string, group: Deployment[], worker: Worker): unknown {
  const known = group.filter((deployment) => worker.isGrown(deployment)).map(({ info }) => info);
  const params = group.map((deployment) => deployment.params);
  return {
    model_group: name,
    providers: [...new Set(group.map(({ params }) => providerOf(params['model'])))],
    max_input_tokens: highest(known, 'max_input_tokens'),
    max_output_tokens: highest(known, 'max_output_tokens'),
    input_cost_per_token: highest(params, 'input_cost_per_token') ?? 0,
    output_cost_per_token: highest(params, 'output_cost_per_token') ?? 0,
    input_cost_per_pixel: null,
    mode: group[0]?.info['mode'] ?? null,
    tpm: total(params, 'tpm'),
    rpm: total(params, 'rpm'),
    supports_parallel_function_calling: false,
    supports_vision: false,
    supports_web_search: false,
    supports_url_context: false,
    supports_reasoning: false,
    supports_function_calling: false,
    supported_openai_params: ['max_tokens', 'stream', 'temperature', 'top_p', 'tools', 'tool_choice'],
    configurable_clientside_auth_params: null,
    is_public_model_group: false,
    health_status: null,
    health_response_time: null,
    health_checked_at: null,
  };
}

function total(objects: JsonObject[], key: string): number | null {
  const values = numbers(objects, key);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
}

function highest(objects: JsonObject[], key: string): number | null {
  const values = numbers(objects, key);
  return values.length === 0 ? null : Math.max(...values);
}

function numbers(objects: JsonObject[], key: string): number[] {
  return objects.map((object) => object[key]).filter((value) => typeof value === 'number');
}
