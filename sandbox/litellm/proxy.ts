import { asText, type JsonObject } from '../json.js';
import { pause } from '../pause.js';
import { Credentials } from './credentials.js';
import { configId, Database } from './database.js';
import { generationOf, type Generation } from './generation.js';
import type { VirtualKey } from './keys.js';
import { PARAM_FLAGS } from './stored-fields.js';
import { Worker, type Deployment } from './worker.js';
import { writeCostMs, type CostlyWrite, type WriteCost } from './write-cost.js';

export interface NewRow {
  model_name: string;
  litellm_params: JsonObject;
  model_info?: JsonObject;
}

/** A write that reached the database; `method` is the route, e.g. `POST /model/new`. */
export interface LoggedWrite {
  method: string;
  id: string;
  at: number;
}

export interface ProxyOptions {
  /** 1.81.15 unless given; from 1.102 on the newer generation. */
  version?: string;
  masterKey?: string;
  /** Rows of the config file; without model_info.id they get a sha256 of name and parameters. */
  configRows?: NewRow[];
  /** Keys besides the master key. */
  keys?: VirtualKey[];
  /** Off: model writes are refused, and no row of the database is loaded. */
  storeModelInDb?: boolean;
  /** `none`: the proxy was started without one. */
  database?: 'there' | 'none';
  /** `none`: until the first database model there is no router, and /model/info is a 500. */
  configFile?: 'there' | 'none';
  replicas?: number;
  /** How often each worker reads the table; 0 never does it by itself. */
  pollMs?: number;
  /** How long an old PATCH leaves its worker without database models. */
  patchGapMs?: number;
  /** How long a create or PATCH takes with that many rows; nothing unless given. */
  writeCostMs?: WriteCost;
}

/** The state behind the routes: one database, one or more workers, and the switches that tests turn. */
export class Proxy {
  readonly database = new Database();
  readonly credentials = new Credentials();
  readonly keys: VirtualKey[];
  readonly hasDatabase: boolean;
  readonly storesModels: boolean;
  readonly generation: Generation;
  readonly masterKey: string;
  readonly configRows: Deployment[];
  readonly workers: Worker[];
  readonly writes: LoggedWrite[] = [];
  readonly patchGapMs: number;
  /** Every listing is a 200 without models, and nothing is found by id; chats still answer. */
  emptyListings = false;
  /** The same for one listing. */
  emptyNextListing = false;
  /** The next PATCH is saved, answers 200, and leaves its worker without database models until the poll. */
  failNextReadInPatch = false;
  private readonly writeCostMs: WriteCost;
  private lock: Promise<unknown> = Promise.resolve();
  private turn = -1;

  constructor(options: ProxyOptions) {
    this.generation = generationOf(options.version ?? '1.81.15');
    this.masterKey = options.masterKey ?? 'sk-1234';
    this.keys = options.keys ?? [];
    this.hasDatabase = options.database !== 'none';
    this.storesModels = this.hasDatabase && options.storeModelInDb !== false;
    this.patchGapMs = options.patchGapMs ?? 30;
    this.writeCostMs = options.writeCostMs ?? (() => 0);
    this.configRows = (options.configRows ?? []).map((row) => ({
      id: asText(row.model_info?.['id']) ?? configId(row.model_name, row.litellm_params),
      name: row.model_name,
      params: { ...PARAM_FLAGS, ...row.litellm_params },
      info: row.model_info ?? {},
      fromConfig: true,
    }));
    this.workers = Array.from(
      { length: options.replicas ?? 1 },
      () =>
        new Worker(this.database, this.generation, this.configRows, {
          loadsDatabase: this.storesModels,
          hasConfigFile: options.configFile !== 'none',
        }),
    );
  }

  /** The worker that a header asks for, else the next one in turn. */
  worker(header: string | string[] | undefined): Worker {
    if (header === undefined) this.turn = (this.turn + 1) % this.workers.length;
    const worker = this.workers[header === undefined ? this.turn : Number(header)];
    if (worker === undefined) throw new Error(`x-sandbox-replica: no replica ${String(header)}`);
    return worker;
  }

  listed(worker: Worker): Deployment[] {
    if (this.emptyNextListing) {
      this.emptyNextListing = false;
      return [];
    }
    return this.emptyListings ? [] : worker.served();
  }

  isConfigRow(id: string): boolean {
    return this.configRows.some((row) => row.id === id);
  }

  logWrite(method: string, id: string): void {
    this.writes.push({ method, id, at: Date.now() });
  }

  /** The time a write takes; also where old versions let another write in between. */
  async cost(write: CostlyWrite): Promise<void> {
    await pause(writeCostMs(this.writeCostMs, write, this.database.rows().length));
  }

  /** Newer versions let one model write in at a time. */
  async exclusively<T>(write: () => Promise<T>): Promise<T> {
    if (!this.generation.serialisesWrites) return write();
    const turn = this.lock.then(write, write);
    this.lock = turn.catch(() => undefined);
    return turn;
  }

  poll(replica?: number): void {
    if (!this.database.down) this.credentials.poll();
    for (const [index, worker] of this.workers.entries()) {
      if (replica === undefined || replica === index) worker.reconcile();
    }
  }
}
