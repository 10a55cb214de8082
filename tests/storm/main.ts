import { parseArgs } from 'node:util';
import { startMachines } from './machines.js';
import { shortestFailure } from './shrink.js';
import { walk, Wreck } from './walk.js';

const usage = `npm run storm -- [--steps 500] [--seed N] [--plain]

  --seed   the walk to take; without it, a new one
  --plain  kills neither worker processes nor Redis, as the short form in \`npm test\``;

const say = (line: string) => void process.stderr.write(`${line}\n`);
process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 64; // sysexits.h EX_USAGE
  const { steps, seed, plain } = options;
  const machines = plain ? undefined : await startMachines();
  say(`a storm of ${steps} steps, seed ${seed}`);
  try {
    const { writes, models } = await walk({ seed, steps, machines, say });
    process.stdout.write(
      `seed ${seed}: ${steps} steps, ${models} models, ${writes} writes, all of them explained\n`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof Wreck)) throw error;
    say(
      `\nseed ${seed} fails in step ${error.step}: ${error.message}\nlooking for the shortest prefix that fails`,
    );
    const shortest = await shortestFailure(error, say);
    process.stdout.write(
      `\nseed ${seed} fails with --steps ${shortest.step}: ${shortest.message}\n${shortest.log.join('\n')}\n`,
    );
    return 1;
  } finally {
    await machines?.stop();
  }
}

function readOptions(): { steps: number; seed: number; plain: boolean } | undefined {
  try {
    const flags = {
      steps: { type: 'string' },
      seed: { type: 'string' },
      plain: { type: 'boolean' },
    } as const;
    const { values } = parseArgs({ options: flags });
    const whole = (name: string, text: string) => {
      if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
      return Number(text);
    };
    return {
      steps: whole('steps', values.steps ?? '500'),
      seed: whole('seed', values.seed ?? String(Date.now() % 1_000_000)),
      plain: values.plain ?? false,
    };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return undefined;
  }
}
