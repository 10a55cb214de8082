import { isLocalHost } from './base-url.js';
import type { JsonObject } from './json.js';
import { litellmMode, type LitellmMode, type OllamaMode, type ProviderKind } from './kinds.js';
import { effectivePrice, isPriceKey, type PricingOverride } from './pricing.js';
import { publishedContext, type ContextFacts } from './published-context.js';
import { routeOf } from './route.js';
import { systemTags } from './tags.js';
import { overlayParams } from './user-params.js';

/** What of a stored model decides its deployment. */
export interface WantedModel extends ContextFacts {
  modelId: string;
  mode: LitellmMode;
  capabilities: string[];
  litellmParams: JsonObject;
  userParams: JsonObject | null;
  userTags: string[] | null;
  accessGroups: string[] | null;
  pricingProfile: string | null;
  pricingOverride: PricingOverride | null;
  ollamaMode: OllamaMode | null;
}

/** What of a provider decides the deployments of its models. */
export interface WantedProvider {
  uuid: string;
  name: string;
  type: ProviderKind;
  baseUrl: string;
  apiRoot: string | null;
  litellmBaseUrl: string | null;
  prefix: string | null;
  defaultOllamaMode: OllamaMode | null;
  defaultNumCtx: number | null;
  isLocal: boolean | null;
  autoDetectFim: boolean;
  tags: string[] | null;
  accessGroups: string[] | null;
  pricingProfile: string | null;
  pricingOverride: PricingOverride | null;
}

/** What of the settings decides every deployment. */
export interface WantedSettings {
  defaultPricingProfile: string | null;
  defaultPricingOverride: PricingOverride | null;
  tagsPlacement: 'litellm_params' | 'model_info';
}

/** A deployment as LiteLLM takes it, without id and marker. */
export interface Deployment {
  modelName: string;
  litellmParams: JsonObject & { model: string; api_base: string };
  modelInfo: JsonObject & { mode: LitellmMode };
  /** Told in the marker, because `model_info.mode` must be a mode that LiteLLM knows. */
  ollamaMode?: OllamaMode;
}

/** `prefix/model_id`; the prefix is for people, LiteLLM's `litellm_params.model` never carries it. */
export function displayName(provider: { prefix: string | null }, modelId: string): string {
  return provider.prefix ? `${provider.prefix}/${modelId}` : modelId;
}

/** The provider's parameters as they are before a person's edits: everything but route, tags and marker. */
export function providerParams(
  model: WantedModel,
  provider: WantedProvider,
  settings: WantedSettings,
): JsonObject {
  const context = publishedContext(model, provider);
  const prices = effectivePrice({
    local: !model.remote && (provider.isLocal ?? isLocalHost(provider.litellmBaseUrl ?? provider.baseUrl)),
    reported: model.litellmParams,
    settings: {
      pricingProfile: settings.defaultPricingProfile,
      pricingOverride: settings.defaultPricingOverride,
    },
    provider,
    model,
  });
  const fim = provider.autoDetectFim && model.capabilities.includes('insert');
  return {
    ...model.litellmParams,
    mode: model.mode,
    ...(context !== undefined && { max_input_tokens: context.value }),
    ...(fim && { supports_fill_in_middle: true, supports_code_infilling: true }),
    ...prices,
  };
}

/** Rule 4: the provider's parameters overlaid by the person's; what is pushed. */
export function effectiveParams(
  model: WantedModel,
  provider: WantedProvider,
  settings: WantedSettings,
): JsonObject {
  return overlayParams(providerParams(model, provider, settings), model.userParams);
}

/** Rule 5: the wanted deployment, a pure function of model, provider and settings. */
export function wantedDeployment(
  model: WantedModel,
  provider: WantedProvider,
  settings: WantedSettings,
  apiKey: string | undefined,
): Deployment {
  const params = effectiveParams(model, provider, settings);
  const mode = litellmMode.safeParse(params['mode']).data ?? model.mode;
  const wantedMode = model.ollamaMode ?? provider.defaultOllamaMode ?? 'ollama';
  const route = routeOf(provider, mode, wantedMode, apiKey !== undefined);
  const native = route.prefix === 'ollama' || route.prefix === 'ollama_chat';
  const context = publishedContext(model, provider);
  const tags = systemTags({
    providerName: provider.name,
    kind: provider.type,
    modelTags: model.userTags ?? [],
    providerTags: provider.tags ?? [],
  });
  const groups = model.accessGroups?.length ? model.accessGroups : provider.accessGroups;
  // LiteLLM refuses to call `openai/` without any key; a made-up `sk-…` could reach a third party.
  const key = apiKey ?? (native ? undefined : 'none');

  const litellmParams: JsonObject = {};
  const modelInfo: JsonObject = {};
  for (const [name, value] of Object.entries(params)) {
    (belongsInModelInfo(name) ? modelInfo : litellmParams)[name] = value;
  }
  // LiteLLM's legacy limit: the output limit if known, else the input limit (cost map, `sample_spec`).
  const takenOut = (name: string) => model.userParams?.[name] === null;
  const maxTokens = takenOut('max_tokens')
    ? undefined
    : (modelInfo['max_tokens'] ?? modelInfo['max_output_tokens'] ?? modelInfo['max_input_tokens']);
  return {
    modelName: displayName(provider, model.modelId),
    litellmParams: {
      // The only place where a default num_ctx is enforced; a Modelfile's own value stays in charge.
      ...(native &&
        context?.source === 'default_num_ctx' &&
        mode !== 'embedding' &&
        !takenOut('num_ctx') && { num_ctx: context.value }),
      ...litellmParams,
      model: `${route.prefix}/${model.modelId}`,
      api_base: route.apiBase,
      ...(key !== undefined && { api_key: key }),
      ...(settings.tagsPlacement === 'litellm_params' && { tags }),
    },
    modelInfo: {
      ...modelInfo,
      mode,
      litellm_provider: native ? 'ollama' : 'openai',
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(settings.tagsPlacement === 'model_info' && { tags }),
      ...(groups?.length && { access_groups: groups }),
    },
    ...(route.ollamaMode !== undefined && { ollamaMode: route.ollamaMode }),
  };
}

const modelInfoKeys = new Set([
  'mode',
  'max_tokens',
  'max_input_tokens',
  'max_output_tokens',
  'output_vector_size',
  'base_model',
  'litellm_provider',
  'description',
  'metadata',
  'source',
  'deprecation_date',
  'health_check_model',
  'health_check_timeout',
  'disable_background_health_check',
]);

/** What describes a model goes into `model_info`; prices, rates and call parameters are read from `litellm_params`. */
function belongsInModelInfo(key: string): boolean {
  if (isPriceKey(key)) return false;
  return modelInfoKeys.has(key) || key.startsWith('supports_') || key.startsWith('supported_');
}
