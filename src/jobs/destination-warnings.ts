import { markerOf } from '../domain/deployment-body.js';
import { displayName } from '../domain/wanted-deployment.js';
import type { DestinationView } from './destination-view.js';

/** Rows that are not ours and stand in our way, in words; they are left alone. */
export function destinationWarnings({ known, rows, ours, settings }: DestinationView): string[] {
  const names = new Set(known.map(({ provider, model }) => displayName(provider, model.modelId)));
  const ids = new Set(
    known.flatMap(({ deployment }) => [deployment?.deploymentId, ...(deployment?.retiredIds ?? [])]),
  );
  const bases = new Set(known.map(({ provider }) => provider.baseUrl));
  const found = new Set<string>();
  for (const row of rows) {
    if (ours.has(row.id) || ids.has(row.id)) continue;
    const marker = markerOf(row.modelInfo);
    const apiBase = row.litellmParams['api_base'];
    const base = typeof apiBase === 'string' ? apiBase.replace(/\/v1$/, '') : '';
    if (marker !== undefined && marker.instance !== settings.instanceId && bases.has(base)) {
      found.add(
        `Another LiteLLM Updater (instance ${marker.instance}) writes deployments for ${base}; they are left alone.`,
      );
    } else if (names.has(row.modelName)) {
      const where = row.dbModel ? 'somebody made by hand' : 'is in its config.yaml';
      found.add(
        `LiteLLM also has a model "${row.modelName}" that ${where}: it balances between that one and ours.`,
      );
    }
  }
  return [...found].slice(0, 100);
}
