import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requestJson } from './demo-client.mjs';

const rounds = 9;
const historyColumns = ['created_at', 'started_at', 'fetched_at', 'finished_at'];

/** Only what the build has made; loaded when it is there. */
async function startServers() {
  const from = (path) => import(`../dist/sandbox/${path}.js`);
  const { demoOllamaModels } = await from('demo-models');
  const { vllmModel } = await from('openai-models');
  const { startOllama } = await from('ollama');
  const { startOpenAiCompatible } = await from('openai-compatible');
  const { startLitellm } = await from('litellm/start-litellm');
  const rack = [
    ['Qwen/Qwen3-32B', 40_960],
    ['mistralai/Mistral-Small-3.2-24B-Instruct-2506', 131_072],
    ['google/gemma-3-27b-it', 131_072],
    ['BAAI/bge-m3', 8_192],
    ['meta-llama/Llama-3.3-70B-Instruct', 131_072],
  ];
  return {
    litellm: await startLitellm({
      configRows: [{ model_name: 'gpt-4o', litellm_params: { model: 'openai/gpt-4o' } }],
    }),
    ollama: await startOllama({ models: demoOllamaModels() }),
    rack: await startOpenAiCompatible({ models: rack.map(([id, length]) => vllmModel(id, length)) }),
    lab: await startOpenAiCompatible({ models: [vllmModel('ibm-granite/granite-3.3-8b-instruct', 131_072)] }),
  };
}

/** An installation with a day behind it: healthy, ill, held, orphaned, edited and drifted, each at least once. */
export async function makeWorld() {
  const servers = await startServers();
  const { litellm, ollama, rack, lab } = servers;

  async function live({ address, token, dataDir }) {
    const ask = (method, path, body) => requestJson(address + path, { method, token, body });
    const { default: Sqlite } = await import('better-sqlite3');
    const database = new Sqlite(join(dataDir, 'models.db'));
    const sync = async ({ id }) => {
      const run = await ask('POST', `/api/providers/${id}/sync`);
      for (;;) {
        const now = await ask('GET', `/api/runs/${run.id}`);
        if (now.state !== 'waiting' && now.state !== 'running' && now.outcome.pushes.pending === 0)
          return now;
        await wait(100);
      }
    };
    // Charts need hours, and nobody waits for them: what has ended moves into the past.
    const passed = (column) => `${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-61 minutes')`;
    const anHourPasses = () => {
      const columns = historyColumns.map(passed);
      database.exec(`UPDATE sync_runs SET ${columns.join(', ')} WHERE finished_at IS NOT NULL`);
      // What was pushed a moment ago is not called drifted yet.
      database.exec(`UPDATE deployments SET ${passed('pushed_at')}, ${passed('written_at')}`);
    };
    const add = (name, type, url, more = {}) =>
      ask('POST', '/api/providers', { name, type, base_url: url, prefix: name, ...more });

    const box = await add('ollama-box', 'ollama', ollama.url, { tags: ['office', 'gpu'] });
    await sync(box);
    const vllm = await add('vllm-rack', 'openai', rack.baseUrl, { tags: ['rack-7', 'gpu'] });
    const ill = await add('lab', 'openai', lab.baseUrl, { tags: ['lab'] });
    for (const provider of [vllm, ill]) await sync(provider);
    for (let round = 0; round < rounds; round += 1) {
      anHourPasses();
      if (round === 2)
        ollama.add(...['phi4:14b', 'mistral:7b'].map((name) => ({ ...ollama.models[0], name })));
      if (round === 4) ollama.replace('qwen3:8b', { contextLength: 32_768 });
      if (round === 6) ollama.add({ ...ollama.models[1], name: 'granite4:3b' });
      if (round === 7) ollama.remove('mistral:7b');
      for (const provider of [box, vllm]) await sync(provider);
    }

    const { items } = await ask('GET', '/api/models?limit=100');
    const idOf = (name) => items.find((model) => model.model_id === name).id;
    const edited = idOf('qwen3:8b');
    await ask('PATCH', `/api/models/${edited}`, {
      params: { temperature: 0.2, max_input_tokens: 16_384 },
      tags: ['gold'],
      access_groups: ['research'],
    });
    await ask('PATCH', `/api/models/${idOf('nomic-embed-text:latest')}`, { sync_enabled: false });
    anHourPasses();
    lab.faults.add({
      path: '/v1/models',
      behaviour: { kind: 'status', status: 401, body: { error: 'the key has expired' } },
    });
    await sync(ill);
    for (const id of rack.models.slice(1, 4).map((model) => model.id)) rack.remove(id);
    const held = await sync(vllm);
    await sync(box);
    litellm.seed({
      model_name: 'claude-by-hand',
      litellm_params: { model: 'anthropic/claude-sonnet', tags: ['team'] },
    });
    const drifting = litellm.rows().find((row) => row.model_name === 'ollama-box/gemma3:12b');
    await requestJson(`${litellm.url}/model/${drifting.model_id}/update`, {
      method: 'PATCH',
      token: litellm.masterKey,
      body: { litellm_params: { tags: [...drifting.litellm_params.tags, 'by-hand'] } },
    });
    database.close();
    return {
      overview: '/',
      models: '/models',
      model: `/models/${edited}`,
      providers: '/providers',
      provider: `/providers/${box.id}`,
      litellm: '/litellm',
      runs: '/runs',
      run: `/runs/${held.id}`,
      settings: '/settings',
      start: '/start',
    };
  }

  return {
    litellm,
    live,
    stop: () => Promise.all(Object.values(servers).map((server) => server.close())),
  };
}
