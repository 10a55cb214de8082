import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import type { Bench } from '../section.js';
import type { Comparison } from './alternate.js';

const logTailBytes = 4_000;

/** What a floor is measured with, in its own process. */
export interface FloorOptions {
  floor: 'pipeline' | 'upsert' | 'details';
  rounds: number;
  /** Jobs, models or details in each round. */
  count: number;
  redisUrl: string;
  folder: string;
  /** For `details`. */
  ollamaUrl?: string;
}

/** Comparisons by the name of what was compared. */
export type Comparisons = Record<string, Comparison>;

/** Product and floor in one process that runs under the worker's own flags for Node.js; its log goes to a file, as there. */
export async function inWorkerProcess(
  bench: Bench,
  options: Omit<FloorOptions, 'redisUrl' | 'folder'>,
): Promise<Comparisons> {
  const { folder, redisUrl, signal } = bench;
  const commands = JSON.parse(readFileSync('scripts/commands.json', 'utf8')) as { worker: string[] };
  const flags = commands.worker.filter((word) => word.startsWith('--'));
  const logPath = join(folder, 'output.log');
  const output = openSync(logPath, 'a', 0o600);
  const child = fork('bench/floors-process.ts', [JSON.stringify({ ...options, folder, redisUrl })], {
    execArgv: [...flags, '--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', output, output, 'ipc'],
  });
  const kill = () => child.kill('SIGKILL'); // it keeps nothing
  signal.addEventListener('abort', kill);
  const exited = once(child, 'exit');
  try {
    const answered = once(child, 'message').then(([message]) => message as Comparisons);
    const result = await Promise.race([answered, exited.then(() => undefined)]);
    signal.throwIfAborted();
    if (result === undefined)
      throw new Failure(
        `the ${options.floor} process failed:\n${readFileSync(logPath, 'utf8').slice(-logTailBytes)}`,
      );
    return result;
  } finally {
    kill();
    await exited;
    signal.removeEventListener('abort', kill);
    closeSync(output);
  }
}
