import type { Dice } from './random.js';
import type { World } from './world.js';

/** One thing that may happen. What it does goes through the API, the stand-ins and the machines alone. */
export interface Step {
  name: string;
  weight: number;
  possible?: (world: World) => boolean;
  /** Returns what happened, in words. What lasts ends by itself a few steps later. */
  run(world: World, dice: Dice): Promise<string | Lasting> | string | Lasting;
}

/** Something that lasts for a while. */
export interface Lasting {
  what: string;
  steps: number;
  trouble: string;
  undo(): Promise<void> | void;
}
