import { readFileSync } from 'node:fs';

import { isObject, type JsonObject } from '../../sandbox/json.js';

/** One recorded exchange; `n` is the number of its file among the recordings of a real LiteLLM 1.81.15. */
export interface Exchange {
  n: number;
  name: string;
  request: {
    method: string;
    path: string;
    headers?: Record<string, string>;
    body?: unknown;
    raw?: string;
  };
  /** `cut`: the body was too big or beside the point, and is not in the fixture; only the status counts. */
  response: { status: number; body?: unknown; text?: string; cut?: boolean };
}

export function exchangesOf(group: string): Exchange[] {
  const file = new URL(`../fixtures/litellm/replay/${group}.json`, import.meta.url);
  const { rows, exchanges } = JSON.parse(readFileSync(file, 'utf8')) as {
    rows: unknown[];
    exchanges: Exchange[];
  };
  for (const { response } of exchanges) {
    if (isObject(response.body) && Array.isArray(response.body['data'])) {
      response.body['data'] = response.body['data'].map((row: unknown) => rowOf(row, rows));
    }
  }
  return exchanges;
}

/** Rows that several answers share stand once in a file. */
function rowOf(row: unknown, rows: unknown[]): unknown {
  return isObject(row) && typeof row['$row'] === 'number' ? rows[row['$row']] : row;
}

export interface ListedRow {
  model_name: string;
  litellm_params: JsonObject;
  model_info: JsonObject;
}

/** The rows that a recorded listing shows. */
export function listedIn(exchange: Exchange | undefined): ListedRow[] {
  const { data } = exchange?.response.body as { data: ListedRow[] };
  return data;
}

/** The row that a recorded write answered. */
export function writtenIn(exchange: Exchange | undefined): ListedRow {
  return exchange?.response.body as ListedRow;
}
