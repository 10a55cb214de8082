import type { CatalogueReader, Destination } from '../domain/ports.js';
import type { Stores } from '../entities/stores.js';
import type { Logger } from '../logger.js';
import type { Enqueue } from './enqueue.js';
import type { JobName, Payload, payloads } from './payloads.js';

/** What every job may use. The outside world comes as ports. */
export interface JobServices {
  stores: Stores;
  catalogues: CatalogueReader;
  destination: Destination;
  enqueue: Enqueue;
  now: () => Date;
  logger: Logger;
}

/** This execution. */
export interface JobContext extends JobServices {
  job: { id: string; attempt: number; attempts: number; /** Counts postponements too. */ starts: number };
  /** Aborted when the worker must stop; the job is handed back. */
  signal: AbortSignal;
}

export interface JobDefinition<N extends JobName> {
  name: N;
  payload: (typeof payloads)[N];
  /** Executions at once in one process. */
  concurrency: number;
  /** How many finished jobs Redis keeps for Bull Board; few where payloads are large. */
  keepFinished: number;
  /** One execution at a time over all processes, in order. */
  exclusive?: boolean;
  retry: { attempts: number; backoffMs: number };
  /**
   * What an unreachable server or a 429 does. `retry`: an attempt like any other, a 429 sleeps. `hold-queue`: the queue
   * waits without using up attempts, because every job of it talks to the same server.
   */
  whenUnreachable: 'retry' | 'hold-queue';
  run(payload: Payload<N>, context: JobContext): Promise<unknown>;
  /** After a failure that will be tried again. */
  retried?(payload: Payload<N>, message: string, services: JobServices, jobId: string): Promise<void>;
  /** After the last attempt. */
  failed?(payload: Payload<N>, message: string, services: JobServices, jobId: string): Promise<void>;
  /** While the queue is held. */
  held?(message: string, services: JobServices): Promise<void>;
  /** The run that this payload belongs to, for the history of jobs. */
  runOf?(payload: Payload<N>): number | undefined;
}

export function defineJob<N extends JobName>(definition: JobDefinition<N>): JobDefinition<N> {
  return definition;
}
