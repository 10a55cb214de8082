import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { listingFingerprint } from '../../src/domain/fingerprint.js';
import { normaliseModel } from '../../src/domain/normalise-model.js';
import { normaliserVersion } from '../../src/domain/normaliser-version.js';
import type { Product } from '../support/product.js';

/** Models as a sync would have stored them, without a server or a worker; returns their ids. */
export async function seedModels(
  product: Product,
  providerId: number,
  modelIds: string[],
): Promise<number[]> {
  const { stores } = product;
  const now = new Date().toISOString();
  const { run } = await stores.runs.openOrJoin(
    { kind: 'sync', trigger: 'manual', providerId, providerName: 'seeded' },
    now,
  );
  await stores.runs.start(run.id, now);
  const rows = modelIds.map((modelId) => {
    const found = { modelId, listing: { id: modelId }, fingerprint: listingFingerprint({ id: modelId }) };
    return { found, normalised: normaliseModel('openai', found) };
  });
  await stores.models.storeChunk({ runId: run.id, providerId }, rows, normaliserVersion, now);
  await stores.conclusions.concludeSync(run.id, now);
  const models = await product.models(`&provider_id=${providerId}`);
  return modelIds.map((modelId) => models.find((model) => model.model_id === modelId)!.id as number);
}

/** Every row of every table. */
export function everything(product: Product): unknown {
  const sqlite = new BetterSqlite3(join(product.dataDir, 'models.db'), { readonly: true });
  try {
    const tables = sqlite
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
      .all();
    return Object.fromEntries(
      tables.map(({ name }) => [name, sqlite.prepare(`SELECT * FROM "${name}"`).all()]),
    );
  } finally {
    sqlite.close();
  }
}
