import { calm } from './calm.js';
import { createWorld } from './create-world.js';
import { Invariants } from './invariants.js';
import { Dice } from './random.js';
import { stepsAtLitellm } from './steps-at-litellm.js';
import { stepsAtProviders } from './steps-at-providers.js';
import type { Lasting } from './steps.js';
import { stepsOfComingAndGoing } from './steps-of-coming-and-going.js';
import { stepsOfMachines } from './steps-of-machines.js';
import { stepsOfOthers } from './steps-of-others.js';
import { stepsOfPeople } from './steps-of-people.js';
import { stepsOfSettings } from './steps-of-settings.js';
import type { Machines, World } from './world.js';

const allSteps = [
  ...stepsAtProviders,
  ...stepsOfPeople,
  ...stepsOfComingAndGoing,
  ...stepsOfSettings,
  ...stepsAtLitellm,
  ...stepsOfOthers,
  ...stepsOfMachines,
];

export interface Walk {
  seed: number;
  steps: number;
  machines?: Machines | undefined;
  say?: ((line: string) => void) | undefined;
}

export interface Weathered {
  /** How many writes reached LiteLLM, each explained by a change. */
  writes: number;
  models: number;
}

/** A storm that did not end well. `step` is the number of steps done, all of them when it is the calm that fails. */
export class Wreck extends Error {
  override name = 'Wreck';
  constructor(
    readonly walk: Walk,
    readonly step: number,
    readonly log: string[],
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The whole walk, a calm at its end. Throws a `Wreck`. */
export async function walk(options: Walk): Promise<Weathered> {
  const world = await createWorld(options.seed, options.machines);
  const log: string[] = [];
  const note = (line: string) => {
    log.push(line);
    options.say?.(line);
  };
  let step = 0;
  try {
    const invariants = new Invariants(world);
    const lasting: (Lasting & { until: number })[] = [];
    const end = async (over: (one: { until: number }) => boolean) => {
      for (const one of lasting.filter(over)) {
        await one.undo();
        world.troubles.delete(one.trouble);
        lasting.splice(lasting.indexOf(one), 1);
        note(`     over: ${one.trouble}`);
      }
    };
    for (step = 1; step <= options.steps; step += 1) {
      await end((one) => one.until <= step);
      const result = await take(world, step, note);
      if (typeof result !== 'string') {
        world.troubles.add(result.trouble);
        lasting.push({ ...result, until: step + result.steps });
      }
      await invariants.check();
    }
    await end(() => true);
    note('calm');
    await calm(world);
    await invariants.check();
    return { writes: world.ledger.total, models: (await world.product.models()).length };
  } catch (error) {
    throw new Wreck(options, Math.min(step, options.steps), log, error);
  } finally {
    await world.close();
  }
}

async function take(world: World, step: number, note: (line: string) => void): Promise<string | Lasting> {
  const dice = new Dice(world.seed, step);
  const chosen = dice.weighted(allSteps.filter(({ possible }) => possible?.(world) ?? true));
  const since = Date.now();
  const result = await chosen.run(world, dice);
  const what = typeof result === 'string' ? result : `${result.what} for ${result.steps} steps`;
  note(`${String(step).padStart(4)} ${chosen.name}: ${what} (${Date.now() - since} ms)`);
  return result;
}
