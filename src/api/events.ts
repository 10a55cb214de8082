import { createEventBuffer, createSession, type EventBuffer } from 'better-sse';
import createError from 'http-errors';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiServices } from './define-route.js';
import type { LiveEvent } from './live/live-event.js';
import { LiveWatch } from './live/live-watch.js';
import { bufferOf, Subscriber } from './live/subscriber.js';

/** Of one process. A browser opens one for each tab. */
const mostStreams = 200;

/** Proxies close what is silent for half a minute. */
const keepAliveMs = 15_000;

/** A browser that lost its stream comes back after this. */
const retryMs = 2_000;

/** The guard looks at a token or session when a stream starts: one that ended gets no further. Browsers come back by themselves. */
const lifetimeMs = 10 * 60_000;

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Live changes as server-sent events. The database is the truth and is looked at once for all streams; Redis and changes
 * through this process only say when to look. Without a stream nothing is done at all.
 */
export class EventStreams {
  readonly #subscribers = new Set<Subscriber>();
  #watch: LiveWatch | undefined;
  /** Streams, and those that are about to start. */
  #count = 0;
  #keepAlive: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly services: ApiServices,
    private readonly limits = { mostStreams, lifetimeMs },
  ) {}

  /** `GET /api/events`. */
  readonly serve: RequestHandler = async (request, response) => {
    if (this.#isClosed) throw createError(503, 'the api stops; connect again in a moment');
    if (this.#count >= this.limits.mostStreams)
      throw createError(503, `${this.#count} streams are open already; close one, or ask again later`);
    if (!URL.canParse(`http://${request.get('host') ?? ''}`))
      throw createError(400, 'the Host header is no host');
    if (request.method === 'HEAD') {
      response.type('text/event-stream').end();
      return;
    }
    if (response.closed) return; // gone before it was its turn
    this.#enter();
    response.once('close', () => this.#leave());
    await this.#start(request, response);
  };

  /** A change through this process is seen at once, also while Redis is away. */
  readonly wakeAfterChanges: RequestHandler = (request, response, next) => {
    if (!safeMethods.has(request.method)) response.once('finish', () => this.#watch?.wake());
    next();
  };

  /** Ends every stream at once. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) subscriber.end();
    this.#stopWatching();
  }

  async #start(request: Request, response: Response): Promise<void> {
    const watch = (this.#watch ??= new LiveWatch(this.services, (event) =>
      this.#broadcast(bufferOf([event])),
    ));
    await watch.look();
    if (response.closed || this.#isClosed) return;
    // A client that breaks away while it is written to is no error of ours.
    response.on('error', () => undefined);
    // Its own keep-alive would go on for ever when the client left before it was connected.
    const session = await createSession(request, response, {
      keepAlive: null,
      retry: retryMs,
      trustClientEventId: false,
    });
    if (response.closed) return;
    const subscriber = new Subscriber(session, response, this.limits.lifetimeMs);
    if (this.#isClosed) {
      subscriber.end();
      return;
    }
    const hello: LiveEvent = {
      name: 'hello',
      data: { version: this.services.version, at: this.services.now().toISOString() },
    };
    // In one breath: between the snapshot and the first change there is no gap.
    subscriber.send(bufferOf([hello, ...watch.snapshot()]));
    this.#subscribers.add(subscriber);
    response.once('close', () => this.#subscribers.delete(subscriber));
  }

  #broadcast(buffer: EventBuffer): void {
    for (const subscriber of this.#subscribers) subscriber.send(buffer);
  }

  #enter(): void {
    this.#count += 1;
    if (this.#keepAlive !== undefined) return;
    this.#keepAlive = setInterval(
      () => this.#broadcast(createEventBuffer().comment('still there').dispatch()),
      keepAliveMs,
    );
    this.#keepAlive.unref();
  }

  #leave(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#stopWatching();
  }

  #stopWatching(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
    this.#watch?.close();
    this.#watch = undefined;
  }
}
