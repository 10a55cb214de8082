import { asText, type JsonObject } from '../json.js';
import { pause } from '../pause.js';
import { configId, Database } from './database.js';
import { generationOf, type Generation } from './generation.js';
import { Worker, type Deployment } from './worker.js';

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
  replicas?: number;
  /** How often each worker reads the table; 0 never does it by itself. */
  pollMs?: number;
  /** How long an old PATCH leaves its worker without database models. */
  patchGapMs?: number;
  /** How long a create or PATCH takes with that many rows. */
  writeCostMs?: (rows: number) => number;
}

/** The state behind the routes: one database, one or more workers, and the switches that tests turn. */
export class Proxy {
  readonly database = new Database();
  readonly generation: Generation;
  readonly masterKey: string;
  readonly configRows: Deployment[];
  readonly workers: Worker[];
  readonly writes: LoggedWrite[] = [];
  readonly patchGapMs: number;
  /** Every listing is a 200 without models, and nothing is found by id; chats still answer. */
  emptyListings = false;
  /** The next PATCH is saved, answers 200, and leaves its worker without database models until the poll. */
  failNextReadInPatch = false;
  private readonly writeCostMs: (rows: number) => number;
  private lock: Promise<unknown> = Promise.resolve();
  private turn = -1;

  constructor(options: ProxyOptions) {
    this.generation = generationOf(options.version ?? '1.81.15');
    this.masterKey = options.masterKey ?? 'sk-1234';
    this.patchGapMs = options.patchGapMs ?? 30;
    this.writeCostMs = options.writeCostMs ?? (() => 0);
    this.configRows = (options.configRows ?? []).map((row) => ({
      id: asText(row.model_info?.['id']) ?? configId(row.model_name, row.litellm_params),
      name: row.model_name,
      params: row.litellm_params,
      info: row.model_info ?? {},
      fromConfig: true,
    }));
    this.workers = Array.from(
      { length: options.replicas ?? 1 },
      () => new Worker(this.database, this.generation, this.configRows),
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
    return this.emptyListings ? [] : worker.served();
  }

  isConfigRow(id: string): boolean {
    return this.configRows.some((row) => row.id === id);
  }

  logWrite(method: string, id: string): void {
    this.writes.push({ method, id, at: Date.now() });
  }

  /** The time a write takes; also where old versions let another write in between. */
  async cost(): Promise<void> {
    await pause(this.writeCostMs(this.database.rows().length));
  }

  /** Newer versions let one model write in at a time. */
  async exclusively<T>(write: () => Promise<T>): Promise<T> {
    if (!this.generation.serialisesWrites) return write();
    const turn = this.lock.then(write, write);
    this.lock = turn.catch(() => undefined);
    return turn;
  }

  poll(replica?: number): void {
    for (const [index, worker] of this.workers.entries()) {
      if (replica === undefined || replica === index) worker.reconcile();
    }
  }
}
