import { QueueEvents, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { jobNames } from '../../jobs/payloads.js';
import type { Queues } from '../../jobs/queues.js';

const rings = ['added', 'active', 'completed', 'failed', 'delayed', 'removed', 'paused', 'resumed'] as const;

export interface Bell {
  close(): void;
}

/**
 * Rings when something happens in a queue, in any process. Only while Redis answers: BullMQ's listener that never reached it
 * could not be closed. One that loses Redis later finds it again by itself.
 */
export function hangBell(queues: Queues, prefix: string, ring: () => void): Bell {
  const asking = queues.byName['fetch-provider'].opts.connection as unknown as Redis;
  // BullMQ duplicates this one for each listener; a command that blocks must neither time out nor be given up.
  const { commandTimeout: _short, ...options } = asking.options;
  const pattern = new Redis({ ...options, maxRetriesPerRequest: null, enableOfflineQueue: true });
  pattern.on('error', () => undefined);
  const connection = pattern as unknown as ConnectionOptions;
  const listeners = jobNames.map((name) => {
    const listener = new QueueEvents(name, { connection, prefix });
    listener.on('error', () => undefined);
    for (const event of rings) listener.on(event, ring);
    return listener;
  });
  pattern.disconnect();
  return {
    close() {
      // Not awaited: while Redis is away this may take until it is back.
      for (const listener of listeners) listener.close().catch(() => undefined);
    },
  };
}
