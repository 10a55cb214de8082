import { readFileSync } from 'node:fs';

/** Linux counts in these, whatever the kernel's own tick is. */
const ticksPerSecond = 100;

/** Milliseconds of a processor that the process has used so far; undefined where there is no /proc. */
export function processorMsOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    // The name before the last bracket may hold anything; user and system time are the 12th and 13th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
  } catch {
    return undefined;
  }
}
