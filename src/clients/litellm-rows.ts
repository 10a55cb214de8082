import { PermanentError } from '../domain/errors.js';
import { isJsonObject, type JsonObject } from '../domain/json.js';
import type { DestinationRow } from '../domain/ports.js';
import type { HttpReply } from './http.js';
import { quote, readJson } from './reply.js';

/**
 * LiteLLM's listings: `data` (`null` is empty) and `total_pages` (0 where it is not told). Anything else, an error with
 * 200 included, is never "no rows".
 */
export function readRows(reply: HttpReply, who: string): { rows: JsonObject[]; pages: number } {
  const body = readJson(reply, who);
  const data = isJsonObject(body) ? body.data : undefined;
  if (!isJsonObject(body) || (data !== null && !Array.isArray(data))) {
    const said = quote(reply);
    throw new PermanentError(
      `${who} answered no list of models${said === '' ? '' : `: ${said}`} – is this the right URL?`,
    );
  }
  const { total_pages: pages } = body;
  return { rows: (data ?? []).filter(isJsonObject), pages: typeof pages === 'number' ? pages : 0 };
}

/** Undefined for rows without an id or name, such as the agents that 1.81's `/v2/model/info` appends: nobody can address them. */
export function destinationRow(row: JsonObject): DestinationRow | undefined {
  const { model_name: modelName, litellm_params: params, model_info: info } = row;
  if (typeof modelName !== 'string' || !isJsonObject(info) || typeof info.id !== 'string' || info.id === '') {
    return undefined;
  }
  return {
    id: info.id,
    modelName,
    litellmParams: isJsonObject(params) ? params : {},
    modelInfo: info,
    dbModel: info.db_model === true,
  };
}
