import { isObject, type JsonObject } from '../json.js';
import { seededRandom } from '../random.js';
import type { Call } from '../routes.js';
import type { DbRow } from './database.js';
import { patchModel } from './patch-route.js';
import type { NewRow, Proxy } from './proxy.js';
import { PARAM_FLAGS } from './stored-fields.js';

/** What happens to the proxy. Rows without an id are drawn at random; `change` is the body of a PATCH. */
export type Happening =
  | { kind: 'failed-read-in-patch' }
  | { kind: 'empty-listing' }
  | { kind: 'wrong-salt-key' }
  | { kind: 'restart' }
  | { kind: 'foreign-create'; row: NewRow & { model_info: { id: string } } }
  /** Through the proxy, with the moment without models that old versions have. */
  | { kind: 'foreign-patch'; id?: string; change: JsonObject }
  /** In the database; no worker is told. */
  | { kind: 'foreign-edit'; id?: string; change: JsonObject }
  | { kind: 'foreign-delete'; id?: string };

export interface Disturbance {
  method?: string;
  /** A string is compared with the path; a RegExp is tried on it. */
  path: RegExp | string;
  times?: number;
  probability?: number;
  seed?: number;
  happening: Happening;
}

interface Active {
  rule: Disturbance;
  left: number;
  random: () => number;
}

/** Happenings that strike just before a matching request is handled, repeatable by their seeds; they add to `faults`. */
export class Disturbances {
  private active: Active[] = [];

  constructor(private readonly proxy: Proxy) {}

  add(rule: Disturbance): void {
    this.active.push({ rule, left: rule.times ?? Infinity, random: seededRandom(rule.seed ?? 1) });
  }

  clear(): void {
    this.active = [];
  }

  before(call: Call): void {
    for (const one of this.active) {
      const { method, path, probability = 1, happening } = one.rule;
      if (method !== undefined && method !== call.method) continue;
      if (typeof path === 'string' ? path !== call.path : call.path.search(path) < 0) continue;
      if (one.left <= 0 || one.random() >= probability) continue;
      one.left -= 1;
      this.strike(happening, one.random);
    }
  }

  private strike(happening: Happening, random: () => number): void {
    const { proxy } = this;
    switch (happening.kind) {
      case 'failed-read-in-patch':
        proxy.failNextReadInPatch = true;
        return;
      case 'empty-listing':
        proxy.emptyNextListing = true;
        return;
      case 'wrong-salt-key':
      case 'restart':
        for (const worker of proxy.workers) {
          if (happening.kind === 'wrong-salt-key') worker.wrongSaltKey = true;
          worker.restart();
        }
        return;
      case 'foreign-create':
        this.create(happening.row);
        return;
      default: {
        const row = this.target(happening.id, random);
        if (row !== undefined) this.change(happening, row);
      }
    }
  }

  private create({ model_name, litellm_params, model_info }: NewRow & { model_info: { id: string } }): void {
    const params = { ...PARAM_FLAGS, ...litellm_params };
    const info = { db_model: false, ...model_info };
    this.proxy.database.insert(model_info.id, model_name, params, info, 'somebody-else');
    this.proxy.workers[0]?.reconcile();
  }

  private change(
    happening: Extract<Happening, { kind: 'foreign-patch' | 'foreign-edit' | 'foreign-delete' }>,
    row: DbRow,
  ): void {
    const { proxy } = this;
    if (happening.kind === 'foreign-delete') {
      proxy.database.remove(row.model_id);
      proxy.workers[0]?.drop(row.model_id);
    } else if (happening.kind === 'foreign-edit') {
      proxy.database.update(row.model_id, mergedWith(row, happening.change), 'somebody-else');
    } else {
      void patchModel(proxy, patchOf(proxy, row.model_id, happening.change));
    }
  }

  private target(id: string | undefined, random: () => number): DbRow | undefined {
    if (id !== undefined) return this.proxy.database.row(id);
    const rows = this.proxy.database.rows();
    return rows[Math.floor(random() * rows.length)];
  }
}

function mergedWith(row: DbRow, change: JsonObject): Partial<DbRow> {
  const { model_name: name, litellm_params: params, model_info: info } = change;
  return {
    ...(typeof name === 'string' ? { model_name: name } : {}),
    ...(isObject(params) ? { litellm_params: { ...row.litellm_params, ...params } } : {}),
    ...(isObject(info) ? { model_info: { ...row.model_info, ...info } } : {}),
  };
}

function patchOf(proxy: Proxy, id: string, change: JsonObject): Call {
  return {
    method: 'PATCH',
    path: `/model/${id}/update`,
    params: { id },
    query: new URLSearchParams(),
    headers: {
      authorization: `Bearer ${proxy.masterKey}`,
      'content-type': 'application/json',
      'x-sandbox-replica': '0',
    },
    text: JSON.stringify(change),
  };
}
