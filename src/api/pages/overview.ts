import { z } from 'zod';
import { modelCategories } from '../../domain/kinds.js';
import type { DeploymentState } from '../../entities/overview-store.js';
import type { ApiServices } from '../define-route.js';
import { gatherFacts, viewDiagnosis, type Diagnosis } from '../diagnosis/diagnosis.js';
import { findProblems } from '../diagnosis/problems.js';
import { viewProvider } from '../provider-view.js';
import { definePage } from './define-page.js';
import { format } from './format.js';
import { heldRuns } from './held-runs.js';
import { readCharts } from './overview-charts.js';
import { readNeeds } from './overview-needs.js';
import { readProgress } from './overview-progress.js';

/** The state of everything, and what needs a person. */
export const overviewPage = definePage({
  paths: ['/'],
  section: 'overview',
  view: 'overview',
  // The charts read thirty days of runs: they come after the rest, and not with every live look at it.
  query: z.object({ part: z.enum(['now', 'charts']).optional() }),
  title: () => 'Overview',
  async load({ query: { part } }, services) {
    return {
      part,
      current: part === 'charts' ? undefined : await readCurrent(services),
      history: part === 'charts' ? await readCharts(services) : undefined,
    };
  },
});

async function readCurrent(services: ApiServices) {
  const { stores } = services;
  const facts = await gatherFacts(services);
  const diagnosis = viewDiagnosis(facts, services.version);
  const around = {
    hasWorker: diagnosis.workers === null || diagnosis.workers.length > 0,
    destinationFails: diagnosis.destination?.state === 'error',
  };
  const statistics = await stores.models.statistics(undefined);
  const providers = await readProviders(diagnosis, services);
  const deployments = await stores.overview.deploymentCounts();
  return {
    isEmpty: providers.length === 0,
    isConnected: diagnosis.destination?.configured === true,
    counts: {
      providers: providers.length,
      models: statistics.total,
      orphaned: statistics.orphaned,
      modified: statistics.modified,
      inLitellm: statistics.inLitellm,
      ...outOfStep(deployments),
    },
    categories: modelCategories.flatMap((name) => {
      const count = statistics.byCategory[name] ?? 0;
      return count > 0 ? [{ name, count }] : [];
    }),
    providers,
    litellm: { ...diagnosis.destination, url: (await stores.settings.get()).litellmBaseUrl },
    needs: await readNeeds(problemsToTell(diagnosis, facts), services),
    progress: await readProgress(services, around),
  };
}

/** That nothing is connected yet is the start page's to say. */
function problemsToTell(diagnosis: Diagnosis, facts: Parameters<typeof findProblems>[1]) {
  const isConnected = diagnosis.destination?.state !== 'not-configured';
  return findProblems(diagnosis, facts).filter(({ component }) => isConnected || component !== 'destination');
}

/** In all, and by what they wait for; the list of models shows one of these at a time. */
function outOfStep({ pending, failed, out_of_step: others }: Record<DeploymentState, number>) {
  const parts = [
    { standing: 'failed', count: failed, word: 'failed' },
    { standing: 'pending', count: pending, word: 'pending' },
    { standing: 'out-of-step', count: others, word: 'for the next reconcile' },
  ].filter(({ count }) => count > 0);
  return {
    outOfStep: pending + failed + others,
    outOfStepAs: parts[0]?.standing ?? 'out-of-step',
    outOfStepWords: parts.map(({ count, word }) => `${format.number(count)} ${word}`).join(', '),
  };
}

const noModels = { total: 0, orphaned: 0, modified: 0 };

async function readProviders(diagnosis: Diagnosis, { stores }: Pick<ApiServices, 'stores'>) {
  const counts = await stores.models.countsByProvider();
  const held = await heldRuns({ stores });
  const known = new Map((diagnosis.providers ?? []).map((provider) => [provider.id, provider]));
  return (await stores.providers.list()).map((provider) => {
    const health = known.get(provider.id);
    return {
      ...viewProvider(provider),
      run: health?.open_run_id ?? undefined,
      held: held.get(provider.id),
      models: counts.get(provider.id) ?? noModels,
      next: nextSync(health, diagnosis),
    };
  });
}

/** When, or in words why not. */
function nextSync(
  health: NonNullable<Diagnosis['providers']>[number] | undefined,
  { schedules }: Diagnosis,
): { at: string } | { words: string } {
  if (health === undefined || health.state === 'disabled' || health.state === 'deleting')
    return { words: 'none' };
  if (health.sync_interval_seconds === 0) return { words: 'only by hand' };
  if (schedules === null) return { words: 'unknown while Redis does not answer' };
  return health.next_sync_at === null ? { words: 'not scheduled' } : { at: health.next_sync_at };
}
