import createError from 'http-errors';
import { z } from 'zod';
import { providerKind } from '../../domain/kinds.js';
import { idParams } from '../paging.js';
import { providerPresets } from '../provider-presets.js';
import { viewProvider } from '../provider-view.js';
import { definePage } from './define-page.js';
import { providerFormFields, type Prefilled } from './provider-form-fields.js';

/** Each value by itself: one that says nothing must not take the others along. */
const prefill = z.object({
  preset: z.string().max(100).optional().catch(undefined),
  kind: providerKind.optional().catch(undefined),
  base_url: z.string().max(2_000).optional().catch(undefined),
  name: z.string().max(100).optional().catch(undefined),
});

/** A new provider, empty or begun by a preset or a link. */
export const providerNewPage = definePage({
  paths: ['/providers/new'],
  section: 'providers',
  view: 'provider-form',
  scope: 'admin',
  query: prefill,
  async load({ query }, { stores }) {
    const preset = providerPresets.find(({ name }) => name === query.preset);
    const { kind, base_url: url, name } = query;
    const from: Prefilled = {
      ...preset,
      ...(kind !== undefined && { type: kind }),
      ...(url !== undefined && { base_url: url }),
      ...(name !== undefined && { name }),
    };
    return {
      provider: undefined,
      preset,
      presets: preset === undefined ? providerPresets : [],
      groups: providerFormFields(from, await stores.settings.get()),
    };
  },
  title: ({ preset }) => (preset ? `Add provider: ${preset.name}` : 'Add provider'),
});

/** A stored one. Nobody else's edit is overwritten: the form carries the version that it was made from. */
export const providerEditPage = definePage({
  paths: ['/providers/:id/edit'],
  section: 'providers',
  view: 'provider-form',
  scope: 'admin',
  params: idParams,
  async load({ params }, { stores }) {
    const stored = await stores.providers.byId(params.id);
    if (stored === null) throw createError(404, `there is no provider ${params.id}`);
    const provider = viewProvider(stored);
    return {
      provider,
      preset: undefined,
      presets: [],
      groups: providerFormFields(provider, await stores.settings.get()),
    };
  },
  title: ({ provider }) => `Edit ${provider.name}`,
});
