import type { Behaviour } from '../../sandbox/faults.js';
import type { Step } from './steps.js';
import { keyOf } from './keys.js';
import type { StormProvider } from './world.js';

const troubleOf = ({ server }: StormProvider) => `server ${server.letter}`;

const behaviours: Behaviour[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'html' },
  { kind: 'drop' },
  { kind: 'truncated' },
];

export const stepsAtProviders: Step[] = [
  {
    name: 'a model appears or returns',
    weight: 10,
    run(world, dice) {
      const provider = dice.pick(world.providers);
      const absent = provider.server.pool.filter((one) => !provider.server.serves.has(one));
      if (absent.length === 0) return 'all are there';
      const name = dice.pick(absent);
      provider.server.put(name, 4_096 + dice.number(3) * 1_024);
      world.ledger.change(keyOf(provider.uuid, name));
      return `${name} at ${provider.label}`;
    },
  },
  {
    name: 'a model vanishes',
    weight: 8,
    run(world, dice) {
      const provider = dice.pick(world.providers);
      const present = [...provider.server.serves.keys()];
      if (present.length === 0) return 'there is none';
      const name = dice.pick(present);
      provider.server.drop(name);
      world.ledger.change(keyOf(provider.uuid, name));
      return `${name} at ${provider.label}`;
    },
  },
  {
    name: 'a model changes',
    weight: 6,
    run(world, dice) {
      const provider = dice.pick(world.providers);
      const present = [...provider.server.serves.keys()];
      if (present.length === 0) return 'there is none';
      const name = dice.pick(present);
      const context = 4_096 + dice.number(6) * 1_024;
      provider.server.put(name, context);
      world.ledger.change(keyOf(provider.uuid, name));
      return `${name} at ${provider.label}: ${context} tokens`;
    },
  },
  {
    name: 'most models vanish',
    weight: 2,
    run(world, dice) {
      const provider = dice.pick(world.providers);
      const [, ...rest] = [...provider.server.serves.keys()];
      for (const name of rest) {
        provider.server.drop(name);
        world.ledger.change(keyOf(provider.uuid, name));
      }
      return `at ${provider.label}: ${rest.join(' ')}`;
    },
  },
  {
    name: 'many models appear',
    weight: 2,
    run(world, dice) {
      const provider = dice.pick(world.providers);
      const fresh = provider.server.pool.filter((name) => !provider.server.serves.has(name));
      for (const name of fresh) {
        provider.server.put(name, 8_192);
        world.ledger.change(keyOf(provider.uuid, name));
      }
      return `at ${provider.label}: ${fresh.join(' ')}`;
    },
  },
  {
    name: 'a provider fails',
    weight: 6,
    possible: (world) => world.providers.some((one) => !world.troubles.has(troubleOf(one))),
    async run(world, dice) {
      const provider = dice.pick(world.providers.filter((one) => !world.troubles.has(troubleOf(one))));
      const { faults, nothing } = provider.server;
      const choice = dice.number(behaviours.length + 2);
      const lasting = { steps: 1 + dice.number(4), trouble: troubleOf(provider) };
      const where = provider.label;
      if (choice === behaviours.length) {
        await provider.server.down();
        return { ...lasting, what: `${where} is down`, undo: () => provider.server.up() };
      }
      const behaviour = behaviours[choice];
      const path = behaviour === undefined || dice.chance(0.7) ? /tags|models$/ : /show|models$/;
      faults.add({
        path,
        behaviour: behaviour ?? { kind: 'status', status: 200, body: nothing },
      });
      const what = `${where} ${String(path)} ${JSON.stringify(behaviour ?? 'lists nothing')}`;
      return { ...lasting, what, undo: () => faults.clear() };
    },
  },
];
