import { providerPresets } from '../provider-presets.js';
import { definePage } from './define-page.js';
import { providerListRows } from './provider-list-rows.js';

/** All providers, with what a person does to them. */
export const providerListPage = definePage({
  paths: ['/providers', '/sources'],
  section: 'providers',
  view: 'providers',
  title: () => 'Providers',
  async load(_input, services) {
    const settings = await services.stores.settings.get();
    const providers = await services.stores.providers.list();
    return {
      providers: await providerListRows(providers, settings, services),
      presets: providerPresets,
      hasDestination: settings.litellmBaseUrl !== null,
    };
  },
});
