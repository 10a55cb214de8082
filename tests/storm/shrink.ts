import { walk, Wreck } from './walk.js';

/** The shortest prefix of a walk that fails, as far as halving finds it: what hangs on time may pass at a second try. */
export async function shortestFailure(found: Wreck, say: (line: string) => void): Promise<Wreck> {
  let shortest = found;
  let good = -1;
  while (shortest.step - good > 1) {
    const steps = Math.floor((good + shortest.step) / 2);
    const wreck = await tried({ ...found.walk, steps, say: undefined });
    say(`the first ${steps} steps ${wreck === undefined ? 'are fine' : `fail: ${wreck.message}`}`);
    if (wreck === undefined) good = steps;
    else shortest = wreck;
  }
  return shortest;
}

async function tried(options: Wreck['walk']): Promise<Wreck | undefined> {
  try {
    await walk(options);
    return undefined;
  } catch (error) {
    if (error instanceof Wreck) return error;
    throw error;
  }
}
