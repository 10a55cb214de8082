import type { RunView } from '../run-view.js';
import { format } from './format.js';

export interface RunProgress {
  id: number;
  kind: RunView['kind'];
  state: RunView['state'];
  words: string;
  /** Why it is being tried again, or what it waits for. */
  reason: string | null;
  /** Absent while nobody knows how much there is to do. */
  bar: { value: number; max: number } | undefined;
}

/** How far a run is, in words and, where both ends are known, as a bar. */
export function progressOf(run: RunView, stored: number): RunProgress {
  const { id, kind, state, reason } = run;
  return { id, kind, state, reason, ...wordsOf(run, stored) };
}

function wordsOf({ kind, state, outcome }: RunView, stored: number): Pick<RunProgress, 'words' | 'bar'> {
  const { pushes, fetched } = outcome;
  const pushed = pushes.created + pushes.patched + pushes.replaced + pushes.removed + pushes.unchanged;
  const ended = pushed + pushes.failed;
  if (state === 'waiting') return { words: 'waiting for a worker', bar: undefined };
  if (kind === 'delete')
    return {
      words: 'removing its deployments from LiteLLM',
      bar: pushes.pending > 0 ? { value: ended, max: ended + pushes.pending } : undefined,
    };
  if (pushes.pending > 0)
    return {
      words: `pushing: ${format.number(ended)} of ${format.number(ended + pushes.pending)}`,
      bar: { value: ended, max: ended + pushes.pending },
    };
  if (fetched === null) return { words: 'reading the catalogue', bar: undefined };
  return {
    words: `fetched ${format.number(fetched)}, stored ${format.number(Math.min(stored, fetched))}`,
    bar: fetched > 0 ? { value: Math.min(stored, fetched), max: fetched } : undefined,
  };
}
