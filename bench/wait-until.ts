import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from './failure.js';

/** Asks until there is an answer; a Failure with `what` after the patience. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { everyMs, patienceMs, signal }: { everyMs: number; patienceMs: number; signal: AbortSignal },
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Failure(`${what} did not come within ${patienceMs / 1_000} s`);
    await wait(everyMs, undefined, { signal });
  }
}
