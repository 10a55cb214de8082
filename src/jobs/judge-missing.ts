import { isSuspicious } from '../domain/orphan-rules.js';
import { displayName } from '../domain/wanted-deployment.js';
import type { JobContext } from './define-job.js';
import { newestRowOf, type DestinationView } from './destination-view.js';
import { Postponed } from './job-errors.js';

/** Rule 8: an absent row is no proof. Few are confirmed by id; many wait for a second listing, a poll later. */
export async function judgeMissing(view: DestinationView, context: JobContext): Promise<void> {
  const { settings, rows } = view;
  const listed = new Set(rows.map((row) => row.id));
  const expected = view.known.filter(
    ({ deployment }) => deployment?.appliedHash != null && deployment.intent === null,
  );
  const missing = expected.filter(({ deployment }) => !listed.has(deployment?.deploymentId ?? ''));
  await context.stores.runs.noteReconcile(view.runId, {
    missing: missing.map(({ provider, model }) => displayName(provider, model.modelId)),
  });
  const seen = expected.length - missing.length;
  if (isSuspicious({ active: expected.length, missing: missing.length, seen })) {
    await waitForSecondListing(view, missing.length, context);
  }

  for (const entry of missing) {
    const { deployment } = entry;
    if (deployment?.deploymentId == null) continue;
    const id = deployment.deploymentId;
    const served = await context.destination.served(view.access, id, context.signal);
    const stored = served ?? (await context.destination.stored(view.access, id, context.signal));
    if (stored !== undefined) continue;
    // After an older backup of our database another generation serves the model: it goes only when the next one does.
    const other = newestRowOf(entry, view.ours);
    await context.stores.deployments.save(
      deployment.modelId,
      other === undefined
        ? { appliedHash: null, pushedAt: null }
        : {
            deploymentId: other.row.id,
            generation: other.marker.generation,
            appliedHash: other.marker.hash,
            appliedKeys: null,
          },
    );
  }
  if (settings.suspectSince !== null) await context.stores.settings.noteSuspicion(null);
}

async function waitForSecondListing(
  { settings, runId }: DestinationView,
  missing: number,
  context: JobContext,
): Promise<void> {
  const pollMs = settings.litellmPollSeconds * 1_000;
  const since = settings.suspectSince ?? context.now().toISOString();
  const waitedMs = context.now().getTime() - Date.parse(since);
  if (waitedMs > pollMs) return;
  await context.stores.settings.noteSuspicion(since);
  const reason = `LiteLLM does not list ${missing} of our deployments; nothing is written until a listing a poll later agrees`;
  await context.stores.runs.note(runId, reason);
  throw new Postponed(reason, pollMs - waitedMs + 1_000);
}
