import { pricingProfiles } from '../../domain/pricing.js';
import { format } from './format.js';
import { textOf, type FormField, type Shown } from './provider-form-field.js';

export function nameFields(view: Shown): FormField[] {
  const isNew = view.id === undefined;
  return [
    {
      name: 'prefix',
      label: 'Prefix',
      hint: 'Models are named prefix/model id. Empty: the model id alone.',
      input: 'text',
      value: textOf(view.prefix),
    },
    {
      name: 'tags',
      label: 'Tags',
      hint: 'For all its models, separated by commas. Empty: none besides lupdater, provider and type.',
      input: 'list',
      value: (view.tags ?? []).join(', '),
    },
    {
      name: 'access_groups',
      label: 'Access groups',
      hint: 'For all its models, separated by commas; a model’s own come first. Empty: none.',
      input: 'list',
      value: (view.access_groups ?? []).join(', '),
    },
    {
      name: 'default_ollama_mode',
      label: 'Ollama mode',
      hint: 'How LiteLLM calls the models. ollama_chat is the default for its native tools, thinking and context size.',
      input: 'select',
      value: isNew ? (view.default_ollama_mode ?? 'ollama_chat') : textOf(view.default_ollama_mode),
      options: [
        ...(isNew ? [] : [['', 'not set (as ollama)'] as [string, string]]),
        ['ollama_chat', 'ollama_chat (recommended)'],
        ['ollama', 'ollama'],
        ['openai', 'openai (Ollama’s /v1)'],
      ],
      only: 'ollama',
    },
  ];
}

export function orphanFields(view: Shown): FormField[] {
  return [
    {
      name: 'orphan_policy',
      label: 'Models that the server no longer lists',
      hint: 'They stay stored with your edits in either case. Default: leave LiteLLM.',
      input: 'select',
      value: view.orphan_policy ?? 'remove',
      options: [
        ['remove', 'leave LiteLLM after the grace'],
        ['keep', 'stay in LiteLLM'],
      ],
    },
    {
      name: 'grace_misses',
      label: 'Grace: syncs in a row without them',
      hint: 'Default: 3. With 0 here and 0 seconds they leave at once.',
      input: 'number',
      value: textOf(view.grace_misses ?? 3),
      required: true,
    },
    {
      name: 'grace_seconds',
      label: 'Grace: seconds since they were missed',
      hint: 'Default: 3600, one hour. Both must be over.',
      input: 'number',
      value: textOf(view.grace_seconds ?? 3_600),
      required: true,
    },
  ];
}

export function priceFields(view: Shown): FormField[] {
  const prices = view.pricing_override ?? {};
  return [
    {
      name: 'pricing_profile',
      label: 'Price profile',
      hint: 'Known prices under the name of a model. Default: none.',
      input: 'select',
      value: textOf(view.pricing_profile),
      options: [
        ['', 'none'],
        ...Object.entries(pricingProfiles).map(([name, profile]): [string, string] => [
          name,
          `${name} (${format.price(profile.input_cost_per_token)} in, ${format.price(profile.output_cost_per_token)} out)`,
        ]),
      ],
    },
    {
      name: 'pricing_input_cost_per_token',
      label: 'Input, USD per token',
      hint: '0.000001 is $1 per million tokens. Empty: the profile, what the server reports, or no price.',
      input: 'number',
      value: textOf(prices['input_cost_per_token']),
    },
    {
      name: 'pricing_output_cost_per_token',
      label: 'Output, USD per token',
      hint: 'Empty: the profile, what the server reports, or no price.',
      input: 'number',
      value: textOf(prices['output_cost_per_token']),
    },
    {
      name: 'is_local',
      label: 'Local, therefore free',
      hint: 'Models of a local server cost 0 unless a price is set. Default: by the address.',
      input: 'select',
      kind: 'boolean',
      value: view.is_local == null ? '' : String(view.is_local),
      options: [
        ['', 'by the address'],
        ['true', 'yes'],
        ['false', 'no'],
      ],
    },
  ];
}

export function advancedFields(view: Shown): FormField[] {
  const prices = view.pricing_override ?? {};
  return [
    {
      name: 'default_num_ctx',
      label: 'Context size (num_ctx)',
      hint: 'Tokens, 256 or more, where a model sets none; told to people and enforced through LiteLLM. Empty: what the server tells.',
      input: 'number',
      value: textOf(view.default_num_ctx),
      only: 'ollama',
    },
    {
      name: 'auto_detect_fim',
      label: 'Tell LiteLLM about fill-in-the-middle',
      hint: 'For models that can insert text. Default: on.',
      input: 'check',
      value: String(view.auto_detect_fim ?? true),
    },
    {
      name: 'pricing_override',
      label: 'All prices by hand, as JSON',
      hint: 'Also per second, character, image or query; the two prices per token are part of it. Empty: none.',
      input: 'json',
      value: Object.keys(prices).length === 0 ? '' : format.json(prices),
    },
  ];
}
