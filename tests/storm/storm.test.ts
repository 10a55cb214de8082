import { expect, test } from '@jest/globals';
import { walk, Wreck } from './walk.js';

// LiteLLM 1.81 with one replica, and 1.105 with two; at both the predecessor's rows are there first (`create-world.ts`).
test.each([4, 7])('a storm of 60 steps, seed %i', async (seed) => {
  try {
    const { writes, models } = await walk({ seed, steps: 60 });
    expect(writes).toBeGreaterThan(20);
    expect(models).toBeGreaterThan(15);
  } catch (error) {
    if (!(error instanceof Wreck)) throw error;
    throw new Error(
      `${error.message}\nIn step ${error.step}; again by: npm run storm -- --steps 60 --seed ${seed}\n${error.log.join('\n')}`,
      { cause: error },
    );
  }
});
