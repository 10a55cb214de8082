import type { JobRun } from '../../entities/job-run.js';
import type { JobName } from '../../jobs/payloads.js';
import type { RunView } from '../run-view.js';
import { format } from './format.js';
import { isOpen } from './run-words.js';

interface Step {
  name: string;
  state: 'done' | 'running' | 'to come' | 'stopped' | 'not reached';
  ms: number | null;
  /** What it did, in words. */
  note: string;
}

interface Span {
  from: number | null;
  to: number | null;
}

interface Input {
  run: RunView;
  jobs: JobRun[];
  /** When the newest of its pushes was made. */
  lastPushAt: string | null;
  now: Date;
}

/** What a run did after what, and how long each took. */
export function stepsOf(input: Input): Step[] {
  const { run, jobs } = input;
  const waited = { from: ms(run.created_at), to: ms(run.started_at) };
  const waiting = step('waiting', waited, '', input);
  if (run.kind !== 'sync') {
    const name = run.kind === 'reconcile' ? 'comparing with LiteLLM' : 'removing from LiteLLM';
    const work = { from: ms(run.started_at), to: ms(run.finished_at) };
    const calls = run.outcome.list_calls;
    return [
      waiting,
      step(name, work, calls > 0 ? format.plural(calls, 'listing') : '', input),
      pushes(input),
    ];
  }
  const chunks = spanOf('upsert-models', jobs);
  const orphans = spanOf('mark-orphans', jobs);
  const stored = { from: ms(run.fetched_at), to: orphans.from ?? (isOpen(run) ? null : chunks.to) };
  return [
    waiting,
    step('fetching', { from: ms(run.started_at), to: ms(run.fetched_at) }, fetched(run), input),
    step('storing', stored, words(run, ['added', 'updated', 'unchanged', 'restored']), input),
    step('orphans', orphans, words(run, ['orphaned']), input),
    pushes(input),
  ];
}

function step(name: string, { from, to }: Span, note: string, { run, now }: Input): Step {
  const open = isOpen(run);
  if (from === null) return { name, state: open ? 'to come' : 'not reached', ms: null, note };
  if (to === null) {
    // It was under way when the run ended.
    if (!open) return { name, state: 'stopped', ms: null, note };
    return { name, state: 'running', ms: Math.max(0, now.getTime() - from), note };
  }
  return { name, state: 'done', ms: Math.max(0, to - from), note };
}

function pushes({ run, lastPushAt, now }: Input): Step {
  const { pending, ...counts } = run.outcome.pushes;
  const finished = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const isReached = finished > 0 || run.state === 'done';
  const from = ms(run.finished_at);
  const to = pending > 0 ? now.getTime() : ms(lastPushAt);
  const told = Object.entries(run.outcome.pushes).flatMap(([word, count]) =>
    count > 0 ? [`${format.number(count)} ${word}`] : [],
  );
  return {
    name: 'pushes',
    state: pending > 0 ? 'running' : isOpen(run) ? 'to come' : isReached ? 'done' : 'not reached',
    ms: from !== null && to !== null && to > from && finished + pending > 0 ? to - from : null,
    note: told.join(', ') || (isReached ? 'nothing to push' : ''),
  };
}

function fetched({ outcome }: RunView): string {
  const parts = [
    outcome.fetched === null ? '' : format.plural(outcome.fetched, 'model'),
    outcome.list_calls > 0 ? format.plural(outcome.list_calls, 'list call') : '',
    outcome.detail_calls > 0 ? format.plural(outcome.detail_calls, 'detail call') : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function words(run: RunView, keys: ('added' | 'updated' | 'unchanged' | 'restored' | 'orphaned')[]): string {
  return keys
    .flatMap((key) => (run.outcome[key] ? [`${format.number(run.outcome[key])} ${key}`] : []))
    .join(', ');
}

function spanOf(queue: JobName, jobs: JobRun[]): Span {
  const own = jobs.filter((job) => job.queue === queue);
  if (own.length === 0) return { from: null, to: null };
  return {
    from: Math.min(...own.map((job) => Date.parse(job.startedAt))),
    to: Math.max(...own.map((job) => Date.parse(job.startedAt) + job.durationMs)),
  };
}

function ms(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}
