import type { ServerResponse } from 'node:http';
import { createEventBuffer, type EventBuffer, type Session } from 'better-sse';
import type { LiveEvent } from './live-event.js';

/** A client that does not read must not fill the memory; it may come back and starts with a snapshot. */
const mostUnreadBytes = 1_000_000;

/** One open stream. */
export class Subscriber {
  readonly #lifetime: NodeJS.Timeout;

  constructor(
    private readonly session: Session,
    private readonly response: ServerResponse,
    lifetimeMs: number,
  ) {
    this.#lifetime = setTimeout(() => this.end(), lifetimeMs);
    this.#lifetime.unref();
    response.once('close', () => clearTimeout(this.#lifetime));
  }

  send(buffer: EventBuffer): void {
    if (this.response.closed || this.response.writableEnded) return;
    if (this.response.writableLength > mostUnreadBytes) this.response.destroy();
    else void this.session.batch(buffer);
  }

  end(): void {
    clearTimeout(this.#lifetime);
    this.response.end();
  }
}

/** Written once for all streams. No id: whoever comes back gets a snapshot, not what was missed. */
export function bufferOf(events: LiveEvent[]): EventBuffer {
  const buffer = createEventBuffer();
  for (const { name, data } of events) buffer.event(name).data(data).dispatch();
  return buffer;
}
