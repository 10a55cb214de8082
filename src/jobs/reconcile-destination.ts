import { deploymentBody, deploymentHash, markerOf, type Marker } from '../domain/deployment-body.js';
import { findDrift } from '../domain/drift.js';
import { isSuspicious } from '../domain/orphan-rules.js';
import type { DestinationAccess, DestinationRow } from '../domain/ports.js';
import { whatIsWanted } from '../domain/want.js';
import { displayName, wantedDeployment } from '../domain/wanted-deployment.js';
import type { Deployment } from '../entities/deployment.js';
import type { ModelWithDeployment } from '../entities/deployments-store.js';
import type { Provider } from '../entities/provider.js';
import type { Settings } from '../entities/settings.js';
import { closeRun } from './close-run.js';
import type { JobContext } from './define-job.js';
import { Postponed } from './job-errors.js';
import type { Payload } from './payloads.js';
import { isAtLitellm, planPushes } from './plan-pushes.js';
import { surveyDestination } from './survey-destination.js';

interface Known extends ModelWithDeployment {
  provider: Provider;
  apiKey: string | undefined;
}

interface View {
  settings: Settings;
  known: Known[];
  rows: DestinationRow[];
  /** Our rows at LiteLLM, by id. */
  ours: Map<string, { row: DestinationRow; marker: Marker }>;
  runId: number;
  access: DestinationAccess;
}

/** One listing of LiteLLM against what we know: missing rows, drift, strays, clashes; then pushes for what is out of step. */
export async function reconcileDestination(
  payload: Extract<Payload<'push-model'>, { kind: 'reconcile' }>,
  context: JobContext,
): Promise<unknown> {
  const run = await runOf(payload, context);
  if (run === undefined) return 'another reconcile is under way';
  const access = await context.stores.settings.destinationAccess();
  if (access === undefined) {
    await closeRun(run, 'done', 'no LiteLLM is configured', context);
    return 'no LiteLLM is configured';
  }
  const rows = await surveyDestination(access, context);
  await context.stores.runs.countListing(run);
  const view = await look(run, access, rows, context);
  await judgeMissing(view, context);
  await judgePresent(view, context);
  await removeStrays(view, context);
  await context.stores.runs.noteReconcile(run, { warnings: warnings(view) });
  await resumeDeletions(context);
  const pushes = await planPushes('all', run, context);
  await closeRun(run, 'done', null, context);
  return { rows: rows.length, ours: view.ours.size, pushes };
}

async function runOf(
  payload: Extract<Payload<'push-model'>, { kind: 'reconcile' }>,
  context: JobContext,
): Promise<number | undefined> {
  const { runs } = context.stores;
  const now = context.now().toISOString();
  if (payload.runId !== undefined) {
    return (await runs.start(payload.runId, now)) ? payload.runId : undefined;
  }
  const wish = {
    kind: 'reconcile' as const,
    trigger: payload.trigger,
    providerId: null,
    providerName: null,
    jobId: context.job.id,
  };
  const { run, joined } = await runs.openOrJoin(wish, now);
  if (joined && run.jobId !== context.job.id) return undefined;
  await runs.start(run.id, now);
  return run.id;
}

async function look(
  runId: number,
  access: DestinationAccess,
  rows: DestinationRow[],
  { stores }: JobContext,
): Promise<View> {
  const settings = await stores.settings.get();
  const known: Known[] = [];
  for (const provider of await stores.providers.list()) {
    const apiKey = await stores.providers.apiKeyOf(provider.id);
    for (const entry of await stores.deployments.ofProvider(provider.id))
      known.push({ ...entry, provider, apiKey });
  }
  const ours: View['ours'] = new Map();
  for (const row of rows) {
    const marker = row.dbModel ? markerOf(row.modelInfo) : undefined;
    if (marker?.instance === settings.instanceId) ours.set(row.id, { row, marker });
  }
  return { settings, known, rows, ours, runId, access };
}

/** Within two polls of a write, a listing may be older than the write. */
function isFresh(deployment: Deployment, settings: Settings, context: JobContext): boolean {
  const writtenMs = Date.parse(deployment.pushedAt ?? deployment.writtenAt ?? '');
  return context.now().getTime() - writtenMs < 2 * settings.litellmPollSeconds * 1_000;
}

