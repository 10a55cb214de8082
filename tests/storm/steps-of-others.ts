import type { DbRow } from '../../sandbox/litellm/database.js';
import { keyOf } from './keys.js';
import type { Dice } from './random.js';
import type { Step } from './steps.js';
import { addForeign, isWell, type World } from './world.js';

/** The newest row of one of our models; chosen by the model, as ids are others in each run. */
function ourRow(world: World, dice: Dice): { row: DbRow; key: string; label: string } | undefined {
  const rows = new Map(world.litellm.rows().map((row) => [world.keys.of(row.model_id) ?? 'not ours', row]));
  const ours = world.providers.flatMap(({ uuid, server, label }) =>
    server.pool.flatMap((name) => {
      const key = keyOf(uuid, name);
      const row = rows.get(key);
      return row === undefined ? [] : [{ row, key, label: `${name} of ${label}` }];
    }),
  );
  return ours.length === 0 ? undefined : dice.pick(ours);
}

/** Somebody who writes to LiteLLM by its own API. */
async function patchByHand(world: World, id: string, body: unknown): Promise<void> {
  world.ledger.foreign('PATCH /model/:id/update', id);
  await fetch(`${world.litellm.url}/model/${id}/update`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${world.litellm.masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  // Other replicas of an old LiteLLM would never learn of a new name or of what describes the model.
  if (world.traits.isOld && world.traits.replicas > 1) world.litellm.restart();
}

/** The rows of a priced model show more once it answered a chat, on the replica that it reached. */
async function chat(world: World, model: string, replica?: number): Promise<void> {
  await fetch(`${world.litellm.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.litellm.masterKey}`,
      'content-type': 'application/json',
      ...(replica !== undefined && { 'x-sandbox-replica': String(replica) }),
    },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  });
}

/** Every row of ours grows, wherever it can. */
export async function chatWithAll(world: World): Promise<void> {
  for (const { model_id: id, model_name: name } of world.litellm.rows()) {
    if (world.keys.of(id) === undefined) continue;
    for (let replica = 0; replica < world.traits.replicas; replica += 1) await chat(world, name, replica);
  }
}

/** The last reconcile of a storm shall have something to mend: one row is edited, and one is gone. */
export async function meddle(world: World, dice: Dice): Promise<void> {
  const edited = ourRow(world, dice);
  if (edited === undefined) return;
  world.ledger.change(edited.key);
  await world.watch.excuse(() =>
    patchByHand(world, edited.row.model_id, { litellm_params: { api_base: 'http://elsewhere.invalid/v1' } }),
  );
  const gone = ourRow(world, dice);
  if (gone === undefined) return;
  world.ledger.change(gone.key);
  await world.watch.excuse(() => {
    world.litellm.unseed(gone.row.model_id);
    world.litellm.poll();
  });
}

/** What people and programs do at LiteLLM itself. */
export const stepsOfOthers: Step[] = [
  {
    name: 'somebody chats',
    weight: 4,
    possible: isWell,
    async run(world, dice) {
      const chosen = ourRow(world, dice);
      if (chosen === undefined) return 'there is none';
      await chat(world, chosen.row.model_name);
      return chosen.label;
    },
  },
  {
    name: 'somebody edits a row of ours',
    weight: 5,
    possible: isWell,
    async run(world, dice) {
      const chosen = ourRow(world, dice);
      if (chosen === undefined) return 'there is none';
      const { row, key, label } = chosen;
      const body = dice.pick<Record<string, Record<string, unknown> | string>>([
        { litellm_params: { added_by_somebody: 7 } },
        { litellm_params: { api_base: 'http://elsewhere.invalid/v1' } },
        { model_info: { id: row.model_id, mode: 'completion' } },
        { model_name: 'by-somebody' },
        { model_info: { id: row.model_id, litellm_updater: {} } },
      ]);
      const readFails = dice.chance(0.3);
      world.ledger.change(key);
      // Not every LiteLLM serves on during a PATCH, and this one is not ours.
      await world.watch.excuse(async () => {
        world.litellm.failNextReadInPatch = readFails;
        await patchByHand(world, row.model_id, body);
      });
      return `${label} ${JSON.stringify(body)}${readFails ? '; the read in it fails' : ''}`;
    },
  },
  {
    name: 'somebody deletes a row of ours',
    weight: 3,
    possible: isWell,
    async run(world, dice) {
      const chosen = ourRow(world, dice);
      if (chosen === undefined) return 'there is none';
      const { row, key, label } = chosen;
      world.ledger.change(key);
      await world.watch.excuse(() => {
        world.litellm.unseed(row.model_id);
        world.litellm.poll();
      });
      return label;
    },
  },
  {
    name: 'somebody adds a row',
    weight: 2,
    run(world, dice) {
      const { server } = dice.pick(world.providers);
      const name = dice.pick(server.pool);
      addForeign(world, {
        model_name: name,
        litellm_params: { model: `openai/${name}`, api_base: server.baseUrl, tags: ['lupdater', 'mine'] },
        model_info: { id: `by-somebody-${world.foreign.size}` },
      });
      return name;
    },
  },
];
