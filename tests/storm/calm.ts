import { isDeepStrictEqual } from 'node:util';
import type { Row, Run } from '../support/product.js';
import { keyOf } from './keys.js';
import { faultsOfAdoptedRow, faultsOfRow, wish } from './oracle.js';
import { Dice } from './random.js';
import { chatWithAll, meddle } from './steps-of-others.js';
import { Violation } from './violation.js';
import { ask, heldRuns, passTime, providerViews, settle, type World } from './world.js';

/** The most that any provider's grace asks for. */
const graceMs = 700_000;
const graceMisses = 2;

/** After the faults: the providers are read until no grace is left, then one reconcile must bring LiteLLM in step. */
export async function calm(world: World): Promise<void> {
  const { litellm } = world;
  await settle(world);
  for (let round = 0; round <= graceMisses; round += 1) {
    passTime(world, graceMs);
    for (const provider of world.providers) await sync(world, provider.id);
  }
  passTime(world, graceMs);
  await meddle(world, new Dice(world.seed));
  const run = await runOf(world, '/api/reconcile');
  if (run.state !== 'done') throw new Violation(`the last reconcile is ${run.state}: ${run.reason}`);
  await rowsAreWanted(world);

  const before = litellm.writes.length;
  await chatWithAll(world);
  passTime(world, graceMs);
  for (const { id } of world.providers) await runOf(world, `/api/providers/${id}/sync`);
  await runOf(world, '/api/reconcile');
  const written = litellm.writes.slice(before).map(({ method, id }) => `${method} ${id}`);
  if (written.length > 0) throw new Violation(`all was in step, and yet: ${written.join(', ')}`);
}

async function runOf(world: World, path: string): Promise<Run> {
  const { body } = await ask(world, 'POST', path);
  await settle(world);
  return world.product.run(body.id);
}

async function sync(world: World, providerId: number): Promise<void> {
  const run = await runOf(world, `/api/providers/${providerId}/sync`);
  // Superseded: the same models are missing as in a run that is held already.
  if (!['done', 'held', 'superseded'].includes(run.state))
    throw new Violation(`a sync of a good provider is ${run.state}: ${run.reason}`);
  for (const held of await heldRuns(world)) {
    if (held.provider_id === providerId) await ask(world, 'POST', `/api/runs/${held.id}/accept`);
  }
  await settle(world);
}

async function rowsAreWanted(world: World): Promise<void> {
  const { product, litellm, keys, instance, providers, traits } = world;
  // What one replica wrote, the others have at their poll.
  litellm.poll();
  const faults: string[] = [];
  const rows = new Map(litellm.rows().map((row) => [row.model_id, row]));
  for (const id of world.foreign.keys()) rows.delete(id);
  const replicas = Array.from(
    { length: traits.replicas },
    (_none, replica) => new Set(litellm.served(replica).map((row) => row.model_info['id'])),
  );
  const settings: Row = (await product.call('GET', '/api/settings')).body;
  const views = await providerViews(world);
  if (views.size !== providers.length) faults.push(`${views.size} providers, not ${providers.length}`);
  for (const { id, uuid, server, apiKey } of providers) {
    const provider = views.get(id);
    const models = await product.models(`&provider_id=${id}`);
    faults.push(...faultsOfCatalogue(provider, models, server.serves));
    for (const model of models) {
      const key = keyOf(uuid, model.model_id);
      const own = [...rows.values()].filter((row) => keys.of(row.model_id) === key);
      for (const row of own) rows.delete(row.model_id);
      const wanted = wish(model, provider, product.services.now().getTime());
      // An orphan that is kept stays as it was when it went: there or not.
      if (wanted === 'either' && provider.orphan_policy === 'keep' && own.length <= 1) continue;
      const count = wanted === 'present' ? 1 : 0;
      if (own.length !== count) faults.push(`${key} has ${own.length} rows, not ${count}`);
      const [row] = own;
      if (row === undefined || count === 0) continue;
      if (replicas.some((served) => !served.has(row.model_id))) faults.push(`${key} is not served`);
      const detail: Row = (await product.call('GET', `/api/models/db/${model.id}`)).body;
      const standing = { detail, provider, apiKey, settings, instance };
      const faultsOf = keys.isAdopted(row.model_id) ? faultsOfAdoptedRow : faultsOfRow;
      faults.push(...faultsOf(row, standing).map((fault) => `${key}: ${fault}`));
    }
  }
  for (const row of rows.values()) faults.push(`nothing stands for ${JSON.stringify(row)}`);
  if (faults.length > 0) throw new Violation(`LiteLLM is not as wanted: ${faults.join('; ')}`);
}

/** What the API says of a provider's models, against the stand-in itself. */
function faultsOfCatalogue(provider: Row, models: Row[], serves: Map<string, number>): string[] {
  const excluded = ((provider.model_filter_exclude ?? '') as string).split(',').filter((term) => term !== '');
  const wanted = [...serves].filter(([name]) => !excluded.some((term) => name.includes(term)));
  const seen = models.filter((model) => !model.is_orphaned);
  const sorted = (entries: [string, number][]) => entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const told = sorted(seen.map((model) => [model.model_id, model.context_window]));
  if (isDeepStrictEqual(told, sorted(wanted))) return [];
  return [`${provider.name} serves ${JSON.stringify(wanted)}, the API tells ${JSON.stringify(told)}`];
}
