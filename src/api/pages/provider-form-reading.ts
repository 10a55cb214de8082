import type { Settings } from '../../entities/settings.js';
import { format } from './format.js';
import { kindNames } from './provider-detail-facts.js';
import { textOf, type FormField, type Shown } from './provider-form-field.js';

export function connectionFields(view: Shown): FormField[] {
  return [
    {
      name: 'name',
      label: 'Name',
      hint: 'As you call this server. It is also a tag of its models at LiteLLM.',
      input: 'text',
      value: textOf(view.name),
      required: true,
    },
    {
      name: 'type',
      label: 'Type',
      hint: 'What the server speaks. “Test connection” tells which one it is.',
      input: 'select',
      value: view.type ?? 'ollama',
      options: [
        ['ollama', kindNames.ollama],
        ['openai', `${kindNames.openai} (vLLM, LM Studio …)`],
        ['litellm', kindNames.litellm],
      ],
    },
    {
      name: 'base_url',
      label: 'Base URL',
      hint: 'For example http://192.168.1.20:11434 or https://api.example.com/v1. In a container, this machine is host.docker.internal.',
      input: 'url',
      value: textOf(view.base_url),
      required: true,
    },
    {
      name: 'api_key',
      label: 'API key',
      hint: view.has_api_key
        ? 'Leave empty to keep the stored key. It is never shown again.'
        : 'Leave empty if the server wants none. It is stored encrypted and never shown again.',
      input: 'key',
      value: '',
    },
    {
      name: 'litellm_base_url',
      label: 'URL for LiteLLM',
      hint: 'Only where LiteLLM reaches this server at another address than we do. Empty: the base URL.',
      input: 'url',
      value: textOf(view.litellm_base_url),
    },
  ];
}

export function filterFields(view: Shown): FormField[] {
  return [
    {
      name: 'model_filter',
      label: 'Only models with',
      hint: 'Parts of model ids, separated by commas; one of them is enough. Empty: all models.',
      input: 'text',
      value: textOf(view.model_filter),
    },
    {
      name: 'model_filter_exclude',
      label: 'Leave out models with',
      hint: 'Parts of model ids, separated by commas; this wins. Empty: none is left out.',
      input: 'text',
      value: textOf(view.model_filter_exclude),
    },
  ];
}

export function scheduleFields(view: Shown, settings: Pick<Settings, 'syncIntervalSeconds'>): FormField[] {
  const seconds = settings.syncIntervalSeconds;
  const global = seconds === 0 ? 'off' : format.seconds(seconds);
  return [
    {
      name: 'sync_enabled',
      label: 'Scheduled sync',
      hint: 'Off: syncing is paused, and it is read only when somebody asks for it. Its models stay in LiteLLM, orphans until their grace is over. Default: on.',
      input: 'check',
      value: String(view.sync_enabled ?? true),
    },
    {
      name: 'sync_interval_seconds',
      label: 'Interval in seconds',
      hint: `30 or more. Empty or 0: the global interval (${global}).`,
      input: 'number',
      value: textOf(view.sync_interval_seconds),
    },
  ];
}
