import { isDeepStrictEqual } from 'node:util';

import { without, type JsonObject } from '../json.js';
import type { Database, DbRow } from './database.js';
import type { Generation } from './generation.js';
import { isServable } from './providers.js';
import { PRICE_KEY } from './stored-fields.js';

export interface Deployment {
  id: string;
  name: string;
  params: JsonObject;
  info: JsonObject;
  fromConfig: boolean;
}

export interface WorkerSetUp {
  loadsDatabase: boolean;
  hasConfigFile: boolean;
}

/** One proxy process: its own list in memory, which learns of other writers only by its poll. */
export class Worker {
  /** Its salt key does not fit: rows cannot be decrypted, so none is loaded. */
  wrongSaltKey = false;
  private list = new Map<string, Deployment>();
  /** Names stay known to the router while their deployments are out of service. */
  private readonly names = new Set<string>();
  /** litellm_params.model of every priced model that answered a chat. */
  private readonly grownModels = new Set<string>();
  private turn = 0;
  /** Without a config file there is no router before the first database model; it stays when the last one goes. */
  hasRouter = false;

  constructor(
    private readonly database: Database,
    private readonly generation: Generation,
    private readonly configRows: Deployment[],
    private readonly setUp: WorkerSetUp,
  ) {
    this.restart();
  }

  served(): Deployment[] {
    return [...this.list.values()];
  }

  find(id: string): Deployment | undefined {
    return this.list.get(id);
  }

  knowsName(name: string): boolean {
    return this.names.has(name);
  }

  isGrown(deployment: Deployment): boolean {
    return deployment.fromConfig || this.grownModels.has(String(deployment.params['model']));
  }

  /** The deployment that answers a request for this name (or id); the first priced one makes its model's rows grow. */
  use(name: string): Deployment | undefined {
    const group = this.served().filter((deployment) => deployment.name === name || deployment.id === name);
    this.turn += 1;
    const chosen = group[this.turn % group.length];
    if (chosen !== undefined && Object.keys(chosen.params).some((key) => PRICE_KEY.test(key))) {
      this.grownModels.add(String(chosen.params['model']));
    }
    return chosen;
  }

  restart(): void {
    this.names.clear();
    this.grownModels.clear();
    this.hasRouter = this.setUp.hasConfigFile;
    this.list = new Map(this.configRows.map((row) => [row.id, row]));
    for (const row of this.configRows) this.names.add(row.name);
    if (!this.database.down) this.load(this.database.rows());
  }

  /** What the poll and every create do: read the table, drop what is gone, take over what changed. */
  reconcile(): void {
    if (this.database.down) return;
    const rows = this.database.rows();
    if (rows.length === 0 && this.generation.pollIsBlind) return;
    const ids = new Set(rows.map((row) => row.model_id));
    for (const deployment of this.served()) {
      if (!deployment.fromConfig && !ids.has(deployment.id)) this.drop(deployment.id);
    }
    this.load(rows);
  }

  /** The first half of an old PATCH: no database model is listed or answers until `load`. */
  unserveAll(): void {
    for (const deployment of this.served()) if (!deployment.fromConfig) this.list.delete(deployment.id);
  }

  load(rows: DbRow[]): void {
    if (this.wrongSaltKey || !this.setUp.loadsDatabase) return;
    const isFirst = !this.hasRouter;
    for (const row of rows) this.take(row);
    if (isFirst && this.hasRouter) this.growAll();
  }

  /** A router that is made from database models, as there is no config file, knows the prices of those it is made from. */
  private growAll(): void {
    for (const { params } of this.served()) this.grownModels.add(String(params['model']));
  }

  drop(id: string): void {
    const gone = this.list.get(id);
    this.list.delete(id);
    if (gone !== undefined && !this.served().some(({ name }) => name === gone.name))
      this.names.delete(gone.name);
  }

  private take(row: DbRow): void {
    const known = this.list.get(row.model_id);
    if (known !== undefined && !known.fromConfig && this.looksUnchanged(known, row)) return;
    if (!isServable(row.litellm_params['model'])) {
      this.drop(row.model_id);
      return;
    }
    this.list.set(row.model_id, {
      id: row.model_id,
      name: row.model_name,
      params: row.litellm_params,
      info: row.model_info,
      fromConfig: false,
    });
    this.names.add(row.model_name);
    this.hasRouter = true;
    if (known !== undefined && !this.served().some(({ name }) => name === known.name))
      this.names.delete(known.name);
  }

  private looksUnchanged(known: Deployment, row: DbRow): boolean {
    if (!isDeepStrictEqual(known.params, row.litellm_params)) return false;
    if (this.generation.pollIsBlind) return true;
    const withoutId = (info: JsonObject) => without(info, (key) => key === 'id');
    return (
      known.name === row.model_name && isDeepStrictEqual(withoutId(known.info), withoutId(row.model_info))
    );
  }
}
