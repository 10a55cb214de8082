import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { vllmModel } from '../../sandbox/openai-models.js';
import { seededRandom } from '../../sandbox/random.js';
import { startPrivateRedis } from '../../scripts/private-redis.mjs';
import { Installation, type Part } from '../support/processes.js';
import { until } from '../support/until.js';
import { endState } from '../support/end-state.js';

/** Of each victim, over all stories. KILL_POINTS=10 is the whole proof, which takes one to two minutes. */
const points = Number(process.env['KILL_POINTS'] ?? 3);
/** The same seed draws the same kills: `npm test` proves the same each time, another seed proves more. */
const seed = Number(process.env['KILL_SEED'] ?? 4_711);

const each = 150;
const numbered = (name: (number: string) => string) =>
  Array.from({ length: each }, (_none, index) => name(String(index).padStart(3, '0')));
const ollamaNames = numbered((number) => `model-${number}:1b`);
const openAiNames = numbered((number) => `org/model-${number}`);

/** 150 details fetched, 300 models stored, 300 deployments written. */
const wholeProgress = 5 * each;

/** Noticing that a worker is dead takes ten to fifteen seconds; each story has several dead ones. */
const patienceMs = 400_000;
const storyCount = Math.max(3, Math.ceil(points / 2));

/** Steps that take their time, as real ones do, so that many points lie between the first and the last of them. */
const detailsMs = 60;
const writeMs = 15;

const victims = ['worker', 'api', 'redis'] as const;
type Victim = (typeof victims)[number];
interface Blow {
  victim: Victim;
  /** How far the sync is when it falls. */
  at: number;
}

/** `points` blows for each victim, dealt out to the stories, each story's in the order in which they fall. */
function drawBlows(): Blow[][] {
  const random = seededRandom(seed);
  const stories = Array.from({ length: storyCount }, (): Blow[] => []);
  for (const [offset, victim] of victims.entries()) {
    for (let point = 0; point < points; point++) {
      const at = Math.floor(random() * wholeProgress * 0.98);
      stories[(point + offset) % stories.length]?.push({ victim, at });
    }
  }
  return stories.map((blows) => blows.sort((a, b) => a.at - b.at));
}

/** A whole installation with a Redis of its own, in front of stand-ins of its own. */
class Scene {
  private parts!: Record<'worker' | 'api', Part>;
  private redis!: Awaited<ReturnType<typeof startPrivateRedis>>;
  private readonly runs: number[] = [];

  private constructor(
    readonly folder: string,
    readonly installation: Installation,
    readonly ollama: OllamaStandIn,
    readonly openAi: OpenAiCompatibleStandIn,
    readonly litellm: LitellmStandIn,
  ) {}

