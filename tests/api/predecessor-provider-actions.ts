import { expect } from '@jest/globals';
import {
  aModel,
  aModelDetail,
  aNumber,
  aRun,
  aString,
  refusal,
  noSuch,
  theProvider,
  type Row,
} from './predecessor-rows.js';

const categories = Object.fromEntries(
  ['chat', 'vision', 'code', 'reasoning', 'embedding', 'audio', 'image', 'unknown'].map((each) => [
    each,
    aNumber,
  ]),
);

/** Of its table B.3: what is asked of and done to a provider. */
export const providerActionRows: Row[] = [
  ...['false', 'true', 'True', '1'].map((flag): Row => ({
    call: 'GET /api/providers/{id}/models',
    slash: true,
    input: (world) => ({ id: world.providerId, query: { include_orphaned: flag } }),
    status: 200,
    reads: {
      provider: { id: aNumber, name: 'box', type: 'ollama', base_url: aString },
      models: expect.arrayContaining([
        expect.objectContaining({ ...aModel, tags: aModelDetail.tags, user_tags: [], access_groups: [] }),
      ]),
    },
  })),
  { call: 'GET /api/providers/{id}/models', input: noSuch, status: 404, reads: refusal(404) },
  {
    call: 'GET /api/providers/{id}/stats',
    input: theProvider,
    status: 200,
    reads: { provider_id: aNumber, provider_name: 'box', total_models: aNumber, categories },
  },
  { call: 'GET /api/providers/{id}/stats', input: noSuch, status: 404, reads: refusal(404) },
  { call: 'GET /api/providers/stats/all', status: 200, reads: { total_models: aNumber, categories } },
  {
    call: 'POST /api/providers/test-connection',
    input: (world) => ({ form: { base_url: world.ollama.url, type: 'ollama', api_key: '' } }),
    status: 200,
    reads: { success: true, message: aString, model_count: aNumber },
  },
  {
    call: 'POST /api/providers/test-connection',
    input: () => ({ form: { base_url: 'http://127.0.0.1:9', type: 'ollama' } }),
    status: 200,
    reads: { success: false, message: aString, error_type: 'connection_error' },
  },
  {
    call: 'POST /api/providers/test-connection',
    input: () => ({ form: { base_url: 'ftp://x', type: 'ollama' } }),
    status: 200,
    reads: { success: false, error_type: 'validation_error' },
  },
  {
    call: 'POST /api/providers/test-connection',
    input: () => ({ form: { type: 'ollama' } }),
    status: 422,
    reads: { errors: [{ field: 'base_url' }] },
  },
  ...['sync-all', 'fetch-all'].map((word): Row => ({
    call: `POST /api/providers/${word}`,
    status: 202,
    differs: 'one run for each provider instead of results',
    reads: { total_providers: aNumber, runs: expect.arrayContaining([expect.objectContaining(aRun)]) },
  })),
  ...['sync-now', 'fetch-now'].flatMap((word): Row[] => [
    {
      call: `POST /api/providers/{id}/${word}`,
      input: theProvider,
      status: 202,
      reads: { status: 'started', provider: 'box' },
    },
    { call: `POST /api/providers/{id}/${word}`, input: noSuch, status: 404, reads: refusal(404) },
  ]),
  {
    call: 'POST /api/providers/{id}/push',
    input: theProvider,
    status: 202,
    differs: 'queued instead of pushed; the counts are those of a run',
    reads: { status: 'queued', provider: 'box' },
  },
  { call: 'POST /api/providers/{id}/push', input: noSuch, status: 404, reads: refusal(404) },
  {
    call: 'POST /api/providers/{id}/push',
    input: async (world) => ({ id: world.providerId, after: await world.withoutLitellm() }),
    status: 409,
    differs: 'was 400',
    reads: refusal(409),
  },
];
