import { readFileSync } from 'node:fs';

import { without, type JsonObject } from '../json.js';
import { maskedParams } from './masking.js';
import { providerOf } from './providers.js';
import { dropNulls, PRICE_KEY } from './stored-fields.js';
import type { Deployment } from './worker.js';

/** A row of the listings. */
export interface ModelRow {
  model_name: string;
  litellm_params: JsonObject;
  model_info: JsonObject;
}

// The typed fields of the proxy's parameter class come first, in its order; the rest stays in jsonb order.
const TYPED_PARAMS = [
  'custom_llm_provider',
  'api_base',
  'api_version',
  'tpm',
  'rpm',
  'timeout',
  'stream_timeout',
  'max_retries',
  'organization',
  'litellm_credential_name',
  'max_budget',
  'budget_duration',
  'use_in_pass_through',
  'use_litellm_proxy',
  'merge_reasoning_content_in_choices',
  'model',
];

let costMapFields: JsonObject | undefined;

/** A deployment as the listings show it; `grown` adds the catalogue's fields: a config row shows them always, a priced row after its first chat. */
export function echo(deployment: Deployment, grown: boolean): ModelRow {
  const shown = maskedParams(deployment.params);
  const prices = without(shown, (key) => !PRICE_KEY.test(key));
  const typed = Object.fromEntries(
    TYPED_PARAMS.filter((key) => key in shown).map((key) => [key, shown[key]]),
  );
  const info = without(dropNulls(deployment.info), (key) => key === 'id' || key === 'db_model');
  const known: JsonObject = { id: deployment.id, db_model: !deployment.fromConfig, ...info, ...prices };
  return {
    model_name: deployment.name,
    litellm_params: { ...prices, ...typed, ...shown },
    model_info: grown ? { ...costMapOf(deployment), ...known } : known,
  };
}

function costMapOf(deployment: Deployment): JsonObject {
  costMapFields ??= JSON.parse(
    readFileSync(new URL('../samples/litellm/cost-map-fields.json', import.meta.url), 'utf8'),
  ) as JsonObject;
  const { model } = deployment.params;
  return { ...ALWAYS_SHOWN, ...costMapFields, key: model, litellm_provider: providerOf(model) };
}

/** Fields of a model that the catalogue does not know, where nobody set them. */
const ALWAYS_SHOWN: JsonObject = {
  mode: null,
  max_input_tokens: null,
  supports_vision: null,
  input_cost_per_token: 0,
  output_cost_per_token: 0,
};
