import { z } from 'zod';
import { normaliseBaseUrl, sameEndpoint } from '../../domain/base-url.js';
import { pricingOverride, pricingProfile, tokenPrice, withTokenPrices } from '../../domain/pricing.js';
import { updateStrategies } from '../../domain/update-strategy.js';
import type { Settings } from '../../entities/settings.js';
import type { SettingsEdit } from '../../entities/settings-store.js';
import { applyChanges } from '../apply-changes.js';
import { recordChange, secretTouched } from '../audit.js';
import { destinationStateView, viewDestinationState } from '../destination-state.js';
import { defineRoute, type ApiServices, type RouteInput } from '../define-route.js';
import { editInTurn } from '../edit-in-turn.js';
import { readForm } from '../form.js';
import { invalidField } from '../problem.js';
import { apiKey, syncInterval } from '../provider-schema.js';
import { refuseOtherHost } from '../stored-key.js';
import { priceRecord } from '../provider-view.js';

const settingsView = z
  .object({
    instance_id: z.string(),
    litellm_base_url: z.string().nullable(),
    has_litellm_api_key: z.boolean(),
    litellm_api_key_hint: z.string().nullable(),
    sync_interval_seconds: z.int(),
    default_pricing_profile: z.string().nullable(),
    default_pricing_override: z.record(z.string(), z.number()),
    update_strategy: z.enum(updateStrategies),
    tags_placement: z.enum(['litellm_params', 'model_info']),
    litellm_poll_seconds: z.int(),
    run_retention_days: z.int(),
    edit_version: z.int(),
    destination: destinationStateView,
  })
  .meta({ id: 'Settings' });

const settingsUpdate = z
  .strictObject({
    litellm_base_url: z.string().trim().min(1).max(2_000).nullable(),
    litellm_api_key: apiKey.nullable(),
    sync_interval_seconds: syncInterval,
    default_pricing_profile: pricingProfile.nullable(),
    default_pricing_override: pricingOverride.nullable(),
    /** The predecessor's form fields; each changes one price of the override. */
    default_input_cost_per_token: tokenPrice,
    default_output_cost_per_token: tokenPrice,
    update_strategy: z.enum(updateStrategies, `takes ${updateStrategies.join(', ')}`),
    tags_placement: z.enum(['litellm_params', 'model_info'], 'takes litellm_params or model_info'),
    litellm_poll_seconds: z.int('takes whole seconds').min(1).max(3_600),
    run_retention_days: z.int('takes whole days').min(1).max(3_650),
  })
  .partial();

type SettingsUpdate = z.infer<typeof settingsUpdate>;

const formKinds = {
  sync_interval_seconds: 'number',
  litellm_poll_seconds: 'number',
  run_retention_days: 'number',
  default_input_cost_per_token: 'number',
  default_output_cost_per_token: 'number',
} as const;

const paths: [string, ...string[]] = ['/api/admin/config', '/api/settings'];

export const settingsRoutes = [
  defineRoute({
    method: 'get',
    paths,
    group: 'settings',
    summary: 'Settings, and what is known of LiteLLM',
    scope: 'read',
    versioned: true,
    reply: settingsView,
    async handle(_input, { stores }) {
      return view(await stores.settings.get());
    },
  }),
  ...(['patch', 'post'] as const).map((method) =>
    defineRoute({
      method,
      paths,
      group: 'settings',
      scope: 'admin',
      versioned: true,
      summary:
        'Change settings: absent fields stay, null clears one; without litellm_base_url nothing is pushed, and its key is forgotten',
      body: settingsUpdate,
      fromForm: (fields) => readForm(fields, formKinds),
      reply: settingsView,
      needsQueue: true,
      handle: (input, services) => updateSettings(input, services),
    }),
  ),
  defineRoute({
    method: 'post',
    paths: ['/admin/litellm'],
    group: 'settings',
    summary: 'LiteLLM’s address and key, as a form of the predecessor',
    scope: 'admin',
    body: settingsUpdate.pick({ litellm_base_url: true, litellm_api_key: true }),
    fromForm: ({ base_url, api_key, ...rest }) =>
      readForm(
        {
          ...rest,
          ...(base_url !== undefined && { litellm_base_url: base_url }),
          // A form sends every field: an empty password field keeps the key.
          ...(api_key !== undefined && api_key !== '' && { litellm_api_key: api_key }),
        },
        formKinds,
      ),
    reply: settingsView,
    needsQueue: true,
    handle: (input, services) => updateSettings(input, services),
  }),
  defineRoute({
    method: 'post',
    paths: ['/admin/interval'],
    group: 'settings',
    summary: 'The global sync interval, as a form of the predecessor',
    scope: 'admin',
    body: settingsUpdate.pick({ sync_interval_seconds: true }).required(),
    fromForm: (fields) => readForm(fields, formKinds),
    reply: settingsView,
    needsQueue: true,
    handle: (input, services) => updateSettings(input, services),
  }),
];

