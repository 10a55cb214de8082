import { Agent, get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** As many as a few people and scripts have open; a request that finds none free waits, which counts. */
const connections = 64;
const patienceMs = 30_000;

export interface Load {
  /** Milliseconds from the moment at which each was due, sorted. */
  latencies: number[];
  errors: string[];
}

/** Requests start by the clock, whether or not earlier ones are answered: a slow answer does not slow the askers down. */
export async function askByTheClock(
  { address, token }: { address: string; token: string },
  { paths, perSecond, seconds }: { paths: string[]; perSecond: number; seconds: number },
  signal: AbortSignal,
): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { authorization: `Bearer ${token}` };
  const latencies: number[] = [];
  const errors: string[] = [];
  const ask = (path: string, dueAt: number) =>
    new Promise<void>((resolve) => {
      const fail = (reason: string) => {
        errors.push(`${path}: ${reason}`);
        resolve();
      };
      const request = get(address + path, { agent, headers, timeout: patienceMs }, (response) => {
        response.on('error', ({ message }) => fail(message));
        response.on('end', () => {
          if (response.statusCode !== 200) {
            fail(`status ${response.statusCode}`);
            return;
          }
          latencies.push(performance.now() - dueAt);
          resolve();
        });
        response.resume();
      });
      request.on('timeout', () => request.destroy(new Error(`no answer in ${patienceMs / 1_000} s`)));
      request.on('error', ({ message }) => fail(message));
    });

  const startedAt = performance.now();
  const asked: Promise<void>[] = [];
  try {
    for (let index = 0; index < perSecond * seconds; index++) {
      const dueAt = startedAt + (index * 1_000) / perSecond;
      const early = dueAt - performance.now();
      if (early > 1) await wait(early, undefined, { signal });
      asked.push(ask(paths[index % paths.length]!, dueAt));
    }
    await Promise.all(asked);
  } finally {
    agent.destroy();
  }
  signal.throwIfAborted();
  return { latencies: latencies.sort((a, b) => a - b), errors };
}
