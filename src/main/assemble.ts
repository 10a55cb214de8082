import { createCatalogueReader } from '../clients/catalogue-reader.js';
import { createHttp } from '../clients/http.js';
import { createLitellmAdmin } from '../clients/litellm-admin.js';
import { ConfigError, type Config } from '../config.js';
import { normaliseBaseUrl } from '../domain/base-url.js';
import type { Database } from '../entities/database.js';
import { openDatabase } from '../entities/open-database.js';
import { proofOf } from '../entities/reseal.js';
import { SecretBox, UnreadableSecretError } from '../entities/secret-box.js';
import { createStores, type Stores } from '../entities/stores.js';
import type { JobServices } from '../jobs/define-job.js';
import type { Queues } from '../jobs/queues.js';
import type { Logger } from '../logger.js';
import { SecretKeyFile } from './secrets.js';

export const version = '0.1.0';

export interface Foundation {
  stores: Stores;
  secretKey: string;
  close(): Promise<void>;
}

/** What both processes stand on: the database, migrated, with its settings row, and the key that opens its secrets. */
export async function layFoundation(config: Config, logger: Logger, now: () => Date): Promise<Foundation> {
  // The database first: while it is open, no rotation of the secret key runs.
  const database = await openDatabase(config.databasePath);
  try {
    return await furnish(database, config, logger, now);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function furnish(
  database: Database,
  config: Config,
  logger: Logger,
  now: () => Date,
): Promise<Foundation> {
  const secretKey = config.secretKey ?? (await keyOfFile(config.dataDir, database));
  const stores = createStores(database, new SecretBox(secretKey));
  const litellmBaseUrl = firstLitellmUrl(config);
  await stores.settings.ensure({
    litellmBaseUrl,
    // A key is kept for one server, never for the one that comes next.
    ...(litellmBaseUrl !== null &&
      config.litellmApiKey !== undefined && { litellmApiKey: config.litellmApiKey }),
    syncIntervalSeconds: config.syncIntervalSeconds,
    now: now().toISOString(),
  });
  await tellUnreadableKeys(stores, logger);
  return { stores, secretKey, close: () => database.close() };
}

async function keyOfFile(dataDir: string, database: Database): Promise<string> {
  const opensWith = await proofOf(database);
  return new SecretKeyFile(dataDir).settle((key) => opensWith(new SecretBox(key)));
}

/** Single rows that were copied from another database. No reason to stop: the keys can be entered anew only when we run. */
async function tellUnreadableKeys(stores: Stores, logger: Logger): Promise<void> {
  const names = await stores.providers.withUnreadableKey();
  if (names.length > 0) {
    logger.error(
      'the stored key of these providers does not open, so they cannot be read: enter it again ' +
        '(PATCH /api/providers/:id {"api_key": …})',
      { providers: names.join(', ') },
    );
  }
  const readable = await stores.settings.destinationAccess().then(
    () => true,
    (error: unknown) => {
      if (error instanceof UnreadableSecretError) return false;
      throw error;
    },
  );
  if (!readable) {
    logger.error(
      'the stored key of LiteLLM does not open, so nothing can be written: enter it again ' +
        '(PATCH /api/admin/config {"litellm_api_key": …})',
    );
  }
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
