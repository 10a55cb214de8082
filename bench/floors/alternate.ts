/** How long `count` pieces of work took, and how much processor time of this process. */
export interface Lap {
  count: number;
  ms: number;
  cpuMs: number;
}

export interface Comparison {
  /** Pieces a second. */
  ownRate: number;
  bareRate: number;
  /** Of the rounds' own ratios, so that what slowed the machine during one round is in both sides of it. */
  ratio: number;
  /** Microseconds of this process for each piece. */
  ownCpuUs: number;
  bareCpuUs: number;
}

/** Begins now; call the result to end it. */
export function startLap(): (count: number) => Lap {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  return (count) => {
    const ms = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpu);
    return { count, ms, cpuMs: (user + system) / 1_000 };
  };
}

export async function lapOf(count: number, work: () => unknown): Promise<Lap> {
  const end = startLap();
  await work();
  return end(count);
}

/** Both in turn, once each unmeasured to warm up; who goes first changes with each round. Medians. */
export async function alternate(
  rounds: number,
  own: () => Promise<Lap>,
  bare: () => Promise<Lap>,
): Promise<Comparison> {
  const laps: { own: Lap; bare: Lap }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const ownFirst = round % 2 === 0;
    const first = await (ownFirst ? own : bare)();
    const second = await (ownFirst ? bare : own)();
    if (round > 0) laps.push(ownFirst ? { own: first, bare: second } : { own: second, bare: first });
  }
  const rate = ({ count, ms }: Lap) => (count * 1_000) / ms;
  const cpuUs = ({ count, cpuMs }: Lap) => (cpuMs * 1_000) / count;
  return {
    ownRate: median(laps.map((lap) => rate(lap.own))),
    bareRate: median(laps.map((lap) => rate(lap.bare))),
    ratio: median(laps.map((lap) => rate(lap.own) / rate(lap.bare))),
    ownCpuUs: median(laps.map((lap) => cpuUs(lap.own))),
    bareCpuUs: median(laps.map((lap) => cpuUs(lap.bare))),
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
