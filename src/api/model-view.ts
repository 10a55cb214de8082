import { z } from 'zod';
import { modelCategories } from '../domain/kinds.js';
import { publishedContext } from '../domain/published-context.js';
import { systemTags } from '../domain/tags.js';
import { whatIsWanted } from '../domain/want.js';
import { displayName, effectiveParams, providerParams } from '../domain/wanted-deployment.js';
import type { AuditEvent } from '../entities/audit-event.js';
import type { Deployment } from '../entities/deployment.js';
import type { Model } from '../entities/model.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import { auditView, viewAudit } from './audit-view.js';
import { priceRecord } from './provider-view.js';

const anyObject = z.record(z.string(), z.unknown());

const deploymentView = z
  .object({
    /** `in-step`: LiteLLM has what is wanted. `absent`: not there, as wanted. */
    state: z.enum(['in-step', 'pending', 'out-of-step', 'failed', 'absent']),
    deployment_id: z.string().nullable(),
    generation: z.int(),
    pushed_at: z.string().nullable(),
    last_error: z.string().nullable(),
    last_error_at: z.string().nullable(),
  })
  .meta({ id: 'Deployment' });

export const modelView = z
  .object({
    id: z.int(),
    provider_id: z.int(),
    provider_name: z.string(),
    model_id: z.string(),
    display_name: z.string(),
    mode: z.string(),
    model_type: z.string().describe('the mode, by the name that the predecessor gave it'),
    context_window: z.int().nullable().describe('tokens: what is published'),
    context_source: z.string().nullable(),
    max_context_window: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    category: z.enum(modelCategories),
    capabilities: z.array(z.string()),
    tags: z.array(z.string()).describe('what its deployment is tagged with: ours, its own, its provider’s'),
    user_tags: z.array(z.string()).describe('its own'),
    access_groups: z.array(z.string()).describe('its own; its provider’s count where it has none'),
    pricing_profile: z.string().nullable(),
    pricing_override: z.record(z.string(), z.number()),
    ollama_mode: z.string().nullable(),
    sync_enabled: z.boolean(),
    user_modified: z.boolean(),
    is_orphaned: z.boolean(),
    orphaned_at: z.string().nullable(),
    missed_count: z.int(),
    unusable: z.string().nullable(),
    details_error: z.string().nullable(),
    first_seen: z.string(),
    last_seen: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
    deleting_at: z.string().nullable(),
    edit_version: z.int(),
    deployment: deploymentView,
  })
  .meta({ id: 'Model' });

export const modelDetailView = modelView
  .extend({
    provider: z.object({ id: z.int(), name: z.string(), type: z.string(), prefix: z.string().nullable() }),
    litellm_params: anyObject.describe("the provider's parameters"),
    user_params: anyObject.nullable(),
    effective_params: anyObject.describe('what is pushed'),
    provenance: z.record(z.string(), z.string()),
    raw_metadata: z.unknown(),
    changes: z.array(auditView).describe('what people did to it, newest first'),
  })
  .meta({ id: 'ModelDetail' });

export interface ModelParts {
  model: Model;
  provider: Provider;
  settings: Settings;
  deployment: Deployment | undefined;
  nowMs: number;
}

export function viewModel({ model, provider, deployment, nowMs }: ModelParts): z.infer<typeof modelView> {
  const context = publishedContext(model, provider);
  return {
    id: model.id,
    provider_id: model.providerId,
    provider_name: provider.name,
    model_id: model.modelId,
    display_name: displayName(provider, model.modelId),
    mode: model.mode,
    model_type: model.mode,
    context_window: context?.value ?? null,
    context_source: context?.source ?? null,
    max_context_window: model.maxContextWindow,
    max_output_tokens: model.maxOutputTokens,
    category: model.category,
    capabilities: model.capabilities,
    tags: systemTags({
      providerName: provider.name,
      kind: provider.type,
      modelTags: model.userTags ?? [],
      providerTags: provider.tags ?? [],
    }),
    user_tags: model.userTags ?? [],
    access_groups: model.accessGroups ?? [],
    pricing_profile: model.pricingProfile,
    pricing_override: priceRecord(model.pricingOverride),
    ollama_mode: model.ollamaMode,
    sync_enabled: model.syncEnabled,
    user_modified: model.userModified,
    is_orphaned: model.isOrphaned,
    orphaned_at: model.orphanedAt,
    missed_count: model.missedCount,
    unusable: model.unusable,
    details_error: model.detailsError,
    first_seen: model.firstSeen,
    last_seen: model.lastSeen,
    created_at: model.createdAt,
    updated_at: model.updatedAt,
    deleting_at: model.deletingAt,
    edit_version: model.editVersion,
    deployment: {
      state: stateOf(deployment, whatIsWanted(model, provider, nowMs).want),
      deployment_id: deployment?.deploymentId ?? null,
      generation: deployment?.generation ?? 0,
      pushed_at: deployment?.pushedAt ?? null,
      last_error: deployment?.lastError ?? null,
      last_error_at: deployment?.lastErrorAt ?? null,
    },
  };
}

function stateOf(deployment: Deployment | undefined, want: 'present' | 'leave' | 'absent') {
  if (deployment?.pending) return 'pending';
  if (deployment?.lastError != null) return 'failed';
  const present = deployment?.appliedHash != null;
  if (want === 'absent') return present ? 'out-of-step' : 'absent';
  if (want === 'leave') return present ? 'in-step' : 'absent';
  return present && deployment.appliedHash === deployment.wantedHash ? 'in-step' : 'out-of-step';
}

/** What a person can edit, for the audit trail. */
export function editableView(model: Model): Record<string, unknown> {
  return {
    user_params: model.userParams,
    user_tags: model.userTags,
    access_groups: model.accessGroups,
    pricing_profile: model.pricingProfile,
    pricing_override: model.pricingOverride,
    ollama_mode: model.ollamaMode,
    sync_enabled: model.syncEnabled,
  };
}

export function viewModelDetail(
  parts: ModelParts,
  { rawMetadata, changes }: { rawMetadata: unknown; changes: AuditEvent[] },
): z.infer<typeof modelDetailView> {
  const { model, provider, settings } = parts;
  return {
    ...viewModel(parts),
    provider: { id: provider.id, name: provider.name, type: provider.type, prefix: provider.prefix },
    litellm_params: providerParams(model, provider, settings),
    user_params: model.userParams,
    effective_params: effectiveParams(model, provider, settings),
    provenance: model.provenance,
    raw_metadata: rawMetadata,
    changes: changes.map(viewAudit),
  };
}
