import { isObject, parseJson, type JsonObject } from '../json.js';
import type { Reply } from '../reply.js';
import type { Call } from '../routes.js';
import { invalid, plain500 } from './errors.js';
import { PRICE_KEY } from './stored-fields.js';

const WHOLE = ['tpm', 'rpm', 'max_retries'];
const TEXT = [
  'model',
  'api_key',
  'api_base',
  'api_version',
  'custom_llm_provider',
  'organization',
  'litellm_credential_name',
];

/** The JSON object of a body, or the answer that FastAPI gives to another one. */
export function bodyOf(call: Call): { body: JsonObject } | { refusal: Reply } {
  if (call.text === '') return { refusal: invalid('missing', ['body'], 'Field required', null) };
  if (!(call.headers['content-type'] ?? '').includes('json')) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return { refusal: invalid('model_attributes_type', ['body'], msg, call.text) };
  }
  // Python reads NaN; as Infinity it is kept by `dropNulls`, and JSON shows it as null.
  const body = parseJson(call.text) ?? parseJson(call.text.replaceAll(/:\s*NaN\b/g, ':1e999'));
  if (body === undefined) {
    const ctx = { error: 'Expecting property name enclosed in double quotes' };
    return { refusal: invalid('json_invalid', ['body', 1], 'JSON decode error', {}, ctx) };
  }
  return isObject(body) ? { body } : { refusal: plain500() };
}

/** PostgreSQL refuses NUL characters and lone surrogates; the proxy then says what it says for a duplicate. */
export function isStorable(body: JsonObject): boolean {
  return !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/.test(JSON.stringify(body));
}

/** Checks the typed fields of litellm_params in place: numeric text becomes a number. */
export function checkParams(params: JsonObject): Reply | undefined {
  for (const [key, value] of Object.entries(params)) {
    const loc = ['body', 'litellm_params', key];
    if (value === null && key !== 'model') continue;
    if (TEXT.includes(key) && typeof value !== 'string') {
      return invalid('string_type', loc, 'Input should be a valid string', value);
    }
    if (WHOLE.includes(key)) {
      const number = Number(value);
      if (typeof value === 'string' && !Number.isInteger(number)) {
        return invalid(
          'int_parsing',
          loc,
          'Input should be a valid integer, unable to parse string as an integer',
          value,
        );
      }
      if (!Number.isInteger(number)) {
        return invalid(
          'int_from_float',
          loc,
          'Input should be a valid integer, got a number with a fractional part',
          value,
        );
      }
      params[key] = number;
    }
    if (PRICE_KEY.test(key) && typeof value === 'string') {
      if (Number.isNaN(Number(value))) {
        return invalid(
          'float_parsing',
          loc,
          'Input should be a valid number, unable to parse string as a number',
          value,
        );
      }
      params[key] = Number(value);
    }
  }
  return undefined;
}

/** `at` is where a create reports its fields (`body`) or a PATCH (`body`, `model_info`). */
export function checkInfo(info: JsonObject, at: string[]): Reply | undefined {
  const { tier, id } = info;
  if (tier !== undefined && tier !== null && tier !== 'free' && tier !== 'paid') {
    const ctx = { expected: "'free' or 'paid'" };
    return invalid('literal_error', [...at, 'tier'], "Input should be 'free' or 'paid'", tier, ctx);
  }
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return invalid('string_type', [...at, 'id'], 'Input should be a valid string', id);
  }
  return undefined;
}
