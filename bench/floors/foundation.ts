import { join } from 'node:path';
import type { JobServices } from '../../src/jobs/define-job.js';
import type { Stores } from '../../src/entities/stores.js';
import {
  createCatalogueReader,
  createHttp,
  createLogger,
  createStores,
  openDatabase,
  SecretBox,
} from './built.js';

export interface Foundation {
  path: string;
  stores: Stores;
  close: () => Promise<void>;
}

/** A migrated database file with its stores, as api and worker open it. */
export async function layFoundation(folder: string, name: string): Promise<Foundation> {
  const path = join(folder, `${name}.db`);
  const database = await openDatabase(path);
  const stores = createStores(database, new SecretBox('a key of the benchmark'));
  return { path, stores, close: () => database.close() };
}

/** The worker's services. LiteLLM is not among them: no job that is measured writes to it. */
export function servicesOf(stores: Stores, enqueue: JobServices['enqueue']): JobServices {
  return {
    stores,
    catalogues: createCatalogueReader(createHttp()),
    destination: {} as JobServices['destination'],
    enqueue,
    now: () => new Date(),
    logger: createLogger({ process: 'worker', level: 'info', format: 'json' }),
  };
}
