import { requestJson } from './request-json.js';

/** As `/__sandbox/rows` shows it. */
export interface LitellmRow {
  model_id: string;
  model_name: string;
  litellm_params: object;
  model_info: object;
  created_at: string;
}

export async function rowsOf(litellmUrl: string, signal: AbortSignal): Promise<LitellmRow[]> {
  return (await requestJson<{ rows: LitellmRow[] }>(`${litellmUrl}/__sandbox/rows`, { signal })).rows;
}

/** From the first create to the last, by LiteLLM's own clock. */
export function secondsOfCreates(rows: LitellmRow[]): number {
  const times = rows.map((row) => Date.parse(row.created_at));
  return (Math.max(...times) - Math.min(...times)) / 1_000;
}

/** The same creates, one after another, by a client that does nothing else: no queue, no database, no look at the result. */
export async function createAll(
  rows: LitellmRow[],
  { url, key, signal }: { url: string; key: string; signal: AbortSignal },
): Promise<void> {
  for (const { model_name, litellm_params, model_info } of rows) {
    const body = { model_name, litellm_params, model_info };
    await requestJson(`${url}/model/new`, { method: 'POST', token: key, body, signal });
  }
}