  static async open(): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-kill-'));
    const litellm = await startLitellm({ writeCostMs: () => writeMs });
    const ollama = await startOllama({ models: ollamaNames.map((name) => ollamaModel(name)) });
    ollama.faults.latencyMs = detailsMs;
    const openAi = await startOpenAiCompatible({ models: openAiNames.map((name) => vllmModel(name, 8192)) });
    const redis = await startPrivateRedis({ dir: folder, persistent: true });
    const installation = new Installation({
      LITELLM_URL: litellm.url,
      LITELLM_API_KEY: litellm.masterKey,
      REDIS_URL: redis.url,
    });
    const scene = new Scene(folder, installation, ollama, openAi, litellm);
    scene.redis = redis;
    scene.parts = { worker: await installation.startWorker(), api: await installation.startApi() };
    return scene;
  }

  async startSyncs(): Promise<void> {
    const { installation, ollama, openAi } = this;
    const box = { name: 'box', base_url: ollama.url, type: 'ollama', prefix: 'box' };
    const rack = { name: 'rack', base_url: openAi.baseUrl, type: 'openai' };
    for (const fields of [box, rack]) {
      const { id } = await installation.addProvider(fields);
      this.runs.push((await installation.startSync(id)).id);
    }
  }

  /** Grows from 0 to `wholeProgress`, and beyond when details are asked for again. */
  progress(): number {
    const details = this.ollama.counters.get('POST /api/show');
    return details + this.count('models') + this.litellm.writes.length;
  }

  /** kill -9, and the same part started anew. */
  async strike(victim: Victim): Promise<void> {
    if (victim === 'redis') {
      process.kill(-this.redis.pid, 'SIGKILL'); // its process group: the guard and the server
      await this.redis.exited;
      this.redis = await startPrivateRedis({ dir: this.folder, persistent: true });
      return;
    }
    const { signal } = await this.parts[victim].end('SIGKILL');
    expect(signal).toBe('SIGKILL');
    this.parts[victim] =
      victim === 'api' ? await this.installation.startApi() : await this.installation.startWorker();
  }

  async ended(): Promise<any[]> {
    const ended = [];
    for (const run of this.runs) ended.push(await this.installation.finished(run, patienceMs));
    // Pushes that a reconcile asked for count on its run.
    await until('the last push', () => this.count('deployments WHERE pending = 1') === 0, patienceMs);
    return ended;
  }

  private count(what: string): number {
    return this.installation.query<{ n: number }>(`SELECT COUNT(*) AS n FROM ${what}`)[0]?.n ?? 0;
  }

  endState() {
    return endState(this.installation, this.litellm, { ollama: this.ollama.url, openai: this.openAi.url });
  }

  async close(): Promise<void> {
    await this.installation.destroy();
    await this.redis.stop();
    await Promise.all([this.ollama.close(), this.openAi.close(), this.litellm.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Told {
  scene: Scene;
  runs: any[];
  fell: (Blow & { progress: number })[];
}

const scenes: Scene[] = [];

async function tell(blows: Blow[]): Promise<Told> {
  const scene = await Scene.open();
  scenes.push(scene);
  await scene.startSyncs();
  const fell: Told['fell'] = [];
  for (const blow of blows) {
    const what = `a progress of ${blow.at} (kill ${blow.victim})`;
    const progress = await until(what, () => reached(scene.progress(), blow.at), patienceMs);
    await scene.strike(blow.victim);
    fell.push({ ...blow, progress });
  }
  return { scene, runs: await scene.ended(), fell };
}

function reached(progress: number, wanted: number): number | undefined {
  return progress >= wanted ? progress : undefined;
}

function expectWhole({ scene, runs }: Told): void {
  const { installation, litellm } = scene;
  expect(runs.map((run) => [run.state, run.outcome.pushes.failed])).toEqual([
    ['done', 0],
    ['done', 0],
  ]);
  const names = [...ollamaNames.map((name) => `box/${name}`), ...openAiNames].sort();
  expect(scene.endState().rows.map((row) => row.model_name)).toEqual(names);
  const sorted = (ids: string[]) => ids.sort();
  const known = installation.query<{ deployment_id: string }>('SELECT deployment_id FROM deployments');
  expect(sorted(known.map((row) => row.deployment_id))).toEqual(
    sorted(litellm.rows().map((row) => row.model_id)),
  );
  // Each was written once: what may have happened was looked up, not repeated.
  expect(litellm.writes.map(({ method }) => method)).toEqual(names.map(() => 'POST /model/new'));
  expect(installation.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(installation.query('PRAGMA foreign_key_check')).toEqual([]);
}

describe(`kill -9 at ${points} random points of each of ${victims.join(', ')} in syncs of 300 models (KILL_SEED=${seed})`, () => {
  const drawn = drawBlows();
  const stories: Promise<Told>[] = [];
  let undisturbed: Told;

  beforeAll(async () => {
    process.stdout.write(`kill proof: KILL_POINTS=${points} KILL_SEED=${seed}\n`);
    undisturbed = await tell([]);
    // Most of a story is waiting until a dead worker's job is free again: all are told side by side.
    for (const blows of drawn) {
      const story = tell(blows);
      story.catch(() => undefined); // its test says so
      stories.push(story);
    }
  }, patienceMs);

  afterAll(async () => {
    await Promise.allSettled(stories);
    await Promise.all(scenes.map((scene) => scene.close()));
  }, patienceMs);

  test('undisturbed, the syncs register each of the 300 models once', () => {
    expectWhole(undisturbed);
  });

  test.each(
    drawn.map((blows, index) => [blows.map(({ victim, at }) => `${victim} at ${at}`).join(', '), index]),
  )(
    'after the kills of %s everything is as if nothing had happened',
    async (_what, index) => {
      const told = await stories[index as number]!;
      process.stdout.write(
        `kill proof: ${told.fell.map(({ victim, progress }) => `${victim} at ${progress}`).join(', ')} of ${wholeProgress}\n`,
      );
      expect(told.fell).toHaveLength(drawn[index as number]!.length);
      expectWhole(told);
      expect(told.scene.endState()).toEqual(undisturbed.scene.endState());
    },
    patienceMs,
  );
});
