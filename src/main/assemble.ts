import { createCatalogueReader } from '../clients/catalogue-reader.js';
import { createHttp } from '../clients/http.js';
import { createLitellmAdmin } from '../clients/litellm-admin.js';
import { ConfigError, type Config } from '../config.js';
import { normaliseBaseUrl } from '../domain/base-url.js';
import { openDatabase } from '../entities/open-database.js';
import { SecretBox } from '../entities/secret-box.js';
import { createStores, type Stores } from '../entities/stores.js';
import type { JobServices } from '../jobs/define-job.js';
import type { Queues } from '../jobs/queues.js';
import type { Logger } from '../logger.js';
import { ensureSecretFile } from './secrets.js';

export const version = '0.1.0';

export interface Foundation {
  stores: Stores;
  secretKey: string;
  close(): Promise<void>;
}

/** What both processes stand on: the database, migrated, with its settings row, and the key that opens its secrets. */
export async function layFoundation(config: Config, now: () => Date): Promise<Foundation> {
  const secretKey = config.secretKey ?? ensureSecretFile(config.dataDir, 'secret.key');
  const database = await openDatabase(config.databasePath);
  const stores = createStores(database, new SecretBox(secretKey));
  await stores.settings.ensure({
    litellmBaseUrl: firstLitellmUrl(config),
    ...(config.litellmApiKey !== undefined && { litellmApiKey: config.litellmApiKey }),
    syncIntervalSeconds: config.syncIntervalSeconds,
    now: now().toISOString(),
  });
  return { stores, secretKey, close: () => database.close() };
}

export function firstLitellmUrl(config: Config): string | null {
  if (config.litellmUrl === undefined) return null;
  const result = normaliseBaseUrl('litellm', config.litellmUrl);
  if ('error' in result) throw new ConfigError(`LITELLM_URL: ${result.error}`);
  return result.url;
}

export function createServices(stores: Stores, queues: Queues, logger: Logger, now: () => Date): JobServices {
  const http = createHttp({ userAgent: `litellm-updater/${version}` });
  return {
    stores,
    catalogues: createCatalogueReader(http),
    destination: createLitellmAdmin(http),
    enqueue: queues,
    now,
    logger,
  };
}
