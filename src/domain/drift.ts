import { canonicalJson, isJsonObject, type Json, type JsonObject } from './json.js';
import { markerKey } from './deployment-body.js';
import type { DeploymentBody, DestinationRow } from './ports.js';

/**
 * Keys that we wrote and that LiteLLM now echoes with another value: somebody edited the row there.
 * Only keys that are echoed are compared, because the echo grows by itself and leaves some keys out
 * (litellm-measured, fact 5); a masked value says nothing.
 */
export function findDrift(body: DeploymentBody, row: DestinationRow): string[] {
  const drifted: string[] = [];
  if (row.modelName !== body.model_name) drifted.push('model_name');
  drifted.push(...driftedKeys('litellm_params', body.litellm_params, row.litellmParams, ['api_key']));
  drifted.push(...driftedKeys('model_info', body.model_info, row.modelInfo, ['id', markerKey]));
  return drifted;
}

function driftedKeys(part: string, written: JsonObject, echoed: JsonObject, ignored: string[]): string[] {
  return Object.entries(written)
    .filter(([key]) => !ignored.includes(key) && key in echoed)
    .filter(([key, value]) => !sameValue(value, echoed[key]))
    .map(([key]) => `${part}.${key}`);
}

/** LiteLLM masks all but four characters at each end; of a price that may leave one star: `1.12*e-06` (scenario C23). */
const masked = /\*{3,}|^.{4}\*+.{4}$/;

function sameValue(written: Json, echoed: Json | undefined): boolean {
  if (typeof echoed === 'string' && masked.test(echoed)) return true;
  if (isJsonObject(written) && isJsonObject(echoed)) {
    return Object.entries(written).every(([key, value]) => value === null || sameValue(value, echoed[key]));
  }
  // LiteLLM types some fields: "10" comes back as 10.
  const scalar = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';
  if (typeof written === 'string' && scalar(echoed))
    return Number(written) === echoed || written === String(echoed);
  return canonicalJson(written) === canonicalJson(echoed);
}
