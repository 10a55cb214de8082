import { createHash, randomUUID } from 'node:crypto';

import { isObject, type JsonObject } from '../json.js';
import { jsonb } from './jsonb.js';

/** A row of the model table, its parameters in clear. */
export interface DbRow {
  model_id: string;
  model_name: string;
  litellm_params: JsonObject;
  model_info: JsonObject;
  created_at: string;
  created_by: string;
  updated_at: string;
  updated_by: string;
}

/** The table that all workers share. Rows come in table order: an updated row moves to the end. */
export class Database {
  down = false;
  private readonly table = new Map<string, DbRow>();
  private readonly salt = randomUUID();

  rows(): DbRow[] {
    return [...this.table.values()];
  }

  row(id: string): DbRow | undefined {
    return this.table.get(id);
  }

  /** False when the id is taken. */
  insert(id: string, name: string, params: JsonObject, info: JsonObject, by = 'default_user_id'): boolean {
    if (this.table.has(id)) return false;
    const now = new Date().toISOString();
    this.table.set(id, {
      model_id: id,
      model_name: name,
      litellm_params: jsonb(params),
      model_info: jsonb(info),
      created_at: now,
      created_by: by,
      updated_at: now,
      updated_by: by,
    });
    return true;
  }

  /** False when the row is gone. */
  update(
    id: string,
    changes: Partial<Pick<DbRow, 'model_name' | 'litellm_params' | 'model_info'>>,
    by = 'default_user_id',
  ): boolean {
    const row = this.table.get(id);
    if (row === undefined) return false;
    this.table.delete(id);
    this.table.set(id, { ...row, ...jsonb(changes), updated_at: new Date().toISOString(), updated_by: by });
    return true;
  }

  remove(id: string): boolean {
    return this.table.delete(id);
  }

  /** The row as write calls answer it: every string of litellm_params is ciphertext, which stays while the value does. */
  raw(row: DbRow): DbRow {
    const params = Object.entries(row.litellm_params).map(([key, value]) => [
      key,
      typeof value === 'string' ? this.ciphertext(`${row.model_id}/${key}`, value) : value,
    ]);
    return { ...row, litellm_params: Object.fromEntries(params) as JsonObject };
  }

  private ciphertext(place: string, plain: string): string {
    const bytes: Buffer[] = [];
    for (let length = 0; length < plain.length + 40; length += 32) {
      bytes.push(createHash('sha256').update(`${this.salt}/${place}/${plain}/${length}`).digest());
    }
    const filler = Buffer.concat(bytes).subarray(0, plain.length + 40);
    return filler.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  }
}

/** The id a config-file row without one gets: it changes whenever its parameters do. */
export function configId(name: string, params: JsonObject): string {
  const parts = Object.entries(params).map(
    ([key, value]) => key + (isObject(value) ? JSON.stringify(value) : String(value)),
  );
  return createHash('sha256')
    .update([name, ...parts].join(''))
    .digest('hex');
}
