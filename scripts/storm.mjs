import { spawnGuarded } from './guarded-child.mjs';
import { withoutProductVariables } from './product-variables.mjs';
import { projectRoot } from './project-root.mjs';
import { setUp } from './set-up.mjs';
import { stopRequested } from './stop-signals.mjs';
import { runMain } from './terminal.mjs';

const stopGraceMs = 5_000; // its worker and its Redis end with it

/** The long form of the storm test; it starts, kills and restarts a Redis and workers of its own. */
async function storm() {
  await setUp({ build: true, redis: true });
  const stop = stopRequested();
  const child = spawnGuarded(
    [process.execPath, '--import', 'tsx', 'tests/storm/main.ts', ...process.argv.slice(2)],
    { cwd: projectRoot, env: { ...withoutProductVariables(), NODE_ENV: 'test' } },
  );
  const stopped = stop.then(() => child.stop(stopGraceMs));
  process.exitCode = await Promise.race([child.exited, stopped]);
}

await runMain(storm);
process.exit();
