import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/entities/database.js';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { openDatabase } from '../../src/entities/open-database.js';
import { SecretBox } from '../../src/entities/secret-box.js';
import { createStores, type Stores } from '../../src/entities/stores.js';
import type { ProviderEdit } from '../../src/entities/providers-store.js';

export const secretKey = 'a secret key of the tests';

/** The n-th second of a day: times in the order in which a test tells them. */
export const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

export interface TemporaryDatabase {
  path: string;
  database: Database;
  stores: Stores;
  /** Another connection to the same file, as another process would have. */
  again(): Promise<{ database: Database; stores: Stores }>;
  close(): Promise<void>;
}

export async function temporaryDatabase(): Promise<TemporaryDatabase> {
  const dir = mkdtempSync(join(tmpdir(), 'litellm-updater-entities-'));
  const path = join(dir, 'models.db');
  const opened: Database[] = [];
  const open = async () => {
    const database = await openDatabase(path);
    opened.push(database);
    return { database, stores: createStores(database, new SecretBox(secretKey)) };
  };
  const first = await open();
  return {
    path,
    ...first,
    again: open,
    async close() {
      for (const database of opened) if (database.dataSource.isInitialized) await database.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A provider whose run is still open and has stored these models. */
export async function storeProvider(
  stores: Stores,
  values: ProviderEdit,
  ids: string[],
): Promise<{ providerId: number; runId: number }> {
  const { id: providerId } = await stores.providers.insert(values, null, at(0));
  const wish = { kind: 'sync', trigger: 'manual', providerId, providerName: values.name } as const;
  const { run } = await stores.runs.openOrJoin(wish, at(0));
  await stores.runs.start(run.id, at(0));
  const rows = ids.map((modelId) => {
    const listing = { name: modelId };
    const found = { modelId, listing, fingerprint: listingFingerprint(listing) };
    return { found, normalised: normaliseModel('ollama', found) };
  });
  await stores.models.storeChunk({ runId: run.id, providerId }, rows, 1, at(0));
  return { providerId, runId: run.id };
}

export function providerValues(name: string, more: Partial<ProviderEdit> = {}): ProviderEdit {
  return {
    name,
    baseUrl: 'http://box:11434',
    type: 'ollama',
    prefix: null,
    defaultOllamaMode: 'ollama_chat',
    tags: null,
    accessGroups: null,
    pricingProfile: null,
    pricingOverride: null,
    syncEnabled: true,
    syncIntervalSeconds: null,
    autoDetectFim: true,
    modelFilter: null,
    modelFilterExclude: null,
    litellmBaseUrl: null,
    defaultNumCtx: null,
    isLocal: null,
    orphanPolicy: 'remove',
    graceMisses: 3,
    graceSeconds: 3_600,
    ...more,
  };
}
