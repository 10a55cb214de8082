import { expect } from '@jest/globals';
import type { ContractWorld } from './contract-world.js';

interface Input {
  id?: number;
  query?: Record<string, string>;
  form?: Record<string, string>;
  json?: unknown;
  after?: () => unknown;
}

/** One line of the predecessor's tables: what was sent there, and what a script of its time reads in the answer. */
export interface Row {
  /** Method and path. */
  call: string;
  input?: (world: ContractWorld) => Input | Promise<Input>;
  status: number;
  reads?: unknown;
  /** Where we answer otherwise on purpose: why. */
  differs?: string;
  /** Also with a slash at its end, as list and create routes did. */
  slash?: boolean;
  check?: (world: ContractWorld, body: any, input: Input) => void | Promise<void>;
}

export const aString: unknown = expect.any(String);
export const aNumber: unknown = expect.any(Number);
const aFlag: unknown = expect.any(Boolean);
export const aList: unknown = expect.any(Array);
export const anObject: unknown = expect.any(Object);

/** A run: what was answered when all was done is asked of it. */
export const aRun = { id: aNumber, uuid: aString, kind: 'sync', state: aString, outcome: anObject };

export const refusal = (status: number) => ({ status, title: aString, detail: aString });

export const aProvider = {
  id: aNumber,
  name: aString,
  base_url: aString,
  type: aString,
  has_api_key: aFlag,
  tags: aList,
  access_groups: aList,
  sync_enabled: aFlag,
  auto_detect_fim: aFlag,
  pricing_override: anObject,
  created_at: aString,
  updated_at: aString,
};

export const aModel = {
  id: aNumber,
  model_id: aString,
  display_name: aString,
  model_type: 'chat',
  context_window: aNumber,
  capabilities: aList,
  is_orphaned: false,
  sync_enabled: true,
  user_modified: aFlag,
  first_seen: aString,
  last_seen: aString,
};

export const aModelDetail = {
  id: aNumber,
  model_id: 'qwen3:8b',
  provider_id: aNumber,
  provider: { id: aNumber, name: 'box', type: 'ollama', prefix: null },
  display_name: 'qwen3:8b',
  litellm_params: anObject,
  effective_params: anObject,
  is_orphaned: false,
  sync_enabled: true,
  user_modified: aFlag,
  ollama_mode: null,
  capabilities: aList,
  tags: expect.arrayContaining(['lupdater', 'provider:box', 'type:ollama']) as unknown,
  user_tags: aList,
  access_groups: aList,
  pricing_profile: null,
  pricing_override: anObject,
};

export const theModel = async (world: ContractWorld) => ({ id: await world.model() });
export const theProvider = (world: ContractWorld) => ({ id: world.providerId });
export const newProvider = async (world: ContractWorld) => ({ id: await world.newProvider() });
export const noSuch = () => ({ id: 4_711 });

/** Compat aliases, routing groups and the proxy: B.14 to B.16. */
export const waitingRows = [
  'GET /api/compat/models',
  'POST /api/compat/models',
  'PUT /api/compat/models/1',
  'DELETE /api/compat/models/1',
  'POST /api/compat/register-defaults',
  'GET /api/routing-groups',
  'POST /api/routing-groups',
  'GET /api/routing-groups/1',
  'PUT /api/routing-groups/1',
  'DELETE /api/routing-groups/1',
  'GET /api/routing-groups/candidates',
  'GET /api/routing-groups/compiled',
  'GET /api/routing-groups/status',
  'POST /api/routing-groups/push',
  'POST /api/routing-groups/1/push',
  'POST /v1/chat/completions',
  'POST /v1/completions',
];
