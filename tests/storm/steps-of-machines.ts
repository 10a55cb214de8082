import { until } from '../support/until.js';
import type { Step } from './steps.js';
import { callForward, workLeft } from './work.js';
import { ask, canSettle, passTime, settle, works } from './world.js';

/** Long enough for a verification to be given up; work that is held lasts longer than any step. */
const mostWorkMs = 1_000;

export const stepsOfMachines: Step[] = [
  {
    name: 'sync one provider',
    weight: 14,
    async run(world, dice) {
      const provider = dice.pick(world.providers);
      const waits = dice.chance(0.4);
      const { body } = await ask(world, 'POST', `/api/providers/${provider.id}/sync`);
      if (waits && canSettle(world)) await settle(world);
      return `${provider.label}, run ${body.id}`;
    },
  },
  {
    name: 'sync all',
    weight: 6,
    async run(world, dice) {
      const waits = dice.chance(0.4);
      await ask(world, 'POST', '/api/sync');
      if (waits && canSettle(world)) await settle(world);
      return waits ? 'and wait' : '';
    },
  },
  {
    name: 'reconcile',
    weight: 8,
    async run(world, dice) {
      const waits = dice.chance(0.4);
      const { body } = await ask(world, 'POST', '/api/reconcile');
      if (waits && canSettle(world)) await settle(world);
      return `run ${body.id}`;
    },
  },
  {
    name: 'all is quiet',
    weight: 6,
    possible: canSettle,
    async run(world) {
      await settle(world);
      return '';
    },
  },
  {
    name: 'the product works on',
    weight: 10,
    possible: works,
    // Whatever is broken: so that faults meet work, and delayed attempts are made before they end.
    async run({ product }, dice) {
      const hurries = dice.chance(0.6);
      if (hurries) await callForward(product);
      const patience = Date.now() + mostWorkMs;
      await until(
        'the end of the work',
        async () => (await workLeft(product)) === 0 || Date.now() > patience,
      );
      return hurries ? 'and in a hurry' : '';
    },
  },
  {
    name: 'time passes',
    weight: 5,
    run(world, dice) {
      const seconds = dice.pick([2, 60, 700]);
      passTime(world, seconds * 1_000);
      return `${seconds} s`;
    },
  },
  {
    name: 'the worker restarts',
    weight: 3,
    possible: works,
    async run({ product }) {
      await product.stopWorker();
      await product.startWorker();
      return '';
    },
  },
  {
    name: 'the worker is away',
    weight: 2,
    possible: works,
    async run({ product }, dice) {
      await product.stopWorker();
      return { what: '', steps: 1 + dice.number(4), trouble: 'worker', undo: () => product.startWorker() };
    },
  },
  {
    name: 'a worker process is killed',
    weight: 1.5,
    possible: (world) => world.machines !== undefined && works(world),
    async run(world, dice) {
      const { product, machines } = world;
      if (machines === undefined) return '';
      await product.stopWorker();
      const process = await machines.startWorker(product.dataDir, product.prefix);
      const after = 1 + dice.number(4);
      const enough = world.litellm.writes.length + after;
      await ask(world, 'POST', '/api/sync');
      const patience = Date.now() + 1_500;
      await until('some writes', () => world.litellm.writes.length >= enough || Date.now() > patience);
      await process.kill();
      await product.startWorker();
      return `at its write ${after}`;
    },
  },
  {
    name: 'Redis is killed',
    weight: 1.5,
    possible: (world) => world.machines !== undefined && works(world),
    async run({ machines, product }, dice) {
      await machines?.killRedis();
      return {
        what: '',
        steps: 1 + dice.number(3),
        trouble: 'redis',
        async undo() {
          await machines?.startRedis();
          await until('Redis to answer', () =>
            product.services.enqueue.fate('push-model', 'none').then(
              () => true,
              () => false,
            ),
          );
        },
      };
    },
  },
];
