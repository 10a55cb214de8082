import { viewDestinationState } from '../destination-state.js';
import { seenWorkers } from '../../jobs/worker-presence.js';
import { answerWithin } from '../diagnosis/answer-within.js';
import { viewProvider } from '../provider-view.js';
import { definePage } from './define-page.js';
import { heldRuns } from './held-runs.js';
import { readProgress } from './overview-progress.js';

/** As in the diagnosis: a Redis that hangs must not hold up the page. */
const patienceMs = 1_500;

/** From nothing to the first sync, in three steps. */
export const firstRunPage = definePage({
  paths: ['/start'],
  section: 'overview',
  view: 'start',
  title: () => 'First steps',
  async load(_input, services) {
    const { stores, redisCommand, prefix } = services;
    const settings = await stores.settings.get();
    const destination = viewDestinationState(settings);
    const workers = await answerWithin(patienceMs, () => seenWorkers(redisCommand, prefix));
    const hasWorker = workers === undefined || workers.length > 0;
    const counts = await stores.models.countsByProvider();
    const held = await heldRuns(services);
    const { runs } = await readProgress(services, {
      hasWorker,
      destinationFails: destination.state === 'error',
    });
    return {
      hasWorker,
      isScheduled: settings.syncIntervalSeconds > 0,
      litellm: { ...destination, url: settings.litellmBaseUrl, hasKey: settings.hasLitellmApiKey },
      providers: await Promise.all(
        (await stores.providers.list()).map(async (provider) => ({
          ...viewProvider(provider),
          run: runs.find((run) => run.providerId === provider.id && run.isOpen)?.id,
          progress: runs.find((run) => run.providerId === provider.id),
          held: held.get(provider.id),
          models: counts.get(provider.id)?.total ?? 0,
          inLitellm: await stores.models.countInLitellm(provider.id),
        })),
      ),
    };
  },
});
