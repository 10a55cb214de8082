import { readFileSync } from 'node:fs';

import { afterEach, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { call, until } from './recordings.js';

let litellm: LitellmStandIn;
afterEach(() => litellm.close());

const ID = 'row-7';
const PATHS = [
  '/model/info',
  `/model/info?litellm_model_id=${ID}`,
  '/v2/model/info?size=100',
  `/v2/model/info?modelId=${ID}`,
];

/** In the words of the recorded note, e.g. `/v2/model/info?size=100 -> 200 rows=50 total=50`. */
async function answers(): Promise<string[]> {
  return Promise.all(
    PATHS.map(async (path) => {
      const { status, body } = await call(litellm.url, 'GET', path);
      const { data, total_count: total } = body as { data?: unknown[]; total_count?: number };
      const rows = data === undefined ? '-' : data.length;
      return `${path.replace(ID, '<id>')} -> ${status} rows=${rows} total=${total ?? 'None'}`;
    }),
  );
}

test('a reader gets all models or none while a PATCH by somebody else runs, and no other answer than recorded', async () => {
  const file = new URL('../fixtures/litellm/replay/reads-during-patch.json', import.meta.url);
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as { answers: string[] };
  litellm = await startLitellm({ pollMs: 0, patchGapMs: 500 });
  for (let n = 0; n < 50; n += 1) {
    litellm.seed({
      model_name: `m${n}`,
      litellm_params: { model: 'openai/x' },
      model_info: { id: `row-${n}` },
    });
  }
  const before = await answers();
  const patching = call(litellm.url, 'PATCH', '/model/row-3/update', { model_info: { id: 'row-3', n: 1 } });
  await until(() => litellm.served().length === 0);
  const during = await answers();
  await patching;
  const seen = new Set([...before, ...during, ...(await answers())]);
  expect([...seen].sort()).toEqual(recorded.answers);
});
