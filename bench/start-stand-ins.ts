import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Failure } from './failure.js';
import type { WriteCostName } from './write-cost.js';

const readyLimitMs = 30_000;

export interface StandInsOptions {
  /** Half of them Ollama, half of them vLLM. */
  providers: number;
  /** Of each provider. */
  models: number;
  /** What a create takes at LiteLLM; nothing unless given. */
  writeCost?: WriteCostName;
  /** Rows of other people in the config file of `litellm`. */
  foreignRows?: number;
}

export interface StandIns {
  ollama: string[];
  openai: string[];
  litellm: string;
  /** A second one of the same kind, for the client that the product is compared with. Nothing is in it. */
  bareLitellm: string;
  litellmKey: string;
  stop(): Promise<void>;
}

export async function startStandIns(options: StandInsOptions): Promise<StandIns> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'bench/stand-ins-process.ts', JSON.stringify(options)],
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
