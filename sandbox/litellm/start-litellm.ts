import { randomUUID } from 'node:crypto';

import { asText } from '../json.js';
import { json } from '../reply.js';
import { startServer, type StandInServer } from '../server.js';
import { refuse } from './auth.js';
import { litellmControl } from './control.js';
import type { DbRow } from './database.js';
import { credentialRoutes } from './credential-routes.js';
import { Disturbances, type Disturbance } from './disturbances.js';
import { echo, type ModelRow } from './echo.js';
import { inferenceRoutes } from './inference-routes.js';
import { openRoutes } from './open-routes.js';
import { Proxy, type LoggedWrite, type NewRow, type ProxyOptions } from './proxy.js';
import { readRoutes } from './read-routes.js';
import { PARAM_FLAGS } from './stored-fields.js';
import { writeRoutes } from './write-routes.js';

export interface LitellmOptions extends ProxyOptions {
  port?: number;
  /** How many requests `requests` remembers. */
  keepRequests?: number;
}

/** `x-sandbox-replica: <index>` on a request chooses the worker; without it they take turns. */
export interface LitellmStandIn extends StandInServer {
  readonly masterKey: string;
  readonly version: string;
  /** The database's truth, parameters in clear, in table order. */
  rows(): DbRow[];
  row(id: string): DbRow | undefined;
  /** Puts a row behind the proxy's back, and into every worker; returns its id. */
  seed(row: NewRow): string;
  /** Takes a row away behind the proxy's back; only the poll sees it. */
  unseed(id: string): boolean;
  /** What a worker serves now, as its listings would show it. */
  served(replica?: number): ModelRow[];
  /** Writes that reached the database, in order. */
  readonly writes: LoggedWrite[];
  /** Makes one worker, or all, read the table now. */
  poll(replica?: number): void;
  /** Every worker starts anew from config file and database; the port stays open. */
  restart(): void;
  /** See `Proxy.emptyListings`. */
  emptyListings: boolean;
  /** See `Proxy.failNextReadInPatch`. */
  failNextReadInPatch: boolean;
  /** Rows cannot be decrypted: nothing more is loaded from the next restart, PATCH or poll on. */
  wrongSaltKey: boolean;
  databaseDown: boolean;
  /** Lets something happen to the proxy just before a matching request is handled. */
  disturb(rule: Disturbance): void;
  /** Ends every disturbance. */
  calm(): void;
}

export async function startLitellm(options: LitellmOptions = {}): Promise<LitellmStandIn> {
  const proxy = new Proxy(options);
  const disturbances = new Disturbances(proxy);
  const open = openRoutes(proxy);
  const openPaths = new Set(open.map(({ path }) => path));
  const server = await startServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.keepRequests === undefined ? {} : { keepRequests: options.keepRequests }),
    routes: [
      ...open,
      ...readRoutes(proxy),
      ...writeRoutes(proxy),
      ...credentialRoutes(proxy),
      ...inferenceRoutes(proxy),
    ],
    control: (started) => litellmControl(started, () => standIn),
    guard: (call) => {
      disturbances.before(call);
      return openPaths.has(call.path) ? undefined : refuse(proxy, call);
    },
    notFound: () => json({ detail: 'Not Found' }, 404),
    wrongMethod: (_call, allowed) =>
      json({ detail: 'Method Not Allowed' }, 405, { allow: allowed.join(', ') }),
    redirectSlash: true,
    headers: { server: 'uvicorn' },
  });

  const pollMs = options.pollMs ?? 30_000;
  const timer = pollMs > 0 ? setInterval(() => proxy.poll(), pollMs).unref() : undefined;

  const standIn: LitellmStandIn = Object.defineProperties(server, switchesOf(proxy)) as LitellmStandIn;
  const closeServer = server.down;
  return Object.assign(standIn, {
    masterKey: proxy.masterKey,
    version: proxy.generation.version,
    writes: proxy.writes,
    rows: () => proxy.database.rows(),
    row: (id: string) => proxy.database.row(id),
    seed: (row: NewRow) => {
      const id = asText(row.model_info?.['id']) ?? randomUUID();
      const params = { ...PARAM_FLAGS, ...row.litellm_params };
      const info = { db_model: false, ...row.model_info, id };
      if (!proxy.database.insert(id, row.model_name, params, info)) throw new Error(`id ${id} is taken`);
      proxy.poll();
      return id;
    },
    unseed: (id: string) => proxy.database.remove(id),
    served: (replica = 0) => {
      const worker = proxy.worker(String(replica));
      return worker.served().map((deployment) => echo(deployment, worker.isGrown(deployment)));
    },
    poll: (replica?: number) => proxy.poll(replica),
    restart: () => {
      for (const worker of proxy.workers) worker.restart();
    },
    disturb: (rule: Disturbance) => disturbances.add(rule),
    calm: () => disturbances.clear(),
    close: async () => {
      clearInterval(timer);
      await closeServer();
    },
  });
}

function switchesOf(proxy: Proxy): PropertyDescriptorMap {
  const linked = (get: () => boolean, set: (on: boolean) => void) => ({ get, set, enumerable: true });
  return {
    emptyListings: linked(
      () => proxy.emptyListings,
      (on) => void (proxy.emptyListings = on),
    ),
    failNextReadInPatch: linked(
      () => proxy.failNextReadInPatch,
      (on) => void (proxy.failNextReadInPatch = on),
    ),
    wrongSaltKey: linked(
      () => proxy.workers.some((worker) => worker.wrongSaltKey),
      (on) => {
        for (const worker of proxy.workers) worker.wrongSaltKey = on;
      },
    ),
    databaseDown: linked(
      () => proxy.database.down,
      (on) => void (proxy.database.down = on),
    ),
  };
}
