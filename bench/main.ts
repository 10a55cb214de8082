import { parseArgs } from 'node:util';
import { Failure } from './failure.js';
import { measureSection } from './measure-section.js';
import { isMet, table, type Figure } from './report.js';
import type { Section } from './section.js';
import { sections } from './sections.js';

const names = sections.map(({ name }) => name);

const usage = `npm run bench -- [--quick] [--json] [--only <section>]...

  --quick  small sizes, for a look: too small to judge by
  --json   the figures as JSON, on the last line of standard output
  --only   one section: ${names.join(', ')}`;

interface Options {
  quick: boolean;
  json: boolean;
  chosen: Section[];
}

const stop = new AbortController();
const interrupted = new Failure('stopped');
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stop.abort(interrupted));
}
process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 64; // sysexits.h EX_USAGE
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1_000)}`.padStart(4);
  const say = (text: string) => void process.stderr.write(`${seconds()} s  ${text}\n`);
  try {
    const figures = await measureAll(options, say);
    say('done');
    process.stdout.write(options.json ? `${asJson(options, figures)}\n` : `\n${asTable(figures)}\n`);
    return 0;
  } catch (error) {
    const failure: unknown = stop.signal.aborted ? stop.signal.reason : error;
    if (!(failure instanceof Failure)) throw failure;
    process.stderr.write(`\n${failure.message}\n`);
    return 1;
  }
}

function readOptions(): Options | undefined {
  try {
    const flags = {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string', multiple: true },
    } as const;
    const { quick = false, json = false, only = names } = parseArgs({ options: flags }).values;
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`There is no section "${unknown}".`);
    return { quick, json, chosen: sections.filter(({ name }) => only.includes(name)) };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return undefined;
  }
}

async function measureAll({ quick, chosen }: Options, say: (text: string) => void): Promise<Figure[]> {
  const redisUrl = process.env['REDIS_URL'];
  if (redisUrl === undefined) throw new Failure('REDIS_URL is not set: start it with `npm run bench`');
  const figures: Figure[] = [];
  for (const section of chosen)
    figures.push(...(await measureSection(section, { quick, redisUrl, say, stop, interrupted })));
  return figures;
}

function asTable(figures: Figure[]): string {
  const missed = figures.filter((figure) => isMet(figure) === false).length;
  const aims = figures.filter((figure) => isMet(figure) !== undefined).length;
  return `${table('LiteLLM Updater benchmark', figures)}\n\n${aims - missed} of ${aims} aims met`;
}

function asJson({ quick, chosen }: Options, figures: Figure[]): string {
  return JSON.stringify({
    quick,
    sections: chosen.map(({ name }) => name),
    figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })),
  });
}
