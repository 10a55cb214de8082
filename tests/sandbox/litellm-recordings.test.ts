import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { comparable, recording, replay } from './recordings.js';

const FULL_ID = '73e5f83c-08a8-501e-923d-4f1daab7e4cd';
const CONFIG_ID = 'a3079e2ce31357855047764ed4563274868471e95300d259f05b9ffabd991def';

let litellm: LitellmStandIn;

beforeEach(async () => {
  litellm = await startLitellm({
    patchGapMs: 0,
    configRows: [
      {
        model_name: 'cfg/static-chat',
        litellm_params: { model: 'openai/static-chat' },
        model_info: { id: CONFIG_ID },
      },
    ],
  });
});
afterEach(() => litellm.close());

async function expectAsRecorded(name: string): Promise<void> {
  const real = recording(name);
  const answer = await replay(litellm.url, real);
  expect(answer.status).toBe(real.response.status);
  if (real.response.body_text !== undefined) expect(answer.text).toBe(real.response.body_text);
  else expect(comparable(answer.body)).toBe(comparable(real.response.body));
}

describe('the LiteLLM stand-in answers as the real proxy did', () => {
  test.each([
    '024-auth-no-key',
    '025-auth-wrong-key',
    '026-auth-wrong-key-not-sk',
    '027-auth-no-bearer-word',
    '102-new-bad-empty-object',
    '107-new-bad-litellm-params-string',
    '123-new-bad-tier-other',
    '130-new-bad-rpm-text',
    '015-model-info-unknown-id-none-there',
    '311-patch-unknown-id',
    '325-delete-twice',
    '328-delete-without-id',
    '344-v2-page-0',
    '503-cfg-patch-0',
    '505-cfg-update-0',
    '680-chat-unknown-model',
  ])('%s', expectAsRecorded);

  test('a create, its echo by both routes, and the refusal of a second create', async () => {
    await expectAsRecorded('092-new-full');
    await expectAsRecorded('093-info-of-full-v1-by-id');
    await expectAsRecorded('094-info-of-full-v2-by-modelid');
    await expectAsRecorded('096-new-duplicate-id-same-body');
  });

  test('a database that is down', async () => {
    await replay(litellm.url, recording('092-new-full'));
    litellm.databaseDown = true;
    await expectAsRecorded('576-dbdown-patch');
    await expectAsRecorded('577-dbdown-delete');
    await expectAsRecorded('578-dbdown-wrong-key');
    expect((await replay(litellm.url, recording('094-info-of-full-v2-by-modelid'))).text).toBe(
      'Internal Server Error',
    );
    expect((await replay(litellm.url, recording('093-info-of-full-v1-by-id'))).status).toBe(200);
  });

  test('a chat while the named model is out of service', async () => {
    litellm.seed({ model_name: 'flt/1', litellm_params: { model: 'openai/q' } });
    const id = litellm.seed({ model_name: 'flt/0', litellm_params: { model: 'openai/q' } });
    litellm.failNextReadInPatch = true;
    const patch = recording('311-patch-unknown-id');
    patch.request.path = `/model/${id}/update`;
    expect((await replay(litellm.url, patch)).status).toBe(200);
    await expectAsRecorded('1007-flt-chat');
    litellm.poll();
    expect(litellm.served().map((row) => row.model_name)).toContain('flt/1');
  });

  test('ciphertext of an untouched value stays when another key is patched', async () => {
    const created = await replay(litellm.url, recording('092-new-full'));
    const patch = recording('311-patch-unknown-id');
    patch.request.path = `/model/${FULL_ID}/update`;
    patch.request.body = { litellm_params: { rpm: 1 } };
    const patched = await replay(litellm.url, patch);
    const apiKey = (answer: typeof created) =>
      (answer.body as { litellm_params: { api_key: string } }).litellm_params;
    expect(apiKey(patched).api_key).toBe(apiKey(created).api_key);
    expect(litellm.row(FULL_ID)?.litellm_params['api_key']).toBe('sk-upstream-secret-0123456789');
  });
});
