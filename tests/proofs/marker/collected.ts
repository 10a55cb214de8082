import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { connectRedis } from '../../../src/jobs/connections.js';
import type { Leak, Markers } from './markers.js';

export interface Reply {
  status: number;
  body: any;
}

interface Piece {
  where: string;
  text: string;
}

/** Everything that came out of the product, by where. */
export class Collected {
  readonly pieces: Piece[] = [];
  readonly #streams = new AbortController();

  constructor(
    private readonly markers: Markers,
    private readonly address: () => string,
  ) {}

  add(where: string, text: string): void {
    this.pieces.push({ where, text });
  }

  leaks(): (Leak & { where: string })[] {
    // Much comes out again and again: the document of the API, the same lists.
    const once = new Map(this.pieces.map((piece) => [piece.text, piece]));
    return [...once.values()].flatMap(({ where, text }) =>
      this.markers.leaksIn(text).map((leak) => ({ ...leak, where })),
    );
  }

  /** Sends a request as the administrator, unless told otherwise, and keeps the whole answer. */
  async send(
    method: string,
    path: string,
    body?: string | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(this.address() + path, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${this.markers.plant('ADMIN_TOKEN')}`,
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
        // What a confused client sends along.
        'x-api-key': this.markers.plant('header x-api-key'),
        'proxy-authorization': `Bearer ${this.markers.plant('header proxy-authorization')}`,
        ...headers,
      },
      signal: this.#streams.signal,
      ...(body !== undefined && { body }),
    });
    const where = `${method} ${path.slice(0, 120)} → ${response.status}`;
    this.add(`headers of ${where}`, JSON.stringify([...response.headers]));
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      void this.#follow(where, response);
      return { status: response.status, body: '' };
    }
    const text = await response.text();
    const reply = { status: response.status, body: parsed(text) };
    this.add(where, this.#withoutNewToken(method, path, reply, text));
    return reply;
  }

  json(method: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Reply> {
    return this.send(method, path, JSON.stringify(body), headers);
  }

  /** Ends what streams. */
  close(): void {
    this.#streams.abort();
  }

  async redis(prefix: string): Promise<number> {
    const redis = connectRedis(process.env['REDIS_URL'] ?? '', 'working');
    const readers: Record<string, (key: string) => Promise<unknown>> = {
      string: (key) => redis.get(key),
      hash: (key) => redis.hgetall(key),
      list: (key) => redis.lrange(key, 0, -1),
      set: (key) => redis.smembers(key),
      zset: (key) => redis.zrange(key, 0, -1, 'WITHSCORES'),
      stream: (key) => redis.xrange(key, '-', '+'),
    };
    const keys = await redis.keys(`*${prefix}*`);
    for (const key of keys) {
      const type = await redis.type(key);
      if (type !== 'none') this.add(`Redis ${type} ${key}`, key + JSON.stringify(await readers[type]!(key)));
    }
    redis.disconnect();
    return keys.length;
  }

  /** Every row of every table. Returns the tables that have any. */
  tables(path: string): string[] {
    const sqlite = new BetterSqlite3(path, { readonly: true });
    try {
      const names = sqlite
        .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
        .all()
        .map(({ name }) => name);
      return names.filter((name) => {
        const rows = sqlite.prepare(`SELECT * FROM "${name}"`).all();
        rows.forEach((row, index) => this.add(`table ${name}, row ${index}`, JSON.stringify(row)));
        return rows.length > 0;
      });
    } finally {
      sqlite.close();
    }
  }

  /** The bytes of every file in the folder. Returns their names. */
  files(folder: string, when: string): string[] {
    const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
    for (const name of names)
      this.add(`file ${name} (${when})`, readFileSync(join(folder, name)).toString('latin1'));
    return names;
  }

  /** The one answer that may hold a token: the one that makes it. */
  #withoutNewToken(method: string, path: string, { status, body }: Reply, text: string): string {
    if (method !== 'POST' || path !== '/api/tokens' || status !== 201) return text;
    const { name, token } = body as { name: string; token: string };
    this.markers.adopt(`token ${name}`, token);
    return text.replace(token, '');
  }

  async #follow(where: string, response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of response.body!) text += decoder.decode(chunk as Uint8Array, { stream: true });
    } catch {
      // ended by us, or by the end of the process
    } finally {
      this.add(`stream of ${where}`, text);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
