/** Trying again cannot help: bad key, malformed payload, a server that answers something else than a model list. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** Nobody answered: refused, timed out, unknown host, connection dropped, or a gateway (502–504) without its server. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

/** The server asks for patience (429, or 503 with Retry-After). */
export class RateLimitedError extends Error {
  override name = 'RateLimitedError';

  constructor(
    message: string,
    /** What Retry-After asked for, or a default of the caller's; at least 1,000. */
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
