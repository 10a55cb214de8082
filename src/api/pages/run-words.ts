import type { RunView } from '../run-view.js';
import { format } from './format.js';

/** How a run's state looks; a held run that was decided says so itself. */
export const runStates: Record<RunView['state'], { word: string; look: string }> = {
  waiting: { word: 'waiting', look: '' },
  running: { word: 'running', look: 'info' },
  done: { word: 'done', look: 'good' },
  held: { word: 'held', look: 'warn' },
  failed: { word: 'failed', look: 'bad' },
  lost: { word: 'lost', look: 'bad' },
  superseded: { word: 'superseded', look: '' },
  cancelled: { word: 'cancelled', look: '' },
};

export const kindWords: Record<RunView['kind'], string> = {
  sync: 'sync',
  reconcile: 'reconcile',
  delete: 'removal of a provider',
};

const triggerWords: Record<string, string> = {
  schedule: 'by schedule',
  manual: 'by hand',
  'sync-all': 'by sync all',
  retry: 'as a retry',
  fetch: 'fetch only',
};

/** Its schedule's regular syncs come later: no interval is shorter. */
const firstSyncWithinMs = 30_000;

/** Why it started. A schedule's first sync comes from adding the provider, and whoever just did that would not know it else. */
export function startedBy(run: RunView, provider: { createdAt: string } | null | undefined): string {
  const isFirst =
    run.trigger === 'schedule' &&
    run.kind === 'sync' &&
    provider != null &&
    Date.parse(run.created_at) - Date.parse(provider.createdAt) < firstSyncWithinMs;
  return isFirst ? 'as it was added' : (triggerWords[run.trigger] ?? run.trigger);
}

export function subjectOf(run: RunView): string {
  return run.provider_name ?? (run.kind === 'reconcile' ? 'LiteLLM' : '–');
}

export function isOpen({ state }: RunView): boolean {
  return state === 'waiting' || state === 'running';
}

/** `12 fetched, 3 added; 3 created, 1 failed`: only what is not zero. */
export function countsInWords(run: RunView): string {
  const { kind, outcome } = run;
  const told = (counts: [number | null, string][]) =>
    counts.flatMap(([count, word]) => (count ? [`${format.number(count)} ${word}`] : [])).join(', ');
  const models = told([
    [outcome.fetched, 'fetched'],
    [outcome.added, 'added'],
    [outcome.updated, 'updated'],
    [outcome.orphaned, 'orphaned'],
    [outcome.restored, 'restored'],
    [outcome.missing.length, 'missing'],
    [outcome.drifted.length, 'drifted'],
    [outcome.skipped.length, 'skipped'],
  ]);
  const pushes = pushesInWords(outcome.pushes, told);
  const parts = [models, pushes && `pushes: ${pushes}`].filter((part) => part !== '');
  if (parts.length > 0) return parts.join('; ');
  if (isOpen(run)) return 'nothing yet';
  return kind === 'sync' && outcome.fetched === null ? 'nothing read' : 'nothing to change';
}

function pushesInWords(
  pushes: RunView['outcome']['pushes'],
  told: (counts: [number, string][]) => string,
): string {
  return told([
    [pushes.created, 'created'],
    [pushes.patched, 'patched'],
    [pushes.replaced, 'replaced'],
    [pushes.removed, 'removed'],
    [pushes.failed, 'failed'],
    [pushes.pending, 'pending'],
  ]);
}

/** From its first work to its end, in ms; of an open run until now. */
export function durationOf(run: RunView, now: Date): number | null {
  if (run.started_at === null) return null;
  const end = run.finished_at === null ? now.getTime() : Date.parse(run.finished_at);
  return Math.max(0, end - Date.parse(run.started_at));
}
