import type { z } from 'zod';
import type { modelView } from '../model-view.js';
import type { providerView } from '../provider-view.js';
import type { RunView } from '../run-view.js';
import type { DestinationState } from '../destination-state.js';
import type { JobCounts } from '../diagnosis/redis-facts.js';

/** A run as the API shows it, with its lists cut to their beginning; `lists_cut` when that left something out. */
export type LiveRun = RunView & { lists_cut: boolean };

/** Null: Redis does not answer. */
export type LiveQueues =
  { state: 'ok'; counts: Record<string, JobCounts> } | { state: 'unreachable'; counts: null };

/** What travels on the stream: the name of each event and its data. */
export interface LiveEvents {
  /** The first one of every stream: whatever was read before it may be old. */
  hello: { version: string; at: string };
  /** Runs that are open or held, once after `hello`. */
  runs: LiveRun[];
  run: LiveRun;
  model: z.infer<typeof modelView>;
  /** Too many at once to be told one by one, or some are gone: read the list again. Null: of several providers. */
  models: { provider_id: number | null; count: number };
  provider: z.infer<typeof providerView>;
  'provider-removed': { id: number };
  destination: DestinationState;
  queues: LiveQueues;
}

export type LiveEvent = { [N in keyof LiveEvents]: { name: N; data: LiveEvents[N] } }[keyof LiveEvents];