/** Rule 8: an absent row is no proof. Few are confirmed by id; many wait for a second listing, a poll later. */
async function judgeMissing(view: View, context: JobContext): Promise<void> {
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
  if (isSuspicious({ active: expected.length, missing: missing.length, seen }))
    await waitForSecondListing(view, missing.length, context);
  else if (settings.suspectSince !== null) await context.stores.settings.noteSuspicion(null);

  for (const entry of missing) {
    const { deployment } = entry;
    if (deployment?.deploymentId == null) continue;
    const id = deployment.deploymentId;
    const served = await context.destination.served(view.access, id, context.signal);
    const stored = served ?? (await context.destination.stored(view.access, id, context.signal));
    if (stored !== undefined) continue;
    // After an older backup of our database another generation serves the model: it goes only when the next one does.
    const other = relearn(entry, view.ours);
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
  { settings, runId }: View,
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

/** Drift is overwritten and told; what our database lost on the way (a restored backup, a crash) is learned again. */
async function judgePresent(view: View, context: JobContext): Promise<void> {
  const { settings, ours } = view;
  const hashKey = await context.stores.settings.hashKey();
  const drifted: { model: string; keys: string[] }[] = [];
  for (const entry of view.known) {
    const { model, provider, deployment } = entry;
    if (deployment !== undefined && (deployment.intent !== null || isFresh(deployment, settings, context)))
      continue;
    const found = deployment?.deploymentId == null ? relearn(entry, ours) : ours.get(deployment.deploymentId);
    if (found === undefined) continue;
    if (deployment?.deploymentId == null || !isAtLitellm(deployment)) {
      await context.stores.deployments.adopt(model.id, {
        deploymentId: found.row.id,
        generation: found.marker.generation,
        appliedHash: found.marker.hash,
        pushedAt: context.now().toISOString(),
      });
      continue;
    }
    if (whatIsWanted(model, provider, context.now().getTime()).want !== 'present') continue;
    const wanted = wantedDeployment(model, provider, settings, entry.apiKey);
    const hash = deploymentHash(wanted, hashKey);
    const identity = {
      instanceId: settings.instanceId,
      providerUuid: provider.uuid,
      modelId: model.modelId,
      generation: deployment.generation,
    };
    if (found.marker.hash === hash) {
      const keys = findDrift(deploymentBody(wanted, identity, hash), found.row);
      const appliedHash = keys.length > 0 ? null : hash;
      if (keys.length > 0) drifted.push({ model: displayName(provider, model.modelId), keys });
      // A push that Redis lost would be waited for without end; none runs beside a reconcile.
      const pending = deployment.pending && keys.length > 0;
      if (appliedHash !== deployment.appliedHash || pending !== deployment.pending)
        await context.stores.deployments.save(model.id, { appliedHash, pending });
    } else if (found.marker.hash !== deployment.appliedHash) {
      drifted.push({ model: displayName(provider, model.modelId), keys: ['model_info.litellm_updater'] });
      await context.stores.deployments.save(model.id, { appliedHash: null });
    }
  }
  await context.stores.runs.noteReconcile(view.runId, { drifted });
}

function relearn({ provider, model }: Known, ours: View['ours']) {
  return [...ours.values()]
    .filter(({ marker }) => marker.provider === provider.uuid && marker.model === model.modelId)
    .sort((a, b) => b.marker.generation - a.marker.generation)[0];
}

/** Rows of ours that no deployment stands for: a deleted provider's, or a second one of a model. */
async function removeStrays(view: View, context: JobContext): Promise<void> {
  const deployments = await context.stores.deployments.all();
  const claimed = new Set(deployments.flatMap((row) => [row.deploymentId, ...row.retiredIds]));
  for (const id of view.ours.keys()) {
    if (claimed.has(id)) continue;
    await context.enqueue.add(
      'push-model',
      { kind: 'stray', deploymentId: id, runId: view.runId },
      { jobId: `stray-${id}-${view.runId}` },
    );
  }
}

function warnings({ known, rows, ours, settings }: View): string[] {
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

async function resumeDeletions({ stores, enqueue, now }: JobContext): Promise<void> {
  for (const provider of await stores.providers.list()) {
    if (provider.deletingAt === null) continue;
    const wish = {
      kind: 'delete' as const,
      trigger: 'retry' as const,
      providerId: provider.id,
      providerName: provider.name,
    };
    const { run, joined } = await stores.runs.openOrJoin(wish, now().toISOString());
    if (joined) continue;
    const jobId = await enqueue.add('push-model', {
      kind: 'delete-provider',
      providerId: provider.id,
      runId: run.id,
    });
    await stores.runs.setJob(run.id, jobId);
  }
}
