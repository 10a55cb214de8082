import createError from 'http-errors';
import { viewModel } from '../model-view.js';
import { idParams } from '../paging.js';
import { viewRun } from '../run-view.js';
import { definePage } from './define-page.js';
import { standingWords } from './model-words.js';
import { providerDetailFacts } from './provider-detail-facts.js';
import { providerListRows } from './provider-list-rows.js';
import { countsInWords, durationOf, kindWords, runStates, startedBy } from './run-words.js';

const shownModels = 100;
const shownRuns = 10;

/** One provider: its state, its settings in words, its last runs and its models. */
export const providerDetailPage = definePage({
  paths: ['/providers/:id'],
  section: 'providers',
  view: 'provider',
  params: idParams,
  async load({ params }, services) {
    const { stores, now } = services;
    const stored = await stores.providers.byId(params.id);
    if (stored === null) throw createError(404, `there is no provider ${params.id}`);
    const settings = await stores.settings.get();
    const [provider] = await providerListRows([stored], settings, services);
    if (provider === undefined) throw new Error('one provider makes one row');
    const runs = await stores.runs.page({ providerId: stored.id, limit: shownRuns, offset: 0 });
    const models = await stores.models.page({ providerId: stored.id, limit: shownModels, offset: 0 });
    const deployments = await stores.deployments.forModels(models.items.map(({ id }) => id));
    const nowMs = now().getTime();
    return {
      provider,
      facts: providerDetailFacts(stored, settings),
      hasDestination: settings.litellmBaseUrl !== null,
      runs: runs.items.map(viewRun).map((run) => ({
        ...run,
        counts: countsInWords(run),
        duration: durationOf(run, now()),
        reasonFor: run.kind === 'sync' ? startedBy(run, stored) : kindWords[run.kind],
      })),
      runStates,
      standingWords,
      runCount: runs.total,
      modelCount: models.total,
      models: models.items.map((model) =>
        viewModel({ model, provider: stored, settings, deployment: deployments.get(model.id), nowMs }),
      ),
    };
  },
  title: ({ provider }) => provider.name,
});
