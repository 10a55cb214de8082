import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { ollamaModel } from '../../sandbox/ollama-model.js';
import { startOllama, type OllamaStandIn } from '../../sandbox/ollama.js';
import { Installation } from '../support/processes.js';
import { until } from '../support/until.js';

const names = Array.from({ length: 120 }, (_none, index) => `model-${String(index).padStart(3, '0')}:1b`);

describe('a worker that gets SIGTERM in the middle of a sync', () => {
  let installation: Installation;
  let ollama: OllamaStandIn;
  let litellm: LitellmStandIn;

  beforeEach(async () => {
    litellm = await startLitellm();
    ollama = await startOllama({ models: names.map((name) => ollamaModel(name)) });
    installation = new Installation({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
    await installation.startApi();
  });

  afterEach(async () => {
    await installation.destroy();
    await Promise.all([ollama.close(), litellm.close()]);
  });

  async function startSync(): Promise<number> {
    const { id } = await installation.addProvider({ name: 'box', base_url: ollama.url, type: 'ollama' });
    return (await installation.startSync(id)).id;
  }

  function expectWhole(run: any): void {
    expect(run).toMatchObject({ state: 'done', outcome: { added: 120, pushes: { failed: 0, pending: 0 } } });
    expect(
      litellm
        .rows()
        .map((row) => row.model_name)
        .sort(),
    ).toEqual(names);
    expect(litellm.writes).toHaveLength(120);
    expect(installation.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  }

  test('while its server hangs, it hands its job back and ends within 10 s, and the next worker finishes', async () => {
    const worker = await installation.startWorker();
    const run = await startSync();
    await until('the 40th detail call', () => ollama.counters.get('POST /api/show') >= 40);
    const clear = ollama.faults.add({ path: '/api/show', behaviour: { kind: 'hang' } });
    const calls = ollama.counters.get('POST /api/show');
    await until('hanging calls', () => ollama.counters.get('POST /api/show') >= calls + 4);
    const end = await worker.end('SIGTERM');
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.ms).toBeLessThan(10_000);
    // Handed back, not left to be found dead.
    expect(await installation.run(run)).toMatchObject({
      state: 'running',
      jobs: [{ queue: 'fetch-provider', outcome: 'postponed', attempt: 1 }],
    });
    expect(worker.output()).toContain('"stopped"');

    clear();
    await installation.startWorker();
    expectWhole(await installation.finished(run));
  });

  test('while it pushes, it ends soon, and the next worker pushes the rest', async () => {
    litellm.faults.latencyMs = 5;
    const worker = await installation.startWorker();
    const run = await startSync();
    await until('the 20th create', () => litellm.writes.length >= 20);
    const end = await worker.end('SIGTERM');
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.ms).toBeLessThan(10_000);
    expect(litellm.writes.length).toBeLessThan(120);
    const between = await installation.run(run);
    expect(between.outcome.pushes.pending).toBe(120 - between.outcome.pushes.created);

    await installation.startWorker();
    const ended = await installation.finished(run);
    expectWhole(ended);
    expect(ended.outcome).toMatchObject({ writes: 120, pushes: { created: 120 } });
  });
});
