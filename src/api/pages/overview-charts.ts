import type { ApiServices } from '../define-route.js';
import { barsOf, slotSizeFor, slotSizes, stepsOf, trendOf, type Bar, type TrendPoint } from './charts.js';
import { format } from './format.js';

/** Older runs are pruned by then, as the settings come. */
const windowMs = 30 * 86_400_000;

const box = { width: 600, height: 120 };

interface Chart {
  id: string;
  title: string;
  /** What a person who does not see it is told. */
  summary: string;
  /** The highest value, in words. */
  most: string;
  legend?: string;
  steps?: { line: string; area: string };
  bars?: Bar[];
  badBars?: Bar[];
}

interface Charts {
  slot: string;
  points: TrendPoint[];
  /** None while one slot is all that there is. */
  charts: Chart[];
  box: typeof box;
}

/** Models, changes and durations of syncs, from the history of runs. */
export async function readCharts({
  stores,
  now: clock,
}: Pick<ApiServices, 'stores' | 'now'>): Promise<Charts> {
  const now = clock();
  const earliest = new Date(now.getTime() - windowMs).toISOString();
  const first = await stores.history.firstSyncSince(earliest);
  if (first === null) return { slot: 'hour', points: [], charts: [], box };
  const size = slotSizeFor(now.getTime() - Date.parse(first));
  const rows = await stores.history.syncTrend(first, slotSizes[size].digits);
  const living = new Set((await stores.providers.list()).map(({ id }) => id));
  const points = trendOf(rows, { size, now: now.toISOString(), living });
  const charts = points.filter(({ syncs }) => syncs > 0).length < 2 ? [] : chartsOf(points, size);
  return { slot: size, points, charts, box };
}

function chartsOf(points: TrendPoint[], size: string): Chart[] {
  const models = points.map((point) => point.models);
  const known = models.filter((value) => value !== null);
  const changes = points.map(({ added, updated, orphaned }) => added + updated + orphaned);
  const durations = points.map(({ averageMs }) => averageMs);
  const [orphanBars, changeBars] = barsOf(
    [points.map(({ orphaned }) => orphaned), points.map(({ added, updated }) => added + updated)],
    box,
  );
  const sum = (key: 'added' | 'updated' | 'orphaned' | 'syncs' | 'failed') =>
    format.number(points.reduce((all, point) => all + point[key], 0));
  const longest = Math.max(0, ...points.map(({ longestMs }) => longestMs ?? 0));
  return [
    {
      id: 'chart-models',
      title: 'Models listed',
      summary: `Between ${format.number(Math.min(...known))} and ${format.number(Math.max(...known))} models, ${format.number(known.at(-1))} at the end.`,
      most: `most: ${format.number(Math.max(...known))}`,
      steps: stepsOf(models, box),
    },
    {
      id: 'chart-changes',
      title: `Changes each ${size}`,
      summary: `${sum('added')} added, ${sum('updated')} changed, ${sum('orphaned')} orphaned in all.`,
      most: `most: ${format.number(Math.max(...changes))}`,
      legend: 'Red, at the bottom: orphaned.',
      bars: changeBars ?? [],
      badBars: orphanBars ?? [],
    },
    {
      id: 'chart-durations',
      title: 'Duration of a sync',
      summary: `${sum('syncs')} syncs, ${sum('failed')} of them failed; the longest good one took ${format.duration(longest)}.`,
      most: `most: ${format.duration(Math.max(0, ...durations.map((each) => each ?? 0)))} on average`,
      bars: barsOf([durations], box)[0] ?? [],
    },
  ];
}
