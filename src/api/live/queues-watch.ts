import { jobNames } from '../../jobs/payloads.js';
import { answerWithin } from '../diagnosis/answer-within.js';
import { countsOf } from '../diagnosis/redis-facts.js';
import type { ApiServices } from '../define-route.js';
import { hangBell, type Bell } from './bell.js';
import type { LiveEvent, LiveQueues } from './live-event.js';

const patienceMs = 1_000;

type Services = Pick<ApiServices, 'queues' | 'prefix'>;

/** Counts the jobs of each queue, and hears when something happens there. */
export class QueuesWatch {
  state: LiveQueues = { state: 'unreachable', counts: null };
  #bell: Bell | undefined;
  #isClosed = false;

  constructor(
    private readonly services: Services,
    private readonly tell: (event: LiveEvent) => void,
    private readonly ring: () => void,
  ) {}

  async look(): Promise<void> {
    const { queues, prefix } = this.services;
    const counted = await answerWithin(patienceMs, () =>
      Promise.all(jobNames.map(async (name) => [name, await countsOf(queues.byName[name])] as const)),
    );
    if (this.#isClosed) return;
    if (counted !== undefined) this.#bell ??= hangBell(queues, prefix, this.ring);
    const state: LiveQueues = counted
      ? { state: 'ok', counts: Object.fromEntries(counted) }
      : { state: 'unreachable', counts: null };
    if (JSON.stringify(state) === JSON.stringify(this.state)) return;
    this.state = state;
    this.tell({ name: 'queues', data: state });
  }

  close(): void {
    this.#isClosed = true;
    this.#bell?.close();
  }
}
