import { redactUrl } from '../../domain/base-url.js';
import { deploymentBody, deploymentHash, markerOf, writtenKeys } from '../../domain/deployment-body.js';
import { findDrift } from '../../domain/drift.js';
import { messageOf } from '../../domain/errors.js';
import { isJsonObject } from '../../domain/json.js';
import type { DeploymentBody, DestinationRow } from '../../domain/ports.js';
import { textWithoutSecrets, withoutSecrets } from '../../domain/secret-keys.js';
import { whatIsWanted } from '../../domain/want.js';
import { wantedDeployment } from '../../domain/wanted-deployment.js';
import { compareRow } from '../../jobs/compare-row.js';
import type { ApiServices } from '../define-route.js';
import type { ModelParts } from '../model-view.js';
import { idParams } from '../paging.js';
import { withPatience } from '../patience.js';
import { existingModel, partsOf } from '../read-models.js';
import { definePage } from './define-page.js';

/** A person looks at it; the rest of the page is there already. */
const patienceMs = 10_000;

type State = 'unknown' | 'pending' | 'none' | 'missing' | 'surplus' | 'in-step' | 'drifted' | 'outdated';

interface Look {
  state: State;
  /** In words. */
  text: string;
  differences?: { key: string; wanted: unknown; present: unknown }[];
  row?: object;
}

/** The row of one model as LiteLLM has it now, beside what is wanted; the page of the model asks for it by a click. */
export const modelDeploymentPage = definePage({
  paths: ['/models/:id/deployment'],
  section: 'models',
  view: 'model-deployment',
  params: idParams,
  async load({ params }, services) {
    const parts = await partsOf(await existingModel(params.id, services), services);
    const { modelId } = parts.model;
    return { id: params.id, name: modelId, look: await lookAt(parts, services) };
  },
  title: ({ name }) => `${name} at LiteLLM`,
});

async function lookAt(parts: ModelParts, services: ApiServices): Promise<Look> {
  const { model, provider, deployment, nowMs } = parts;
  const access = await services.stores.settings.destinationAccess();
  if (access === undefined)
    return { state: 'unknown', text: 'No LiteLLM is connected: connect one in the settings.' };
  const id = deployment?.deploymentId;
  if (!id)
    return {
      state: 'none',
      text: 'Nothing was pushed for this model so far, so there is no row to compare.',
    };
  const call = {
    ms: patienceMs,
    who: `LiteLLM at ${redactUrl(access.baseUrl)}`,
    signal: new AbortController().signal,
  };
  let row: DestinationRow | undefined;
  try {
    row = await withPatience(call, (signal) => services.destination.stored(access, id, signal));
  } catch (error) {
    const text = `LiteLLM cannot be asked now, so it is not known what it has: ${textWithoutSecrets(messageOf(error))}`;
    return { state: 'unknown', text };
  }
  const { want } = whatIsWanted(model, provider, nowMs);
  if (row === undefined) {
    return want === 'present'
      ? { state: 'missing', text: `LiteLLM has no row ${id}. The next reconcile or a push makes it again.` }
      : { state: 'none', text: 'LiteLLM has no row of this model, as wanted.' };
  }
  const shown = shownRow(row);
  if (want === 'absent')
    return {
      state: 'surplus',
      text: 'LiteLLM has a row that should not be there; a push takes it out.',
      row: shown,
    };
  return { ...(await compare(parts, row, services)), row: shown };
}

async function compare(parts: ModelParts, row: DestinationRow, { stores }: ApiServices): Promise<Look> {
  const { model, provider, settings, deployment } = parts;
  if (deployment === undefined) throw new Error('a row was found by a deployment that is not there');
  const apiKey = await stores.providers.apiKeyOf(provider.id);
  const hashKey = await stores.settings.hashKey();
  const marker = markerOf(row.modelInfo);
  const ours = marker?.instance === settings.instanceId ? marker : undefined;
  const { drifted, carriedHash, wantedHash } = compareRow(
    { model, provider, deployment, apiKey, isReadable: true },
    deployment,
    { row, marker: ours },
    settings,
    hashKey,
  );
  const wanted = wantedDeployment(model, provider, settings, apiKey);
  const identity = {
    instanceId: settings.instanceId,
    providerUuid: provider.uuid,
    modelId: model.modelId,
    generation: deployment.generation,
  };
  const body = deploymentBody(wanted, identity, deploymentHash(wanted, hashKey));
  const differ = (keys: string[]) => differencesOf(keys, body, row);
  if (deployment.pending)
    return {
      state: 'pending',
      text: 'A push is queued or under way. Look again when it is done.',
      differences: differ(changedKeys(body, row, deployment.appliedKeys)),
    };
  if (drifted.length > 0)
    return {
      state: 'drifted',
      text: 'Somebody edited the row in LiteLLM. The next reconcile writes what is wanted again.',
      differences: differ(drifted),
    };
  if (carriedHash !== wantedHash)
    return {
      state: 'outdated',
      text: 'LiteLLM has an earlier version; the next push writes what is wanted now.',
      differences: differ(changedKeys(body, row, deployment.appliedKeys)),
    };
  return { state: 'in-step', text: 'LiteLLM has exactly what is wanted.' };
}

/** What a push changes: other values, keys that are not there yet, and keys of an earlier push that must go. */
function changedKeys(body: DeploymentBody, row: DestinationRow, applied: string[] | null): string[] {
  const written = writtenKeys(body).filter((key) => key !== 'litellm_params.api_key');
  const present = shownRow(row);
  const missing = written.filter((key) => valueAt(present, key) === undefined);
  const surplus = (applied ?? []).filter(
    (key) => !written.includes(key) && valueAt(present, key) !== undefined,
  );
  const keys = new Set([...findDrift(body, row), ...missing, ...surplus]);
  keys.delete('litellm_params.api_key');
  return [...keys].sort();
}

function differencesOf(keys: string[], body: DeploymentBody, row: DestinationRow) {
  const wanted = shownBody(body);
  const present = shownRow(row);
  return keys.map((key) => ({ key, wanted: valueAt(wanted, key), present: valueAt(present, key) }));
}

const shownBody = (body: DeploymentBody) => ({
  model_name: body.model_name,
  litellm_params: withoutSecrets(body.litellm_params),
  model_info: withoutSecrets(body.model_info),
});

const shownRow = (row: DestinationRow) => ({
  model_name: row.modelName,
  litellm_params: withoutSecrets(row.litellmParams),
  model_info: withoutSecrets(row.modelInfo),
});

/** `litellm_params.tags`: the part and its key, which may have dots of its own. */
function valueAt(object: Record<string, unknown>, key: string): unknown {
  const dot = key.indexOf('.');
  if (dot === -1) return object[key];
  const part = object[key.slice(0, dot)];
  return isJsonObject(part) ? part[key.slice(dot + 1)] : undefined;
}
