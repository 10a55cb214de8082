import type { Step } from './steps.js';
import { Violation } from './violation.js';
import {
  addProvider,
  ask,
  canSettle,
  changeAll,
  graces,
  providerViews,
  settle,
  type StormProvider,
  type World,
} from './world.js';

const fewest = 2;

export const stepsOfComingAndGoing: Step[] = [
  {
    name: 'delete a provider',
    weight: 1,
    possible: (world) => world.providers.length > fewest,
    async run(world, dice) {
      const provider = dice.pick(world.providers);
      const watches = dice.chance(0.5);
      changeAll(world, provider);
      world.left.add(provider.uuid);
      const { status } = await ask(world, 'DELETE', `/api/providers/${provider.id}`);
      if (status !== 202 && (await providerViews(world)).get(provider.id)?.deleting_at === null) {
        world.left.delete(provider.uuid);
        return `${provider.label} ${provider.name}: refused with ${status}`;
      }
      world.providers.splice(world.providers.indexOf(provider), 1);
      world.idle.push({ server: provider.server, name: provider.name });
      if (!watches || !canSettle(world)) return `${provider.label} ${provider.name}`;
      await settle(world);
      await isGone(world, provider);
      return `${provider.label} ${provider.name}, and see it gone`;
    },
  },
  {
    name: 'add a provider',
    weight: 2,
    possible: (world) => world.idle.length > 0 && canSettle(world),
    async run(world, dice) {
      const back = dice.pick(world.idle);
      const hasty = dice.chance(0.3);
      const fields = { ...dice.pick(graces), prefix: dice.pick([null, 'box', 'loft']) };
      if (!hasty) await settle(world);
      let added = await addProvider(world, back.server, back.name, fields);
      // Its predecessor of the same name is being deleted still, or its deletion failed and waits for a reconcile.
      if (added === undefined) {
        await ask(world, 'POST', '/api/reconcile');
        await settle(world);
        added = await addProvider(world, back.server, back.name, fields);
      }
      if (added === undefined) throw new Violation(`the deleted provider "${back.name}" never goes`);
      world.idle.splice(world.idle.indexOf(back), 1);
      return `${added.label} ${back.name}${hasty ? ', in haste' : ''}`;
    },
  },
];

/** All that was wrong is over and nothing is left to do: the provider is gone, and with it all its rows. */
async function isGone(world: World, { id, uuid, name }: StormProvider): Promise<void> {
  if ((await providerViews(world)).has(id))
    throw new Violation(`the deleted provider "${name}" is still there`);
  const left = world.litellm.rows().filter((row) => world.keys.of(row.model_id)?.startsWith(`${uuid}/`));
  if (left.length > 0)
    throw new Violation(
      `the deleted provider "${name}" left behind ${left.map((row) => row.model_id).join(', ')}`,
    );
}
