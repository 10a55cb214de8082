import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Failure } from './failure.js';

const readyLimitMs = 30_000;

export interface StandIns {
  ollama: string[];
  openai: string[];
  litellm: string;
  /** A second one of the same kind, for the client that the product is compared with. */
  bareLitellm: string;
  litellmKey: string;
  stop(): Promise<void>;
}

export async function startStandIns(size: { providers: number; models: number }): Promise<StandIns> {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', 'bench/stand-ins-process.ts'],
      ...['--providers', String(size.providers), '--models', String(size.models)],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL'); // it keeps nothing
    await exited;
  };
  const lines = createInterface({ input: child.stdout });
  const firstLine = once(lines, 'line', { signal: AbortSignal.timeout(readyLimitMs) }).catch(() => []);
  const [line] = (await Promise.race([firstLine, exited.then(() => [])])) as [string?];
  if (line === undefined) {
    await stop();
    throw new Failure('the stand-ins did not start');
  }
  return { ...(JSON.parse(line) as Omit<StandIns, 'stop'>), stop };
}
