import { deploymentBody, deploymentHash, deploymentId, type Marker } from '../domain/deployment-body.js';
import { findDrift } from '../domain/drift.js';
import type { DeploymentBody, DestinationRow } from '../domain/ports.js';
import { wantedDeployment } from '../domain/wanted-deployment.js';
import type { Deployment } from '../entities/deployment.js';
import type { Settings } from '../entities/settings.js';
import type { Known } from './destination-view.js';

const markerName = 'model_info.litellm_updater';

export interface RowComparison {
  /** Of what is wanted now. */
  wantedHash: string;
  /** Of what the row was made from, by its marker; of an adopted row what we know of it. */
  carriedHash: string | null;
  /** Keys that somebody edited at LiteLLM. */
  drifted: string[];
}

/** The row of one model beside what is wanted of it. `marker`: the row's own, when it is this installation's. */
export function compareRow(
  { model, provider, apiKey }: Known,
  deployment: Deployment,
  { row, marker }: { row: DestinationRow; marker: Marker | undefined },
  settings: Settings,
  hashKey: Uint8Array,
): RowComparison {
  const identity = {
    instanceId: settings.instanceId,
    providerUuid: provider.uuid,
    modelId: model.modelId,
    generation: deployment.generation,
  };
  const wanted = wantedDeployment(model, provider, settings, apiKey);
  const wantedHash = deploymentHash(wanted, hashKey);
  const carriedHash = marker?.hash ?? deployment.appliedHash;
  const compared = (drifted: string[]) => ({ wantedHash, carriedHash, drifted });
  // An adopted row has an id of its own and never had our marker.
  if (marker === undefined && row.id === deploymentId(identity)) return compared([markerName]);
  // Another wish replaces it anyway; an adopted row was not edited then, ours only when it carries a strange hash.
  if (carriedHash !== wantedHash) return compared(carriedHash === deployment.appliedHash ? [] : [markerName]);
  const body = deploymentBody(wanted, identity, wantedHash);
  return compared(marker === undefined ? driftOfAdopted(body, row) : findDrift(body, row));
}

/** Only where the row leads: its tags are the predecessor's, and its `model_info` grows with the first chat. */
function driftOfAdopted(body: DeploymentBody, row: DestinationRow): string[] {
  return findDrift(body, row).filter((key) => !key.endsWith('.tags') && !key.startsWith('model_info.'));
}
