import { providerOf } from './providers.js';
import type { Deployment } from './worker.js';

/** Rows of /model_group/info. Limits and abilities of unknown models stay empty there, whatever model_info says. */
export function modelGroups(deployments: Deployment[], only: string | null): unknown[] {
  const groups = new Map<string, Deployment[]>();
  for (const one of deployments) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return [...groups]
    .filter(([name]) => only === null || only === name)
    .map(([name, group]) => groupRow(name, group));
}

function groupRow(name: string, group: Deployment[]): unknown {
  return {
    model_group: name,
    providers: [...new Set(group.map(({ params }) => providerOf(params['model'])))],
    max_input_tokens: null,
    max_output_tokens: null,
    input_cost_per_token: highest(group, 'input_cost_per_token') ?? 0,
    output_cost_per_token: highest(group, 'output_cost_per_token') ?? 0,
    input_cost_per_pixel: null,
    mode: group[0]?.info['mode'] ?? null,
    tpm: highest(group, 'tpm'),
    rpm: highest(group, 'rpm'),
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

function highest(group: Deployment[], key: string): number | null {
  const values = group.map(({ params }) => params[key]).filter((value) => typeof value === 'number');
  return values.length === 0 ? null : Math.max(...values);
}
