import type { SyncRun } from '../../entities/sync-run.js';
import type { ApiServices } from '../define-route.js';
import { viewRun, type RunView } from '../run-view.js';
import { format } from './format.js';

/** A run that ended stays in sight so long. */
const lingerMs = 2 * 60_000;
const shownRuns = 30;

export interface Progress {
  id: number;
  name: string;
  /** Null for a comparison of LiteLLM. */
  providerId: number | null;
  /** What it does now, or how it ended, in a word. */
  word: string;
  tone: 'info' | 'good' | 'warn' | 'bad' | '';
  /** 0 to 100. */
  percent: number;
  facts: string;
  note: string | null;
  isOpen: boolean;
  /** Held, and nobody decided. */
  needsDecision: boolean;
}

interface Surroundings {
  /** Models stored so far, of a run that is open. */
  stored: number | undefined;
  /** False when it is known that there is none. */
  hasWorker: boolean;
  /** LiteLLM does not answer, or refuses. */
  destinationFails: boolean;
}

/** How far one run is: half of the way is reading and storing, half is pushing. */
export function progressOf(run: RunView, around: Surroundings): Progress {
  const { pushes } = run.outcome;
  const isReading = run.state === 'waiting' || run.state === 'running';
  const isOpen = isReading || pushes.pending > 0;
  return {
    id: run.id,
    name: run.kind === 'reconcile' ? 'LiteLLM, compared as a whole' : (run.provider_name ?? 'a provider'),
    providerId: run.provider_id,
    ...stateOf(run, isReading),
    percent: isOpen ? percentOf(run, around, isReading) : 100,
    facts: factsOf(run, around, isReading),
    note: noteOf(run, around, isReading),
    isOpen,
    needsDecision: needsDecision(run),
  };
}

function needsDecision({ state, decision }: RunView): boolean {
  return state === 'held' && decision === null;
}

function stateOf(run: RunView, isReading: boolean): Pick<Progress, 'word' | 'tone'> {
  if (run.state === 'waiting') return { word: 'waiting', tone: '' };
  if (isReading) {
    if (run.kind === 'reconcile') return { word: 'comparing', tone: 'info' };
    if (run.kind === 'delete') return { word: 'deleting', tone: 'warn' };
    return { word: run.fetched_at === null ? 'fetching' : 'storing', tone: 'info' };
  }
  if (run.outcome.pushes.pending > 0) return { word: 'pushing', tone: 'info' };
  if (run.decision !== null) return { word: run.decision, tone: '' };
  switch (run.state) {
    case 'done':
      return run.outcome.pushes.failed > 0
        ? { word: 'done, with failed pushes', tone: 'warn' }
        : { word: 'done', tone: 'good' };
    case 'held':
      return { word: 'needs a decision', tone: 'warn' };
    case 'failed':
    case 'lost':
      return { word: run.state, tone: 'bad' };
    default:
      return { word: run.state, tone: '' };
  }
}

function percentOf(run: RunView, { stored = 0 }: Surroundings, isReading: boolean): number {
  if (run.state === 'waiting') return 0;
  const { finished, all } = pushesOf(run);
  const pushed = all === 0 ? 0 : finished / all;
  if (run.kind !== 'sync') return Math.round(pushed * 100);
  if (!isReading) return Math.round(50 + pushed * 50);
  if (run.outcome.fetched === null) return 5;
  const share = run.outcome.fetched === 0 ? 1 : Math.min(1, stored / run.outcome.fetched);
  return Math.round(10 + share * 40);
}

function pushesOf({ outcome: { pushes } }: RunView): { finished: number; all: number } {
  const { pending, ...ended } = pushes;
  const finished = Object.values(ended).reduce((sum, count) => sum + count, 0);
  return { finished, all: finished + pending };
}

function factsOf(run: RunView, { stored }: Surroundings, isReading: boolean): string {
  const { fetched, added, updated, unchanged, restored, orphaned, drifted, pushes } = run.outcome;
  const { finished, all } = pushesOf(run);
  const counted = (count: number | null | undefined, word: string) =>
    count == null ? [] : [`${format.number(count)} ${word}`];
  const storedInAll =
    added === null ? undefined : added + (updated ?? 0) + (unchanged ?? 0) + (restored ?? 0);
  const facts =
    run.kind === 'sync'
      ? [
          ...counted(fetched, 'fetched'),
          ...counted(storedInAll ?? (fetched === null || !isReading ? undefined : (stored ?? 0)), 'stored'),
          ...counted(orphaned, 'orphaned'),
        ]
      : counted(drifted.length === 0 ? undefined : drifted.length, 'drifted');
  if (pushes.pending > 0) facts.push(`${format.number(finished)} of ${format.number(all)} pushed`);
  else if (all > 0) facts.push(`${format.number(finished - pushes.failed)} pushed`);
  else if (!isReading && run.state === 'done') facts.push('nothing to push');
  if (pushes.failed > 0) facts.push(`${format.number(pushes.failed)} failed`);
  return facts.join(' · ');
}

function noteOf(run: RunView, around: Surroundings, isReading: boolean): string | null {
  // What a held run asked for is answered.
  if (run.reason !== null && run.decision === null) return run.reason;
  if (isReading && !around.hasWorker) return 'No worker is there: it goes on when one is started.';
  if (run.outcome.pushes.pending > 0 && around.destinationFails)
    return 'LiteLLM does not take them now; they wait, and are tried again.';
  return null;
}

/** The newest run of each provider, and of LiteLLM, that goes on or has just ended; what goes on comes first. */
export async function readProgress(
  { stores, now }: Pick<ApiServices, 'stores' | 'now'>,
  around: Omit<Surroundings, 'stored'>,
): Promise<{ runs: Progress[]; more: number }> {
  const since = new Date(now().getTime() - lingerMs).toISOString();
  const open = await stores.runs.open();
  const latest = (await stores.runs.page({ limit: 100, offset: 0 })).items;
  const views = newestOfEach([...open, ...latest]).map(viewRun);
  const shown = views.filter(
    (run) => run.finished_at === null || run.finished_at >= since || run.outcome.pushes.pending > 0,
  );
  const stored = await stores.overview.storedSoFar(
    shown.filter(({ state }) => state === 'running').map(({ id }) => id),
  );
  const runs = shown
    .map((run) => progressOf(run, { ...around, stored: stored.get(run.id) }))
    .sort((a, b) => Number(b.isOpen) - Number(a.isOpen) || b.id - a.id);
  return { runs: runs.slice(0, shownRuns), more: Math.max(0, runs.length - shownRuns) };
}

function newestOfEach(runs: SyncRun[]): SyncRun[] {
  const newest = new Map<string, SyncRun>();
  for (const run of runs) {
    const key = `${run.kind} ${run.providerId}`;
    const known = newest.get(key);
    if (known === undefined || known.id < run.id) newest.set(key, run);
  }
  return [...newest.values()];
}
