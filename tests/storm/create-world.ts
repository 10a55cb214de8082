import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLitellm } from '../../sandbox/litellm/start-litellm.js';
import { Product } from '../support/product.js';
import { Keys } from './keys.js';
import { Ledger } from './ledger.js';
import { startOllamaServer, startVllmServer } from './model-server.js';
import { leavePredecessorsRows } from './predecessor.js';
import { Watch } from './watch.js';
import { addForeign, addProvider, ask, configRowsOf, graces, settle } from './world.js';
import type { Machines, StormProvider, Traits, World } from './world.js';

const configRow = {
  model_name: 'a1:1b',
  litellm_params: { model: 'openai/a1', api_base: 'http://config.invalid/v1' },
  model_info: { id: 'from-config' },
};

/** Twelve seeds in a row have each of them with each other. */
function traitsOf(seed: number): Traits {
  const isOld = seed % 2 === 0;
  return {
    version: isOld ? '1.81.15' : '1.105.0',
    isOld,
    replicas: seed % 4 < 2 ? 1 : 2,
    hasPredecessor: seed % 3 === 1,
  };
}

/** LiteLLM, four model servers, and the product that reads three of them, after its first sync. */
export async function createWorld(seed: number, machines?: Machines): Promise<World> {
  const traits = traitsOf(seed);
  const { version, replicas } = traits;
  const litellm = await startLitellm({ version, replicas, configRows: [configRow], pollMs: 500 });
  const servers = [
    await startOllamaServer('a', 6),
    await startVllmServer('b', 6),
    await startOllamaServer('c', 5),
  ];
  const spare = await startVllmServer('d', 4);
  const dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-storm-'));
  const product = await Product.start({
    litellmUrl: litellm.url,
    litellmKey: litellm.masterKey,
    pollSeconds: 1,
    dataDir,
    ...(machines && { redisUrl: machines.redisUrl }),
  });
  const instance = (await product.call('GET', '/api/settings')).body.instance_id as string;
  const keys = new Keys(instance);
  const world: World = {
    seed,
    traits,
    product,
    litellm,
    providers: [],
    idle: [{ server: spare, name: 'p3' }],
    left: new Set(),
    instance,
    keys,
    watch: new Watch(litellm, keys, replicas),
    ledger: new Ledger(litellm, keys),
    machines,
    foreign: new Map(),
    configRows: configRowsOf(litellm, traits),
    troubles: new Set(),
    async close() {
      world.watch.stop();
      await product.stop();
      await Promise.all([litellm, ...servers, spare].map((server) => server.close()));
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  const prefixes = ['box', null, 'attic'];
  for (const [index, server] of servers.entries()) {
    await addProvider(world, server, `p${index}`, { ...graces[index], prefix: prefixes[index] });
  }
  const [ollama, vllm] = world.providers;
  if (ollama === undefined || vllm === undefined) throw new Error('a storm begins with three providers');
  addOthersRows(world, ollama);
  if (traits.hasPredecessor) leavePredecessorsRows(world, ollama, vllm);
  await ask(world, 'POST', '/api/sync');
  await settle(world);
  return world;
}

function addOthersRows(world: World, { uuid, server }: StormProvider): void {
  addForeign(world, {
    model_name: 'box/a0:1b',
    litellm_params: { model: 'openai/a0', api_base: 'http://alice.invalid/v1', tags: ['lupdater'] },
    model_info: { id: 'by-alice', mode: 'chat' },
  });
  addForeign(world, {
    model_name: 'box/a2:1b',
    litellm_params: { model: 'ollama_chat/a2:1b', api_base: server.baseUrl },
    model_info: {
      id: 'of-another-instance',
      mode: 'chat',
      litellm_updater: {
        v: 1,
        instance: '5a0e62f2-2f54-4c1c-9d30-0f9b5bb1d7c5',
        provider: uuid,
        model: 'a2:1b',
        generation: 0,
        hash: 'sha256:0',
      },
    },
  });
}
