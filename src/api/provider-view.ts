import { z } from 'zod';
import type { Provider } from '../entities/provider.js';

/** Never a key: whether there is one, and its last four characters. */
export const providerView = z
  .object({
    id: z.int(),
    uuid: z.string(),
    name: z.string(),
    base_url: z.string(),
    type: z.enum(['ollama', 'openai', 'litellm']),
    has_api_key: z.boolean(),
    api_key_hint: z.string().nullable(),
    prefix: z.string().nullable(),
    default_ollama_mode: z.enum(['ollama', 'ollama_chat', 'openai']).nullable(),
    tags: z.array(z.string()),
    access_groups: z.array(z.string()),
    pricing_profile: z.string().nullable(),
    pricing_override: z.record(z.string(), z.number()),
    sync_enabled: z.boolean(),
    sync_interval_seconds: z.int().nullable(),
    auto_detect_fim: z.boolean(),
    model_filter: z.string().nullable(),
    model_filter_exclude: z.string().nullable(),
    litellm_base_url: z.string().nullable(),
    default_num_ctx: z.int().nullable(),
    is_local: z.boolean().nullable(),
    orphan_policy: z.enum(['remove', 'keep']),
    grace_misses: z.int(),
    grace_seconds: z.int(),
    last_ok_at: z.string().nullable(),
    last_error: z.string().nullable(),
    last_error_at: z.string().nullable(),
    deleting_at: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
    edit_version: z.int(),
  })
  .meta({ id: 'Provider' });

export function viewProvider(provider: Provider): z.infer<typeof providerView> {
  return {
    id: provider.id,
    uuid: provider.uuid,
    name: provider.name,
    base_url: provider.baseUrl,
    type: provider.type,
    has_api_key: provider.hasApiKey,
    api_key_hint: provider.apiKeyHint,
    prefix: provider.prefix,
    default_ollama_mode: provider.defaultOllamaMode,
    tags: provider.tags ?? [],
    access_groups: provider.accessGroups ?? [],
    pricing_profile: provider.pricingProfile,
    pricing_override: priceRecord(provider.pricingOverride),
    sync_enabled: provider.syncEnabled,
    sync_interval_seconds: provider.syncIntervalSeconds,
    auto_detect_fim: provider.autoDetectFim,
    model_filter: provider.modelFilter,
    model_filter_exclude: provider.modelFilterExclude,
    litellm_base_url: provider.litellmBaseUrl,
    default_num_ctx: provider.defaultNumCtx,
    is_local: provider.isLocal,
    orphan_policy: provider.orphanPolicy,
    grace_misses: provider.graceMisses,
    grace_seconds: provider.graceSeconds,
    last_ok_at: provider.lastOkAt,
    last_error: provider.lastError,
    last_error_at: provider.lastErrorAt,
    deleting_at: provider.deletingAt,
    created_at: provider.createdAt,
    updated_at: provider.updatedAt,
    edit_version: provider.editVersion,
  };
}

export function priceRecord(override: Record<string, number | undefined> | null): Record<string, number> {
  return Object.fromEntries(
    Object.entries(override ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
