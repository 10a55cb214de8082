import { createHash, createHmac } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import { canonicalJson, isJsonObject, type JsonObject } from './json.js';
import type { DeploymentBody } from './ports.js';
import type { Deployment } from './wanted-deployment.js';

/** Our mark on a deployment, in `model_info.litellm_updater`. No secrets: every key that may list models sees it. */
export interface Marker {
  v: 1;
  instance: string;
  /** `providers.uuid`. */
  provider: string;
  model: string;
  generation: number;
  ollama_mode?: string;
  /** `sha256:…` of the wanted deployment. */
  hash: string;
}

export const markerKey = 'litellm_updater';

export interface Identity {
  instanceId: string;
  providerUuid: string;
  modelId: string;
  generation: number;
}

/** Deterministic, so that a create that was lost on the way cannot make a second row (design rule 6). */
export function deploymentId({ instanceId, providerUuid, modelId, generation }: Identity): string {
  return uuidv5(JSON.stringify([providerUuid, modelId, generation]), instanceId);
}

/** One hash for "is this what we want": the key enters as an HMAC, so that it cannot be guessed from the marker. */
export function deploymentHash(deployment: Deployment, hashKey: Uint8Array): string {
  const { api_key: apiKey, ...litellmParams } = deployment.litellmParams;
  const text = canonicalJson({
    modelName: deployment.modelName,
    litellmParams,
    modelInfo: deployment.modelInfo,
    apiKey: typeof apiKey === 'string' ? createHmac('sha256', hashKey).update(apiKey).digest('hex') : null,
  });
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function deploymentBody(deployment: Deployment, identity: Identity, hash: string): DeploymentBody {
  const marker: Marker = {
    v: 1,
    instance: identity.instanceId,
    provider: identity.providerUuid,
    model: identity.modelId,
    generation: identity.generation,
    ...(deployment.ollamaMode !== undefined && { ollama_mode: deployment.ollamaMode }),
    hash,
  };
  return {
    model_name: deployment.modelName,
    litellm_params: deployment.litellmParams,
    model_info: {
      ...deployment.modelInfo,
      [markerKey]: { ...marker } satisfies JsonObject,
      id: deploymentId(identity),
    },
  };
}

/** The marker of a row, whoever's; undefined where there is none or where it is not readable. */
export function markerOf(modelInfo: JsonObject): Marker | undefined {
  const marker = modelInfo[markerKey];
  if (!isJsonObject(marker)) return undefined;
  const { instance, provider, model, generation, hash } = marker;
  if (typeof instance !== 'string' || typeof provider !== 'string' || typeof model !== 'string')
    return undefined;
  if (typeof generation !== 'number' || typeof hash !== 'string') return undefined;
  return { v: 1, instance, provider, model, generation, hash };
}

/** Names of the keys that we wrote; a key that must go needs a replace, because PATCH cannot remove one. */
export function writtenKeys(body: DeploymentBody): string[] {
  return [
    ...Object.keys(body.litellm_params).map((key) => `litellm_params.${key}`),
    ...Object.keys(body.model_info).map((key) => `model_info.${key}`),
  ].sort();
}
