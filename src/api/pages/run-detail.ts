import createError from 'http-errors';
import { z } from 'zod';
import type { Provider } from '../../entities/provider.js';
import { viewRun, type RunView } from '../run-view.js';
import { definePage } from './define-page.js';
import { format } from './format.js';
import { orphanWords } from './provider-detail-facts.js';
import { stepsOf } from './run-steps.js';
import {
  countsInWords,
  durationOf,
  isOpen,
  kindWords,
  runStates,
  startedBy,
  subjectOf,
} from './run-words.js';

/** The chunks of the largest sync that we know; the table shows the newest of them. */
const mostJobs = 500;
const shownJobs = 50;

/** `4 models of box become orphaned and leave LiteLLM at once`: by what the provider is set to. */
function verdictOf(run: RunView, provider: Provider | null): string {
  const { length } = run.outcome.missing;
  const orphaned = `${format.plural(length, 'model')} of ${subjectOf(run)} ${length === 1 ? 'becomes' : 'become'} orphaned`;
  return provider === null ? orphaned : `${orphaned} and ${orphanWords(provider)}`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** One run, live while it goes on. */
export const runDetailPage = definePage({
  paths: ['/runs/:id'],
  section: 'runs',
  view: 'run',
  params: z.object({ id: z.string().max(40) }),
  title: ({ run }: { run: RunView }) => `Run ${run.id}`,
  async load({ params }, { stores, now }) {
    const { id } = params;
    const row = /^\d{1,15}$/.test(id) ? await stores.runs.byId(Number(id)) : await stores.runs.byUuid(id);
    if (row === null) throw createError(404, `there is no run ${id}; old ones are thrown away by age`);
    const run = viewRun(row);
    const { items: jobs, total } = await stores.history.jobRuns({
      runId: run.id,
      limit: mostJobs,
      offset: 0,
    });
    const provider = run.provider_id === null ? null : await stores.providers.byId(run.provider_id);
    const lastPushAt = await stores.runs.lastPushOf(run.id);
    const at = now();
    const isFailed = ['failed', 'lost', 'cancelled'].includes(run.state);
    return {
      run,
      subject: subjectOf(run),
      kind: capital(kindWords[run.kind]),
      reason: capital(run.reason ?? ''),
      counts: capital(countsInWords(run)),
      ms: durationOf(run, at),
      isOpen: isOpen(run),
      canRetry: isFailed && (run.kind === 'reconcile' || (run.kind === 'sync' && provider !== null)),
      canCancel: isOpen(run) && run.kind === 'sync',
      /** What an Accept does, in words. */
      verdict: verdictOf(run, provider),
      canDecide: run.state === 'held' && run.decision === null,
      hasProvider: provider !== null,
      steps: stepsOf({ run, jobs, lastPushAt, now: at }),
      jobs: jobs.slice(0, shownJobs),
      jobsTotal: total,
      runStates,
      startedBy: startedBy(run, provider),
    };
  },
});
