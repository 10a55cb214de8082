import { z } from 'zod';
import { credentialIn } from './credential-params.js';
import { json, type Json, type JsonObject } from './json.js';
import { litellmMode } from './kinds.js';

/** Ours, LiteLLM's bookkeeping, or with a field of their own; a person cannot set them as parameters. */
const reservedKeys = new Set([
  'model',
  'model_name',
  'model_info',
  'litellm_params',
  'api_base',
  'base_url',
  'api_key',
  'custom_llm_provider',
  'litellm_credential_name',
  'tags',
  'access_groups',
  'id',
  'db_model',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  // Makes an enterprise "team model" of the row, which LiteLLM then renames (litellm.md §1).
  'team_id',
  'team_public_model_name',
  'supported_environments',
  'litellm_updater',
]);

const tokens = z
  .int('takes a whole number of tokens above 0')
  .positive('takes a whole number of tokens above 0')
  .max(1e8);
const count = z.int('takes a whole number').min(0, 'takes a whole number, 0 or more');
const price = z.number('takes USD, 0 or more').min(0, 'takes USD, 0 or more');

const noCredential =
  'looks like a credential, and parameters are stored and shown in clear: put the key into the api_key of the provider, ' +
  'which is encrypted';

/** `null` removes the key from what is pushed; an absent key leaves the provider's value. */
export const userParams = z
  .record(z.string().min(1).max(100), json, 'takes an object of parameters')
  .check((context) => {
    for (const [key, value] of Object.entries(context.value)) {
      const problem = problemOf(key, value);
      if (problem !== undefined)
        context.issues.push({ code: 'custom', path: [key], message: problem, input: value });
      const place = credentialIn(key, value);
      if (place !== undefined && problem === undefined)
        context.issues.push({ code: 'custom', path: place, message: noCredential, input: undefined });
    }
  });

function problemOf(key: string, value: Json): string | undefined {
  if (reservedKeys.has(key))
    return 'cannot be set as a parameter: it is managed for you or has a field of its own';
  if (value === null) return undefined;
  const schema = schemaOf(key);
  const parsed = schema?.safeParse(value);
  return parsed?.success === false ? parsed.error.issues[0]?.message : undefined;
}

function schemaOf(key: string): z.ZodType | undefined {
  if (key === 'mode') return litellmMode;
  if (/^max_(input_|output_)?tokens$/.test(key) || key === 'output_vector_size' || key === 'num_ctx')
    return tokens;
  if (['rpm', 'tpm', 'max_retries', 'max_parallel_requests'].includes(key)) return count;
  if (key.startsWith('supports_')) return z.boolean('takes true or false');
  if (key.endsWith('_cost') || key.includes('_cost_per_')) return price;
  return undefined;
}

/** Provider's parameters overlaid by a person's, key by key; `null` removes a key. */
export function overlayParams(providerParams: JsonObject, edits: JsonObject | null): JsonObject {
  const merged = { ...providerParams, ...edits };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
