import { readFileSync, readlinkSync } from 'node:fs';
import type { Figure } from './report.js';

/** In MB of 1,024 KB, of the process alone; undefined where there is no /proc. */
export interface Memory {
  resident: number;
  peak: number;
}

export function memoryOf(pid: number | undefined): Memory | undefined {
  if (pid === undefined) return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
    return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') };
  } catch {
    return undefined;
  }
}

/** The Node.js below the shell that guards it. */
export function nodeBelow(shellPid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${shellPid}/task/${shellPid}/children`, 'utf8')
      .split(' ')
      .map(Number);
    return children.find((pid) => pid > 0 && readlinkSync(`/proc/${pid}/exe`) === process.execPath);
  } catch {
    return undefined;
  }
}

export type MemoryOfParts = Record<'api' | 'worker', Memory | undefined>;

/** Of each process and of both; the aim is for both together. */
export function memoryFigures(
  section: string,
  what: string,
  { api, worker }: MemoryOfParts,
  key: keyof Memory,
  below?: number,
): Figure[] {
  const both = api && worker && api[key] + worker[key];
  return [
    { section, what: `api, ${what}`, value: api?.[key], unit: 'MB' },
    { section, what: `worker, ${what}`, value: worker?.[key], unit: 'MB' },
    {
      section,
      what: `both, ${what}`,
      value: both,
      unit: 'MB',
      ...(below !== undefined && { aim: { below } }),
    },
  ];
}
