import { seededRandom } from '../../sandbox/random.js';

/** The only source of chance in a storm: the same seed and number of a step make the same choices. */
export class Dice {
  private readonly random: () => number;

  constructor(seed: number, step = 0) {
    this.random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));
    this.random();
  }

  /** 0 … below - 1 */
  number(below: number): number {
    return Math.floor(this.random() * below);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(things: readonly T[]): T {
    const thing = things[this.number(things.length)];
    if (thing === undefined) throw new Error('there is nothing to pick from');
    return thing;
  }

  weighted<T extends { weight: number }>(things: readonly T[]): T {
    let rest = this.random() * things.reduce((sum, { weight }) => sum + weight, 0);
    for (const thing of things) {
      rest -= thing.weight;
      if (rest < 0) return thing;
    }
    return this.pick(things);
  }
}
