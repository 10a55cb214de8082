import type { DbRow } from '../../sandbox/litellm/database.js';
import type { Behaviour } from '../../sandbox/faults.js';
import type { Dice } from './random.js';
import type { Step } from './steps.js';
import { keyOf, keyOfRow } from './watch.js';
import { addForeign, type World } from './world.js';

const behaviours: Behaviour[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 500, handled: true },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 503, handled: true },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'drop' },
  { kind: 'drop-after' },
  { kind: 'truncated' },
  { kind: 'html' },
  { kind: 'delay', ms: 60 },
];

const places = [/model/, /model\/(new|delete)|update$/, /info/];

const healthy = (world: World) => !world.troubles.has('litellm');

/** The newest row of one of our models; chosen by the model, as ids are others in each run. */
function ourRow(world: World, dice: Dice): { row: DbRow; key: string; label: string } | undefined {
  const rows = new Map(
    world.litellm.rows().map((row) => [keyOfRow(row.model_info, world.instance) ?? 'not ours', row]),
  );
  const ours = world.providers.flatMap(({ uuid, server }, index) =>
    server.pool.flatMap((name) => {
      const key = keyOf(uuid, name);
      const row = rows.get(key);
      return row === undefined ? [] : [{ row, key, label: `${name} of p${index}` }];
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

export const stepsAtLitellm: Step[] = [
  {
    name: 'LiteLLM fails',
    weight: 8,
    possible: healthy,
    run(world, dice) {
      const { litellm } = world;
      const behaviour = dice.pick(behaviours);
      const path = dice.pick(places);
      const once = dice.chance(0.4);
      litellm.faults.add({ path, behaviour, ...(once && { times: 1 + dice.number(2) }) });
      return {
        what: `${once ? 'for a call or two, ' : ''}${String(path)} ${JSON.stringify(behaviour)}`,
        steps: 1 + dice.number(3),
        trouble: 'litellm',
        undo: () => litellm.faults.clear(),
      };
    },
  },
  {
    name: 'LiteLLM is down',
    weight: 2,
    possible: healthy,
    async run({ litellm }, dice) {
      await litellm.down();
      return { what: '', steps: 1 + dice.number(4), trouble: 'litellm', undo: () => litellm.up() };
    },
  },
  {
    name: 'LiteLLM lists nothing',
    weight: 3,
    possible: healthy,
    run({ litellm }, dice) {
      litellm.emptyListings = true;
      const undo = () => void (litellm.emptyListings = false);
      return { what: '', steps: 1 + dice.number(4), trouble: 'litellm', undo };
    },
  },
  {
    name: "LiteLLM's database is away",
    weight: 2,
    possible: healthy,
    run({ litellm }, dice) {
      litellm.databaseDown = true;
      const undo = () => void (litellm.databaseDown = false);
      return { what: '', steps: 1 + dice.number(3), trouble: 'litellm', undo };
    },
  },
  {
    name: 'LiteLLM restarts',
    weight: 2,
    possible: healthy,
    async run(world, dice) {
      const withoutDatabase = dice.chance(0.5);
      await world.watch.excuse(() => {
        world.litellm.databaseDown = withoutDatabase;
        world.litellm.restart();
      });
      if (!withoutDatabase) return '';
      return {
        what: 'and does not reach its database',
        steps: 1 + dice.number(3),
        trouble: 'litellm',
        undo: () => void (world.litellm.databaseDown = false),
      };
    },
  },
  {
    name: 'somebody edits a row of ours',
    weight: 5,
    possible: healthy,
    async run(world, dice) {
      const chosen = ourRow(world, dice);
      if (chosen === undefined) return 'there is none';
      const { row, key, label } = chosen;
      const withoutMarker = { model_info: { id: row.model_id, litellm_updater: {} } };
      const body = dice.pick<Record<string, Record<string, unknown> | string>>([
        { litellm_params: { added_by_somebody: 7 } },
        { litellm_params: { api_base: 'http://elsewhere.invalid/v1' } },
        { model_info: { id: row.model_id, mode: 'completion' } },
        { model_name: 'by-somebody' },
        withoutMarker,
      ]);
      // Without its marker the row is lost to the watch, which must happen within the excuse.
      const readFails = body !== withoutMarker && dice.chance(0.3);
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
    possible: healthy,
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
