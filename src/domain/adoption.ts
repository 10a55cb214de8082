import type { DestinationRow } from './ports.js';
import { normaliseTag } from './tags.js';

/** The predecessor marked its rows by tags: `lupdater` and `unique_id:<provider>/<model>`. */
function predecessorKey(row: DestinationRow): string | undefined {
  const tags = [row.litellmParams['tags'], row.modelInfo['tags']].flatMap((list) =>
    Array.isArray(list) ? list.filter((tag) => typeof tag === 'string') : [],
  );
  if (!tags.includes('lupdater')) return undefined;
  const unique = tags.find((tag) => tag.startsWith('unique_id:'));
  return unique === undefined ? undefined : normaliseTag(unique);
}

/** The tag under which the predecessor kept a model; it hyphenated blanks there, but not where it looked it up (C2). */
export function adoptionKey(providerName: string, modelId: string): string {
  return normaliseTag(`unique_id:${providerName}/${modelId}`) ?? '';
}

/** The predecessor's rows by their adoption key; several copies of one model stay together, oldest listing first. */
export function adoptableRows(rows: DestinationRow[]): Map<string, DestinationRow[]> {
  const byKey = new Map<string, DestinationRow[]>();
  for (const row of rows) {
    const key = row.dbModel ? predecessorKey(row) : undefined;
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  return byKey;
}
