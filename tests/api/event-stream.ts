import { request, type IncomingMessage } from 'node:http';
import { adminToken } from '../support/product.js';
import { until } from '../support/until.js';

export interface StreamEvent {
  name: string;
  data: any;
}

/** A client of the live events that reads as a browser does. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  comments = 0;
  isEnded = false;
  #text = '';

  private constructor(
    readonly response: IncomingMessage,
    readonly close: () => void,
  ) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#read(chunk));
    response.on('close', () => (this.isEnded = true));
    response.on('error', () => undefined);
  }

  /** Resolves when the answer begins, whatever its status. */
  static async open(product: { url: string }, token = adminToken): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
      const call = request(`${product.url}/api/events`, { headers });
      call.on('error', reject);
      call.on('response', (response) => resolve(new EventStream(response, () => call.destroy())));
      call.end();
    });
  }

  static async begun(product: { url: string }): Promise<EventStream> {
    const stream = await EventStream.open(product);
    await stream.event('queues');
    return stream;
  }

  of(name: string): any[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data);
  }

  /** Waits for one that fits. */
  async event(name: string, fits: (data: any) => boolean = () => true): Promise<any> {
    return until(`the event ${name}`, () => this.of(name).find(fits));
  }

  #read(chunk: string): void {
    const blocks = (this.#text + chunk).split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1);
      const name = field('event');
      if (name !== undefined) this.events.push({ name, data: JSON.parse(field('data') ?? 'null') });
      else if (block.startsWith(':')) this.comments += 1;
    }
  }
}
