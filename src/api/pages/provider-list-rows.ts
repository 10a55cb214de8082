import { displayName } from '../../domain/wanted-deployment.js';
import type { Provider } from '../../entities/provider.js';
import type { Settings } from '../../entities/settings.js';
import { seenWorkers } from '../../jobs/worker-presence.js';
import type { ApiServices } from '../define-route.js';
import { answerWithin } from '../diagnosis/answer-within.js';
import { viewProvider } from '../provider-view.js';
import { format } from './format.js';
import { heldRuns, type HeldRun } from './held-runs.js';
import { readProgress, type Progress } from './overview-progress.js';

/** A page must not wait for a Redis that is away. */
const redisPatienceMs = 500;

/** With the line "and … more" these are what the question before a deletion shows. */
const mostNames = 49;
/** Over all providers of a page, so that many of them do not make it heavy. */
const namesPerPage = 600;

type ProviderRow = ReturnType<typeof viewProvider> & {
  /** Open, or with pushes under way. */
  run: Progress | undefined;
  /** The run that waits for a person. */
  held: HeldRun | undefined;
  models: { total: number; orphaned: number; modified: number; disabled: number };
  deployments: { atLitellm: number; pending: number; failed: number };
  /** `every 10 min`, `global (5 min)`, `paused`. */
  interval: string;
  /** Undefined when no sync is planned, or Redis does not tell. */
  nextAt: string | undefined;
  deletion: { question: string; names: string[] };
};

/** What the list and the page of one provider say about each. */
export async function providerListRows(
  providers: Provider[],
  settings: Settings,
  services: ApiServices,
): Promise<ProviderRow[]> {
  const { stores } = services;
  const most = Math.max(3, Math.min(mostNames, Math.floor(namesPerPage / Math.max(1, providers.length))));
  const [open, held, models, deployments, firstIds, due] = await Promise.all([
    openRuns(settings, services),
    heldRuns(services),
    stores.models.countsByProvider(),
    stores.deployments.countsByProvider(),
    stores.deployments.firstToGo(most),
    nextSyncs(services),
  ]);
  return providers.map((provider) => {
    const counts = models.get(provider.id) ?? { total: 0, orphaned: 0, modified: 0, disabled: 0 };
    const atLitellm = deployments.get(provider.id) ?? { atLitellm: 0, pending: 0, failed: 0 };
    const next = provider.deletingAt === null ? due?.get(`provider-${provider.id}`) : undefined;
    return {
      ...viewProvider(provider),
      run: open.get(provider.id),
      held: held.get(provider.id),
      models: counts,
      deployments: atLitellm,
      interval: intervalWords(provider, settings),
      nextAt: next === undefined ? undefined : new Date(next).toISOString(),
      deletion: deletionOf(
        provider,
        counts.total + counts.orphaned,
        atLitellm.atLitellm,
        firstIds.get(provider.id),
      ),
    };
  });
}

function intervalWords({ syncEnabled, syncIntervalSeconds }: Provider, settings: Settings): string {
  if (!syncEnabled) return 'paused';
  if (syncIntervalSeconds) return `every ${format.seconds(syncIntervalSeconds)}`;
  return settings.syncIntervalSeconds === 0
    ? 'global (off)'
    : `global (${format.seconds(settings.syncIntervalSeconds)})`;
}

function deletionOf(provider: Provider, models: number, atLitellm: number, modelIds: string[] = []) {
  const names = modelIds.map((modelId) => displayName(provider, modelId));
  const more = models - names.length;
  const goes =
    models === 0
      ? 'It has no models.'
      : `${format.plural(models, 'model')} and every edit of them will go, and ${format.plural(atLitellm, 'deployment')} at LiteLLM.`;
  return {
    question: `Delete the provider “${provider.name}”? ${goes} This cannot be undone.`,
    names: more > 0 ? [...names, `and ${format.number(more)} more`] : names,
  };
}

/** By provider. */
async function openRuns(settings: Settings, services: ApiServices): Promise<Map<number, Progress>> {
  const workers = await answerWithin(redisPatienceMs, () =>
    seenWorkers(services.redisCommand, services.prefix),
  );
  const { runs } = await readProgress(services, {
    hasWorker: workers === undefined || workers.length > 0,
    destinationFails: settings.destinationError !== null,
  });
  return new Map(
    runs.flatMap((run) => (run.isOpen && run.providerId !== null ? [[run.providerId, run]] : [])),
  );
}

/** Unix time in ms by the scheduler's name; undefined while Redis does not answer. */
async function nextSyncs({ queues }: ApiServices): Promise<Map<string, number> | undefined> {
  const schedulers = await answerWithin(redisPatienceMs, () =>
    queues.byName['fetch-provider'].getJobSchedulers(0, -1),
  );
  return (
    schedulers &&
    new Map(
      schedulers.flatMap(({ key, next }) => (next === undefined ? [] : [[key, next] as [string, number]])),
    )
  );
}
