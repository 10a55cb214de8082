import { normaliseBaseUrl, sameEndpoint } from '../domain/base-url.js';
import type { ProviderKind } from '../domain/kinds.js';
import { filterMatchesAny } from '../domain/model-filter.js';
import { withTokenPrices } from '../domain/pricing.js';
import type { Provider } from '../entities/provider.js';
import type { ProviderEdit } from '../entities/providers-store.js';
import type { ApiServices } from './define-route.js';
import { invalidField } from './problem.js';
import type { ProviderUpdate } from './provider-schema.js';

/** What the schema cannot know: addresses by kind, modes by kind, and that a new filter matches something. */
export async function checkedEdit(
  body: ProviderUpdate,
  present: Provider | undefined,
  { stores }: ApiServices,
): Promise<Partial<ProviderEdit>> {
  const type = body.type ?? present?.type ?? 'openai';
  const edit = editOf(body);
  if (body.base_url !== undefined || body.type !== undefined) {
    edit.baseUrl = normalised(type, body.base_url ?? present?.baseUrl ?? '', 'base_url');
  }
  if (body.litellm_base_url != null)
    edit.litellmBaseUrl = normalised(type, body.litellm_base_url, 'litellm_base_url');
  const destination = (await stores.settings.get()).litellmBaseUrl;
  if (edit.baseUrl !== undefined && destination !== null && sameEndpoint(edit.baseUrl, destination)) {
    throw invalidField(
      'base_url',
      'is the LiteLLM that models are written to; it cannot be read as a provider as well',
    );
  }
  const { pricing_input_cost_per_token: input, pricing_output_cost_per_token: output } = body;
  if (input !== undefined || output !== undefined) {
    const override = body.pricing_override === undefined ? present?.pricingOverride : body.pricing_override;
    edit.pricingOverride = withTokenPrices(override ?? null, { input, output });
  }
  if (type !== 'ollama') {
    if (body.default_ollama_mode != null)
      throw invalidField('default_ollama_mode', 'is for providers of type ollama only');
    edit.defaultOllamaMode = null;
  }
  if (present !== undefined && (body.model_filter !== undefined || body.model_filter_exclude !== undefined)) {
    refuseEmptyFilter(body, present, await stores.models.activeIds(present.id));
  }
  return edit;
}

function refuseEmptyFilter(body: ProviderUpdate, present: Provider, ids: string[]): void {
  const include = body.model_filter === undefined ? present.modelFilter : body.model_filter;
  const exclude =
    body.model_filter_exclude === undefined ? present.modelFilterExclude : body.model_filter_exclude;
  if (ids.length === 0 || filterMatchesAny(ids, include, exclude)) return;
  throw invalidField(
    body.model_filter === undefined ? 'model_filter_exclude' : 'model_filter',
    `matches none of the ${ids.length} stored models, so all of them would go; for example "${ids[0] ?? ''}" is left out`,
  );
}

function normalised(type: ProviderKind, input: string, field: string): string {
  const result = normaliseBaseUrl(type, input);
  if ('error' in result) throw invalidField(field, result.error);
  return result.url;
}

function editOf(body: ProviderUpdate): Partial<ProviderEdit> {
  const edit = {
    name: body.name,
    type: body.type,
    prefix: body.prefix,
    defaultOllamaMode: body.default_ollama_mode,
    tags: body.tags,
    accessGroups: body.access_groups,
    pricingProfile: body.pricing_profile,
    pricingOverride: body.pricing_override,
    syncEnabled: body.sync_enabled,
    syncIntervalSeconds: body.sync_interval_seconds,
    autoDetectFim: body.auto_detect_fim,
    modelFilter: body.model_filter,
    modelFilterExclude: body.model_filter_exclude,
    litellmBaseUrl: body.litellm_base_url,
    defaultNumCtx: body.default_num_ctx,
    isLocal: body.is_local,
    orphanPolicy: body.orphan_policy,
    graceMisses: body.grace_misses,
    graceSeconds: body.grace_seconds,
  };
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}
