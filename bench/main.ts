import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from './failure.js';
import { measure, type Size } from './measure.js';
import { isMet, table, type Figure } from './report.js';
import { startProduct } from './start-product.js';
import { startStandIns } from './start-stand-ins.js';

const usage = `npm run bench -- [--quick] [--json]

  --quick  4 providers with 10 models each instead of 20 with 50
  --json   the figures as JSON, on the last line of standard output`;

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
    const figures = await bench(options.size, say);
    say('done');
    process.stdout.write(options.json ? `${asJson(options.size, figures)}\n` : `\n${asTable(figures)}\n`);
    return 0;
  } catch (error) {
    const failure: unknown = stop.signal.aborted ? stop.signal.reason : error;
    if (!(failure instanceof Failure)) throw failure;
    process.stderr.write(`\n${failure.message}\n`);
    return 1;
  }
}

function readOptions(): { size: Size; json: boolean } | undefined {
  try {
    const flags = { quick: { type: 'boolean' }, json: { type: 'boolean' } } as const;
    const { quick, json = false } = parseArgs({ options: flags }).values;
    return { size: quick ? { providers: 4, models: 10 } : { providers: 20, models: 50 }, json };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    return undefined;
  }
}

/** Whatever happens, what was started is stopped and the folder goes. */
async function bench(size: Size, say: (text: string) => void): Promise<Figure[]> {
  const redisUrl = process.env['REDIS_URL'];
  if (redisUrl === undefined) throw new Failure('REDIS_URL is not set: start it with `npm run bench`');
  const { signal } = stop;
  const folder = mkdtempSync(join(tmpdir(), 'litellm-updater-bench-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    say('starting stand-ins, api and worker');
    const standIns = await startStandIns(size);
    closers.push(() => standIns.stop());
    signal.throwIfAborted();
    const product = await startProduct(
      { folder, redisUrl, standIns },
      { signal, onEnd: (failure) => stop.abort(failure) },
    );
    closers.push(() => product.stop());
    try {
      return await measure({ size, product, standIns, redisUrl, say, signal });
    } catch (error) {
      if (signal.reason !== interrupted)
        process.stderr.write(`\nThe last lines that api and worker logged:\n${product.logTail()}\n`);
      throw error;
    }
  } finally {
    for (const close of closers.reverse()) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function asTable(figures: Figure[]): string {
  const missed = figures.filter((figure) => isMet(figure) === false).length;
  const aims = figures.filter((figure) => isMet(figure) !== undefined).length;
  return `${table('LiteLLM Updater benchmark', figures)}\n\n${aims - missed} of ${aims} aims met`;
}

function asJson(size: Size, figures: Figure[]): string {
  return JSON.stringify({ size, figures: figures.map((figure) => ({ ...figure, met: isMet(figure) })) });
}
