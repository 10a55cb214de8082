import type { LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Installation } from './processes.js';

export interface EndState {
  models: unknown[];
  deployments: unknown[];
  rows: { model_name: string }[];
}

/**
 * What two installations that synced the same must have in common: all but ids, times, and the addresses in `known`, which
 * are told by their names.
 */
export function endState(
  installation: Installation,
  litellm: LitellmStandIn,
  known: Record<string, string>,
): EndState {
  const models = installation.query(
    `SELECT providers.name AS provider, models.model_id, mode, context_window, max_context_window, capabilities,
            litellm_params, provenance, raw_metadata, fingerprint, details_error, models.sync_enabled,
            is_orphaned, missed_count, user_params
       FROM models JOIN providers ON providers.id = models.provider_id
      ORDER BY 1, 2`,
  );
  const deployments = installation.query(
    `SELECT models.model_id, generation, applied_hash = wanted_hash AS in_step, intent, step, retired_ids,
            deployments.last_error, pending, deployment_id IS NOT NULL AS has_id
       FROM deployments JOIN models ON models.id = deployments.model_id JOIN providers ON providers.id = models.provider_id
      ORDER BY providers.name, 1`,
  );
  const rows = litellm
    .rows()
    .map(({ model_name, litellm_params, model_info }) => {
      const { id: _id, litellm_updater: marker, ...info } = model_info;
      const { model, generation, ollama_mode } = marker as Record<string, unknown>;
      return { model_name, litellm_params, info, model, generation, ollama_mode };
    })
    .sort((a, b) => (a.model_name < b.model_name ? -1 : 1));
  let text = JSON.stringify({ models, deployments, rows });
  for (const [name, url] of Object.entries(known)) text = text.replaceAll(url, `http://${name}`);
  return JSON.parse(text) as EndState;
}
