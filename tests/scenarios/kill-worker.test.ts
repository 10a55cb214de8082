import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { Installation } from '../support/processes.js';
import { until } from '../support/until.js';
import { endState } from '../support/end-state.js';

const each = 150;
const numbered = (name: (number: string) => string) =>
  Array.from({ length: each }, (_none, index) => name(String(index).padStart(3, '0')));
const ollamaNames = numbered((number) => `model-${number}:1b`);
const openAiNames = numbered((number) => `org/model-${number}`);

/** Syncing 300 models takes seconds, and so does noticing that a worker is dead. */
const patienceMs = 300_000;

interface Scene {
  installation: Installation;
  ollama: OllamaStandIn;
  openAi: OpenAiCompatibleStandIn;
  litellm: LitellmStandIn;
  runs: number[];
}

type Blow = (scene: Scene) => Promise<boolean> | boolean;

/** The moments at which the worker dies. */
const blows: Record<string, Blow> = {
  'while it fetches details, after the 40th': ({ ollama }) => ollama.counters.get('POST /api/show') >= 40,
  'while it stores, after the first chunk': ({ installation }) =>
    (installation.query<{ n: number }>('SELECT COUNT(*) AS n FROM models')[0]?.n ?? 0) > 0,
  'while it pushes, after the 100th create': ({ litellm }) => litellm.writes.length >= 100,
};

const scenes: Scene[] = [];

async function scene(): Promise<Scene> {
  const litellm = await startLitellm();
  const ollama = await startOllama({ models: ollamaNames.map((name) => ollamaModel(name)) });
  const openAi = await startOpenAiCompatible({ models: openAiNames.map((name) => vllmModel(name, 8192)) });
  const installation = new Installation({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
  const opened = { installation, ollama, openAi, litellm, runs: [] };
  scenes.push(opened);
  return opened;
}

async function startSyncs({ installation, ollama, openAi, runs }: Scene): Promise<void> {
  await installation.startApi();
  const box = await installation.addProvider({
    name: 'box',
    base_url: ollama.url,
    type: 'ollama',
    prefix: 'box',
  });
  const rack = await installation.addProvider({ name: 'rack', base_url: openAi.baseUrl, type: 'openai' });
  for (const { id } of [box, rack]) runs.push((await installation.startSync(id)).id);
}

async function end({ installation, runs }: Scene): Promise<any[]> {
  const ended = [];
  for (const run of runs) ended.push(await installation.finished(run, patienceMs));
  return ended;
}

const outcome = ({ installation, ollama, openAi, litellm }: Scene) =>
  endState(installation, litellm, { ollama: ollama.url, openai: openAi.url });

function expectWhole(told: Scene): void {
  const { installation, litellm } = told;
  const names = [...ollamaNames.map((name) => `box/${name}`), ...openAiNames].sort();
  expect(outcome(told).rows.map((row) => row.model_name)).toEqual(names);
  expect(new Set(litellm.writes.map(({ id }) => id)).size).toBe(litellm.writes.length);
  const ids = installation.query<{ deployment_id: string }>('SELECT deployment_id FROM deployments');
  expect(ids.map((row) => row.deployment_id).sort()).toEqual(
    litellm
      .rows()
      .map((row) => row.model_id)
      .sort(),
  );
  expect(installation.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(installation.query('PRAGMA foreign_key_check')).toEqual([]);
}

/** A worker dies at the blow; another one, started afterwards, finishes. */
async function killed(blow: Blow): Promise<{ told: Scene; runs: any[]; blowFell: boolean }> {
  const told = await scene();
  const worker = await told.installation.startWorker();
  await startSyncs(told);
  let blowFell = false;
  await until('the blow', async () => (blowFell = await blow(told)), patienceMs);
  await worker.end('SIGKILL');
  expect(told.litellm.rows().length).toBeLessThan(2 * each); // it died in the middle
  await told.installation.startWorker();
  return { told, runs: await end(told), blowFell };
}

describe('a worker that is killed with -9 in the middle of a sync of 300 models', () => {
  // What a dead worker held is free again after about ten seconds of nothing: the stories are told side by side.
  const stories = new Map<string, ReturnType<typeof killed>>();
  let undisturbed: Scene;

  beforeAll(async () => {
    for (const [when, blow] of Object.entries(blows)) {
      const story = killed(blow);
      story.catch(() => undefined); // its test says so
      stories.set(when, story);
    }
    undisturbed = await scene();
    await undisturbed.installation.startWorker();
    await startSyncs(undisturbed);
    await end(undisturbed);
  }, patienceMs);

  afterAll(async () => {
    await Promise.allSettled(stories.values());
    await Promise.all(
      scenes.map(async ({ installation, ollama, openAi, litellm }) => {
        await installation.destroy();
        await Promise.all([ollama.close(), openAi.close(), litellm.close()]);
      }),
    );
  }, patienceMs);

  test('undisturbed, the sync registers each of the 300 models once', () => {
    expectWhole(undisturbed);
    expect(undisturbed.litellm.writes).toHaveLength(2 * each);
  });

  test.each(Object.keys(blows))(
    '%s: after a restart everything is as if nothing had happened',
    async (when) => {
      const { told, runs, blowFell } = await stories.get(when)!;
      expect(blowFell).toBe(true);
      expect(runs.map((run) => [run.state, run.outcome.pushes.failed])).toEqual([
        ['done', 0],
        ['done', 0],
      ]);
      expectWhole(told);
      expect(outcome(told)).toEqual(outcome(undisturbed));
    },
    patienceMs,
  );
});
