import { markerOf, type Marker } from '../domain/deployment-body.js';
import type { DestinationAccess, DestinationRow } from '../domain/ports.js';
import type { Deployment } from '../entities/deployment.js';
import type { ModelWithDeployment } from '../entities/deployments-store.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import type { JobContext } from './define-job.js';
import { keyOf } from './provider-access.js';

/** A model with all that decides its deployment. */
export interface Known extends ModelWithDeployment {
  provider: Provider;
  apiKey: string | undefined;
  /** False: its key does not open, so what is wanted is not known. */
  isReadable: boolean;
}

/** One listing of LiteLLM beside what we know. */
export interface DestinationContents {
  settings: Settings;
  known: Known[];
  rows: DestinationRow[];
  /** Our rows at LiteLLM, by id. */
  ours: Map<string, { row: DestinationRow; marker: Marker }>;
}

/** For the judges of a reconcile. */
export interface DestinationView extends DestinationContents {
  runId: number;
  access: DestinationAccess;
}

export async function viewDestination(
  runId: number,
  access: DestinationAccess,
  rows: DestinationRow[],
  context: JobContext,
): Promise<DestinationView> {
  return { ...(await readContents(rows, context)), runId, access };
}

export async function readContents(
  rows: DestinationRow[],
  { stores }: Pick<JobContext, 'stores'>,
): Promise<DestinationContents> {
  const settings = await stores.settings.get();
  const known: Known[] = [];
  for (const provider of await stores.providers.list()) {
    const { apiKey, isReadable } = await keyOf(provider, stores);
    for (const entry of await stores.deployments.ofProvider(provider.id))
      known.push({ ...entry, provider, apiKey, isReadable });
  }
  const ours: DestinationContents['ours'] = new Map();
  for (const row of rows) {
    const marker = row.dbModel ? markerOf(row.modelInfo) : undefined;
    if (marker?.instance === settings.instanceId) ours.set(row.id, { row, marker });
  }
  return { settings, known, rows, ours };
}

/** Within two polls of a write, a listing may be older than the write. */
export function isFresh(
  deployment: Deployment,
  settings: Settings,
  context: Pick<JobContext, 'now'>,
): boolean {
  const writtenMs = Date.parse(deployment.pushedAt ?? deployment.writtenAt ?? '');
  return context.now().getTime() - writtenMs < 2 * settings.litellmPollSeconds * 1_000;
}

/** The newest of our rows that bear this model's marker. */
export function newestRowOf({ provider, model }: Known, ours: DestinationContents['ours']) {
  return [...ours.values()]
    .filter(({ marker }) => marker.provider === provider.uuid && marker.model === model.modelId)
    .sort((a, b) => b.marker.generation - a.marker.generation)[0];
}
