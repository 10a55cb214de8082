import { createAll, rowsOf, secondsOfCreates, type LitellmRow } from './bare-client.js';
import { Failure } from './failure.js';
import type { Figure } from './report.js';
import type { StandIns } from './start-stand-ins.js';

/** What the product has created, which must be this much. */
export async function rowsOfProduct(
  standIns: StandIns,
  total: number,
  signal: AbortSignal,
): Promise<LitellmRow[]> {
  const rows = await rowsOf(standIns.litellm, signal);
  if (rows.length !== total) throw new Failure(`LiteLLM holds ${rows.length} rows instead of ${total}`);
  return rows;
}

/** The creates of these rows by the product, against the same ones by the bare client, now. Both by LiteLLM's own clock. */
export async function comparePush(
  rows: LitellmRow[],
  standIns: StandIns,
  { section, atMost, signal }: { section: string; atMost?: number; signal: AbortSignal },
): Promise<Figure[]> {
  await createAll(rows, { url: standIns.bareLitellm, key: standIns.litellmKey, signal });
  const bareSeconds = secondsOfCreates(await rowsOf(standIns.bareLitellm, signal));
  const ownSeconds = secondsOfCreates(rows);
  const overheadMs = ((ownSeconds - bareSeconds) * 1_000) / (rows.length - 1);
  return [
    { section, what: 'product, first create to last', value: ownSeconds, unit: 's', digits: 1 },
    { section, what: 'bare client, first create to last', value: bareSeconds, unit: 's', digits: 1 },
    {
      section,
      what: 'ratio',
      value: ownSeconds / bareSeconds,
      digits: 2,
      ...(atMost !== undefined && { aim: { atMost } }),
    },
    { section, what: "the product's share of each push", value: overheadMs, unit: 'ms', digits: 1 },
  ];
}
