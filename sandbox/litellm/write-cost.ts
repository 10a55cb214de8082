/** A function of the number of rows, or the medians that were measured on 1.81.15. */
export type WriteCost = ((rows: number) => number) | 'measured';

export type CostlyWrite = 'create' | 'patch';

// [rows, milliseconds]; a delete costs 7 to 10 ms whatever the number of rows. Lower bounds: the rig had no Prisma engine.
const MEASURED: Record<CostlyWrite, [number, number][]> = {
  create: [
    [0, 20],
    [50, 23],
    [500, 143],
    [1500, 305],
  ],
  patch: [
    [0, 20],
    [50, 28],
    [500, 189],
    [1500, 1195],
  ],
};

export function writeCostMs(cost: WriteCost, write: CostlyWrite, rows: number): number {
  return cost === 'measured' ? between(MEASURED[write], rows) : cost(rows);
}

/** Straight lines between the points, and on beyond the last. */
function between(points: [number, number][], rows: number): number {
  const next = points.findIndex(([at]) => at > rows);
  const index = next === -1 ? points.length - 1 : next;
  const [[fromRows, fromMs], [toRows, toMs]] = [points[index - 1], points[index]] as [
    [number, number],
    [number, number],
  ];
  return fromMs + ((rows - fromRows) / (toRows - fromRows)) * (toMs - fromMs);
}
