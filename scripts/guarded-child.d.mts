import type { Readable } from 'node:stream';

export interface GuardedChild {
  /** Of the shell that guards the child. */
  pid: number;
  exited: Promise<number>;
  /** With `output: 'pipe'`; stderr alone with `errors: 'pipe'`. */
  stdout: Readable | null;
  stderr: Readable | null;
  stop: (graceMs: number) => Promise<number>;
}

export function spawnGuarded(
  command: string[],
  options?: {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    output?: 'inherit' | 'pipe' | number;
    errors?: 'inherit' | 'pipe' | number;
  },
): GuardedChild;
