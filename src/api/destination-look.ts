import { redactUrl } from '../domain/base-url.js';
import type { Destination, DestinationAccess, DestinationRow } from '../domain/ports.js';
import { readContents, type DestinationContents } from '../jobs/destination-view.js';
import { requireDestination } from './apply-changes.js';
import type { ApiServices } from './define-route.js';
import type { Clock } from './destination-rows.js';
import { withPatience } from './patience.js';
import { upstream } from './upstream.js';

/** A person waits in front of it; a thousand rows take LiteLLM a second. */
const patienceMs = 30_000;

/**
 * One live listing of the configured LiteLLM beside what we know. `ids` that it lacks are looked up in LiteLLM's database,
 * as a listing may miss a row for a moment. 409 without a LiteLLM, 502 when it does not answer.
 */
export async function lookAtDestination(
  { stores, destination, now }: ApiServices,
  signal: AbortSignal,
  ids: string[] = [],
): Promise<{ contents: DestinationContents; clock: Clock }> {
  await requireDestination({ stores });
  const access = (await stores.settings.destinationAccess()) as DestinationAccess;
  const who = `LiteLLM at ${redactUrl(access.baseUrl)}`;
  const rows = await upstream(() =>
    withPatience({ ms: patienceMs, who, signal }, async (patience) => {
      const listed = await destination.list(access, patience);
      return [...listed, ...(await lookUp(ids, listed, access, destination, patience))];
    }),
  );
  return {
    contents: await readContents(rows, { stores }),
    clock: { hashKey: await stores.settings.hashKey(), now },
  };
}

async function lookUp(
  ids: string[],
  rows: DestinationRow[],
  access: DestinationAccess,
  destination: Destination,
  signal: AbortSignal,
): Promise<DestinationRow[]> {
  const listed = new Set(rows.map(({ id }) => id));
  const found: DestinationRow[] = [];
  for (const id of new Set(ids)) {
    const row = listed.has(id) ? undefined : await destination.stored(access, id, signal);
    if (row !== undefined) found.push(row);
  }
  return found;
}
