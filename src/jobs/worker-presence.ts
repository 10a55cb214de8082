import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { z } from 'zod';

const ttlMs = 15_000;

/** Two renewals may fail before a worker counts as gone. */
const renewEveryMs = 5_000;

/** At a stop; what stays behind expires by itself. */
const farewellMs = 1_000;

const workerSeen = z.object({
  pid: z.int(),
  host: z.string(),
  version: z.string(),
  queues: z.array(z.string()),
  started_at: z.string(),
});

/** A worker process that was there within the last 15 seconds. */
export type WorkerSeen = z.infer<typeof workerSeen> & { id: string };

export interface Presence {
  stop(): Promise<void>;
}

/** Sends one command to Redis. */
type Command = (name: string, ...args: (string | number)[]) => Promise<unknown>;

const keyPrefix = (prefix: string) => `${prefix}:worker:`;

/** Shows this worker process to whoever asks, for as long as it lives. Redis may be away: it is shown again afterwards. */
export function announceWorker(
  redis: Redis,
  prefix: string,
  worker: { version: string; queues: readonly string[]; startedAt: Date },
): Presence {
  const key = keyPrefix(prefix) + randomUUID();
  const seen: z.infer<typeof workerSeen> = {
    pid: process.pid,
    host: hostname(),
    version: worker.version,
    queues: [...worker.queues],
    started_at: worker.startedAt.toISOString(),
  };
  // This connection keeps what it cannot send: one renewal waits for Redis, not one for every five seconds without it.
  let underway: Promise<unknown> | undefined;
  const renew = () => {
    underway ??= redis
      .set(key, JSON.stringify(seen), 'PX', ttlMs)
      .catch(() => undefined)
      .finally(() => (underway = undefined));
  };
  renew();
  const timer = setInterval(renew, renewEveryMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      if (redis.status !== 'ready') return;
      const patience = new Promise((resolve) => setTimeout(resolve, farewellMs).unref());
      // After the renewal that may be on its way.
      const farewell = redis.del(key).catch(() => undefined);
      await Promise.race([farewell, patience]);
    },
  };
}

/** Throws what `command` throws while Redis is away. */
export async function seenWorkers(command: Command, prefix: string): Promise<WorkerSeen[]> {
  const start = keyPrefix(prefix);
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const page = await command('scan', cursor, 'MATCH', `${start}*`, 'COUNT', 1_000);
    const [next, found] = page as [string, string[]];
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  if (keys.size === 0) return [];
  const names = [...keys].sort();
  const values = (await command('mget', ...names)) as (string | null)[];
  return names.flatMap((key, index) => read(key.slice(start.length), values[index]));
}

/** Gone meanwhile, or written by another release: not shown. */
function read(id: string, text: string | null | undefined): WorkerSeen[] {
  if (text == null) return [];
  try {
    const parsed = workerSeen.safeParse(JSON.parse(text));
    return parsed.success ? [{ id, ...parsed.data }] : [];
  } catch {
    return [];
  }
}
