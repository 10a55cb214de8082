import type { Behaviour } from '../../sandbox/faults.js';
import type { Step } from './steps.js';
import { isWell } from './world.js';

const behaviours: Behaviour[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 500, handled: true },
  { kind: 'status', status: 401 },
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

export const stepsAtLitellm: Step[] = [
  {
    name: 'LiteLLM fails',
    weight: 8,
    possible: isWell,
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
    possible: isWell,
    async run({ litellm }, dice) {
      await litellm.down();
      return { what: '', steps: 1 + dice.number(4), trouble: 'litellm', undo: () => litellm.up() };
    },
  },
  {
    name: 'LiteLLM lists nothing',
    weight: 3,
    possible: isWell,
    run({ litellm, ledger }, dice) {
      const endBlind = ledger.beginBlind();
      litellm.emptyListings = true;
      const undo = () => {
        litellm.emptyListings = false;
        endBlind();
      };
      return { what: '', steps: 1 + dice.number(4), trouble: 'litellm', undo };
    },
  },
  {
    name: "LiteLLM's database is away",
    weight: 2,
    possible: isWell,
    run({ litellm }, dice) {
      litellm.databaseDown = true;
      const undo = () => void (litellm.databaseDown = false);
      return { what: '', steps: 1 + dice.number(3), trouble: 'litellm', undo };
    },
  },
  {
    name: 'LiteLLM restarts',
    weight: 2,
    possible: isWell,
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
    name: "LiteLLM's salt key is wrong",
    weight: 2,
    possible: isWell,
    async run(world, dice) {
      const { litellm, ledger } = world;
      const restarts = dice.chance(0.4);
      const endBlind = ledger.beginBlind();
      await world.watch.excuse(() => {
        litellm.wrongSaltKey = true;
        if (restarts) litellm.restart();
      });
      return {
        what: restarts ? 'and it restarts' : '',
        steps: 1 + dice.number(4),
        trouble: 'litellm',
        undo() {
          litellm.wrongSaltKey = false;
          litellm.poll();
          endBlind();
        },
      };
    },
  },
];
