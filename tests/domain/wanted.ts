import type { WantedModel, WantedProvider, WantedSettings } from '../../src/domain/wanted-deployment.js';

export function aModel(edit: Partial<WantedModel> = {}): WantedModel {
  return {
    modelId: 'qwen3:8b',
    mode: 'chat',
    capabilities: ['completion', 'tools'],
    litellmParams: { mode: 'chat', supports_function_calling: true },
    userParams: null,
    userTags: null,
    accessGroups: null,
    pricingProfile: null,
    pricingOverride: null,
    ollamaMode: null,
    maxContextWindow: 40_960,
    configuredContext: null,
    observedContext: null,
    remote: false,
    ...edit,
  };
}

export function aProvider(edit: Partial<WantedProvider> = {}): WantedProvider {
  return {
    uuid: '6f0f3c7e-6c6c-4b63-9d6e-1f6f3f0c9d10',
    name: 'Lab Box',
    type: 'ollama',
    baseUrl: 'http://10.0.0.5:11434',
    apiRoot: null,
    litellmBaseUrl: null,
    prefix: 'lab',
    defaultOllamaMode: 'ollama_chat',
    defaultNumCtx: null,
    isLocal: null,
    autoDetectFim: true,
    tags: null,
    accessGroups: null,
    pricingProfile: null,
    pricingOverride: null,
    ...edit,
  };
}

export function someSettings(edit: Partial<WantedSettings> = {}): WantedSettings {
  return {
    defaultPricingProfile: null,
    defaultPricingOverride: null,
    tagsPlacement: 'litellm_params',
    ...edit,
  };
}
