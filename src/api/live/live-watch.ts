import { messageOf } from '../../domain/errors.js';
import type { ApiServices } from '../define-route.js';
import { DatabaseWatch } from './database-watch.js';
import type { LiveEvent } from './live-event.js';
import { Poller } from './poller.js';
import { QueuesWatch } from './queues-watch.js';

/** From an alarm to the look: what a job changes comes in several writes. */
const wakeMs = 150;

/** Covers what rings no bell: edits at another replica, and a Redis that is away. */
const idleMs = 2_000;

const queuesWakeMs = 1_000;

/** The one look at the database that all streams of this process share; it lives while somebody listens. */
export class LiveWatch {
  readonly #database: DatabaseWatch;
  readonly #queues: QueuesWatch;
  readonly #pollers: { database: Poller; queues: Poller };

  constructor(services: ApiServices, tell: (event: LiveEvent) => void) {
    this.#database = new DatabaseWatch(services, tell);
    this.#queues = new QueuesWatch(services, tell, () => this.wake());
    let isFailing = false;
    const failed = (error: unknown) => {
      if (!isFailing)
        services.logger.warn('live events: the database cannot be read now', { error: messageOf(error) });
      isFailing = true;
    };
    this.#pollers = {
      database: new Poller({
        wakeMs,
        idleMs,
        failed,
        look: async () => {
          await this.#database.look();
          isFailing = false;
        },
      }),
      queues: new Poller({ wakeMs: queuesWakeMs, idleMs, failed, look: () => this.#queues.look() }),
    };
  }

  /** Something may have changed. */
  wake(): void {
    this.#pollers.database.wake();
    this.#pollers.queues.wake();
  }

  /** After this, `snapshot` is as of now. */
  async look(): Promise<void> {
    await Promise.all([this.#pollers.database.now(), this.#pollers.queues.now()]);
  }

  /** What was told so far, so that a stream that starts with it misses nothing. */
  snapshot(): LiveEvent[] {
    return [
      { name: 'runs', data: this.#database.runs() },
      { name: 'queues', data: this.#queues.state },
    ];
  }

  close(): void {
    this.#pollers.database.stop();
    this.#pollers.queues.stop();
    this.#queues.close();
  }
}