async function updateSettings(
  { body, actor, ifMatch }: Pick<RouteInput<unknown, unknown, SettingsUpdate>, 'body' | 'actor' | 'ifMatch'>,
  services: ApiServices,
) {
  const { stores, now } = services;
  const { before, after } = await editInTurn(
    () => stores.settings.get(),
    ifMatch,
    async (present) => {
      const edit = await editOf(body, present, services);
      return stores.settings.update(present, edit, keyFor(edit, body, present), now().toISOString());
    },
  );
  const isDropped = before.hasLitellmApiKey && !after.hasLitellmApiKey;
  if (after.litellmBaseUrl !== before.litellmBaseUrl) await stores.deployments.forgetApplied();
  const change = {
    actor,
    action: 'settings.update',
    subject: null,
    before: editable(before),
    after: editable(after),
    details: secretTouched(isDropped ? null : body.litellm_api_key),
  };
  await recordChange(change, services);
  await applyChanges(services, 'all', { schedules: true });
  return view(after);
}

/**
 * A key belongs to an address: one goes with the other, so that it cannot follow to another server in two steps. Null
 * removes it, undefined keeps it.
 */
function keyFor(
  { litellmBaseUrl: wanted }: SettingsEdit,
  { litellm_api_key: given }: SettingsUpdate,
  { litellmBaseUrl: stored, hasLitellmApiKey: isStored }: Settings,
): string | null | undefined {
  if (given != null && (wanted === undefined ? stored : wanted) === null)
    throw invalidField('litellm_api_key', 'is kept for one server; send litellm_base_url as well');
  if (given !== undefined || !isStored || wanted === undefined) return given;
  if (wanted === null) return null;
  // Stored without an address by an earlier release, it goes nowhere.
  refuseOtherHost(wanted, [stored], 'litellm_base_url', 'litellm_api_key');
  return undefined;
}

/** Without what the product learned by itself. */
function editable(settings: Settings): Record<string, unknown> {
  const { destination: _learned, edit_version: _version, ...rest } = view(settings);
  return rest;
}

async function editOf(
  body: SettingsUpdate,
  before: Settings,
  { stores }: ApiServices,
): Promise<SettingsEdit> {
  const { default_input_cost_per_token: input, default_output_cost_per_token: output } = body;
  const override =
    body.default_pricing_override === undefined
      ? before.defaultPricingOverride
      : body.default_pricing_override;
  const pricesGiven =
    body.default_pricing_override !== undefined || input !== undefined || output !== undefined;
  const edit = {
    syncIntervalSeconds: body.sync_interval_seconds,
    defaultPricingProfile: body.default_pricing_profile,
    defaultPricingOverride: pricesGiven ? withTokenPrices(override, { input, output }) : undefined,
    updateStrategy: body.update_strategy,
    tagsPlacement: body.tags_placement,
    litellmPollSeconds: body.litellm_poll_seconds,
    runRetentionDays: body.run_retention_days,
    litellmBaseUrl:
      body.litellm_base_url == null
        ? body.litellm_base_url
        : await destinationUrl(body.litellm_base_url, { stores }),
  };
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}

async function destinationUrl(input: string, { stores }: Pick<ApiServices, 'stores'>): Promise<string> {
  const result = normaliseBaseUrl('litellm', input);
  if ('error' in result) throw invalidField('litellm_base_url', result.error);
  const provider = (await stores.providers.list()).find(({ baseUrl }) => sameEndpoint(baseUrl, result.url));
  if (provider)
    throw invalidField(
      'litellm_base_url',
      `is what provider "${provider.name}" reads from; delete that provider first`,
    );
  return result.url;
}

function view(settings: Settings): z.infer<typeof settingsView> {
  return {
    instance_id: settings.instanceId,
    litellm_base_url: settings.litellmBaseUrl,
    has_litellm_api_key: settings.hasLitellmApiKey,
    litellm_api_key_hint: settings.litellmApiKeyHint,
    sync_interval_seconds: settings.syncIntervalSeconds,
    default_pricing_profile: settings.defaultPricingProfile,
    default_pricing_override: priceRecord(settings.defaultPricingOverride),
    update_strategy: settings.updateStrategy,
    tags_placement: settings.tagsPlacement,
    litellm_poll_seconds: settings.litellmPollSeconds,
    run_retention_days: settings.runRetentionDays,
    edit_version: settings.editVersion,
    destination: viewDestinationState(settings),
  };
}
