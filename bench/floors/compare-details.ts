import { got } from 'got';
import pMap from 'p-map';
import { alternate, lapOf } from './alternate.js';
import { createCatalogueReader, createHttp } from './built.js';
import type { Comparisons, FloorOptions } from './in-worker-process.js';

const atOnce = 4; // as fetch-provider asks

/** The product's client, cleaning included, against `got(…).json()`, which keeps connections alive as well. */
export async function compareDetails({ ollamaUrl = '', rounds, count }: FloorOptions): Promise<Comparisons> {
  const reader = createCatalogueReader(createHttp());
  const access = { kind: 'ollama', baseUrl: ollamaUrl } as const;
  const { signal } = new AbortController();
  const { entries } = await reader.list(access, signal);
  const names = entries.slice(0, count).map(({ modelId }) => modelId);

  const own = async (name: string) => {
    const { details, detailsError } = await reader.details(access, name, signal);
    if (details === undefined) throw new Error(detailsError);
  };
  const bare = (name: string) => got.post(`${ollamaUrl}/api/show`, { json: { model: name } }).json();
  const all = (ask: (name: string) => Promise<unknown>) => () =>
    lapOf(names.length, () => pMap(names, ask, { concurrency: atOnce }));
  return { details: await alternate(rounds, all(own), all(bare)) };
}
