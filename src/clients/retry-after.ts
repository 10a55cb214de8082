const defaultMs = 30_000;
const minMs = 1_000;
/** A server that asks for a day (or has a wrong clock) must not park the queue: asking again after this is harmless. */
const maxMs = 600_000;

/** `Retry-After` in seconds or as an HTTP date, between 1 s and 10 minutes; 30 s where it is absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number {
  const text = header?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? defaultMs : Math.min(Math.max(Math.ceil(ms), minMs), maxMs);
}
