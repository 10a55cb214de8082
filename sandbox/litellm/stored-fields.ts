import { without, type JsonObject } from '../json.js';
import type { Generation } from './generation.js';

export const PRICE_KEY = /(^|_)cost(_|$)/;

/** Flags that the proxy's parameter class adds to whatever is sent. */
export const PARAM_FLAGS = {
  use_in_pass_through: false,
  use_litellm_proxy: false,
  merge_reasoning_content_in_choices: false,
};

/** Only the top level: a null inside an object is kept. */
export function dropNulls(object: JsonObject): JsonObject {
  return without(object, (_key, value) => value === null);
}

/** Times are read and written again by the proxy, in Python's form. */
export function storedInfo(generation: Generation, info: JsonObject): JsonObject {
  const kept = generation.dropsInfoPrices ? without(info, (key) => PRICE_KEY.test(key)) : info;
  const times = ['created_at', 'updated_at'].flatMap((key) => {
    const value = kept[key];
    return typeof value === 'string' ? [[key, value.replace(/Z$/, '+00:00')] as const] : [];
  });
  return { ...kept, ...Object.fromEntries(times) };
}
