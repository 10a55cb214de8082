import type { Settings } from '../../entities/settings.js';
import type { FormField, Shown } from './provider-form-field.js';
import { advancedFields, nameFields, orphanFields, priceFields } from './provider-form-publishing.js';
import { connectionFields, filterFields, scheduleFields } from './provider-form-reading.js';

/** What a new provider may start with. */
export type Prefilled = Pick<
  Shown,
  'name' | 'base_url' | 'type' | 'default_ollama_mode' | 'model_filter' | 'sync_interval_seconds'
>;

/** Every setting of a provider as a field: of a stored one, or of one that is to be. */
export function providerFormFields(
  view: Shown,
  settings: Pick<Settings, 'syncIntervalSeconds'>,
): { title: string; fields: FormField[] }[] {
  return [
    { title: 'Connection', fields: connectionFields(view) },
    { title: 'Names at LiteLLM', fields: nameFields(view) },
    { title: 'What to read', fields: filterFields(view) },
    { title: 'Schedule', fields: scheduleFields(view, settings) },
    { title: 'Orphans', fields: orphanFields(view) },
    { title: 'Prices', fields: priceFields(view) },
    { title: 'Advanced', fields: advancedFields(view) },
  ];
}
