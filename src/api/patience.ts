import { UnreachableError } from '../domain/errors.js';

/** Nobody waits in front of a page as long as a job does. */
export class OutOfPatience extends UnreachableError {
  override name = 'OutOfPatience';
}

/** A call that ends when the client goes away, or after `ms` with an error that names who did not answer. */
export async function withPatience<T>(
  { ms, who, signal }: { ms: number; who: string; signal: AbortSignal },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = AbortSignal.timeout(ms);
  try {
    return await call(AbortSignal.any([signal, patience]));
  } catch (error) {
    if (!patience.aborted || signal.aborted) throw error;
    throw new OutOfPatience(
      `${who} gave no complete answer within ${ms / 1_000} s: is the server overloaded or starting?`,
      { cause: error },
    );
  }
}
