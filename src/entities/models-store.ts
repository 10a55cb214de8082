import type { FoundModel } from '../domain/found-model.js';
import type { ModelCategory } from '../domain/kinds.js';
import type { NormalisedModel } from '../domain/normalised-model.js';
import type { Database } from './database.js';
import {
  matchModels,
  orderModels,
  selectModels,
  type ModelOrder,
  type ModelsFilter,
} from './match-models.js';
import { Model } from './model.js';
import { derivedColumns, derivedValues, storeModel, type NormalisedRow } from './store-model.js';

export interface ModelsQuery extends ModelsFilter {
  limit: number;
  offset: number;
  sort?: ModelOrder;
}

/** `total` leaves orphans out. */
export interface ModelCounts {
  total: number;
  orphaned: number;
  modified: number;
  disabled: number;
}

/** The categories leave orphans out as well. */
export interface ModelStatistics extends ModelCounts {
  inLitellm: number;
  byCategory: Partial<Record<ModelCategory, number>>;
}

/** What the last good fetch knew of a model, as far as the next one needs it. */
export interface KnownModel {
  fingerprint: string;
  hasDetails: boolean;
}

export class ModelsStore {
  constructor(private readonly database: Database) {}

  async byId(id: number): Promise<Model | null> {
    return this.database.one(Model, { id });
  }

  async rawMetadataOf(id: number): Promise<FoundModel | undefined> {
    const row = await this.database.row<{ raw: string }>(
      'SELECT raw_metadata AS raw FROM models WHERE id = ?',
      id,
    );
    return row && (JSON.parse(row.raw) as FoundModel);
  }

  /** Sorted and cut by ids alone: rows are long. */
  async page({ limit, offset, sort, ...filter }: ModelsQuery): Promise<{ items: Model[]; total: number }> {
    const match = matchModels(filter);
    const rows = await this.database.rows<{ id: number }>(
      `${selectModels(`${match.id} AS id`, match, orderModels(sort, match))} LIMIT @limit OFFSET @offset`,
      { ...match.parameters, limit, offset },
    );
    const total =
      rows.length < limit && (rows.length > 0 || offset === 0)
        ? offset + rows.length
        : await this.count(filter);
    const ids = rows.map((row) => row.id);
    const found = new Map((await this.#byIds(ids)).map((model) => [model.id, model]));
    return { items: ids.flatMap((id) => found.get(id) ?? []), total };
  }

  async count(filter: ModelsFilter): Promise<number> {
    const match = matchModels(filter);
    const row = await this.database.row<{ total: number }>(
      selectModels('COUNT(*) AS total', match),
      match.parameters,
    );
    return row?.total ?? 0;
  }

  /** All that match, for an action on many. */
  async matching(filter: ModelsFilter): Promise<Model[]> {
    const match = matchModels(filter);
    const ids = selectModels(match.id, match);
    return this.database.many(Model, `WHERE id IN (${ids}) ORDER BY id`, match.parameters);
  }

  async #byIds(ids: number[]): Promise<Model[]> {
    return this.database.many(Model, 'WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  }

  /** Counts of one provider, or of all. */
  async statistics(providerId: number | undefined): Promise<ModelStatistics> {
    const rows = (await this.#counts()).filter(
      ({ provider }) => providerId === undefined || provider === providerId,
    );
    const byCategory: ModelStatistics['byCategory'] = {};
    for (const { category, total } of rows) byCategory[category] = (byCategory[category] ?? 0) + total;
    return { ...sumOf(rows), inLitellm: await this.countInLitellm(providerId), byCategory };
  }

  /** By provider id; `total` leaves orphans out. */
  async countsByProvider(): Promise<Map<number, ModelCounts>> {
    const byProvider = new Map<number, ModelCounts>();
    for (const row of await this.#counts())
      byProvider.set(row.provider, sumOf([row, byProvider.get(row.provider) ?? noModels]));
    return byProvider;
  }

  /** In the order of an index that holds all of it. */
  async #counts(): Promise<(ModelCounts & { provider: number; category: ModelCategory })[]> {
    return this.database.rows(
      `SELECT provider_id AS provider, category, SUM(is_orphaned = 0) AS total, SUM(is_orphaned) AS orphaned,
         SUM(user_modified) AS modified, SUM(sync_enabled = 0) AS disabled
       FROM models GROUP BY provider_id, category`,
    );
  }

  /** Deployments that LiteLLM took, of one provider or of all. */
  async countInLitellm(providerId: number | undefined): Promise<number> {
    const [scope, parameters] =
      providerId === undefined
        ? ['', []]
        : ['AND model_id IN (SELECT id FROM models WHERE provider_id = ?)', [providerId]];
    const row = await this.database.row<{ count: number }>(
      `SELECT COUNT(*) AS count FROM deployments WHERE applied_hash IS NOT NULL ${scope}`,
      ...parameters,
    );
    return row?.count ?? 0;
  }

  /** Ids of the models that are not orphans, for judging a new filter. */
  async activeIds(providerId: number): Promise<string[]> {
    const rows = await this.database.rows<{ id: string }>(
      'SELECT model_id AS id FROM models WHERE provider_id = ? AND NOT is_orphaned',
      providerId,
    );
    return rows.map((row) => row.id);
  }

  async known(providerId: number): Promise<Map<string, KnownModel>> {
    const rows: { model_id: string; fingerprint: string; has_details: number }[] = await this.database.rows(
      `SELECT model_id, fingerprint, details_error IS NULL AND json_extract(raw_metadata, '$.details') IS NOT NULL AS has_details
         FROM models WHERE provider_id = ?`,
      providerId,
    );
    return new Map(
      rows.map((row) => [row.model_id, { fingerprint: row.fingerprint, hasDetails: row.has_details === 1 }]),
    );
  }

  async rawMetadataByModelId(providerId: number, modelIds: string[]): Promise<Map<string, FoundModel>> {
    const rows = await this.database.rows<{ model_id: string; raw_metadata: string }>(
      'SELECT model_id, raw_metadata FROM models WHERE provider_id = ? AND model_id IN (SELECT value FROM json_each(?))',
      providerId,
      JSON.stringify(modelIds),
    );
    return new Map(rows.map((row) => [row.model_id, JSON.parse(row.raw_metadata) as FoundModel]));
  }

  /**
   * Stores what a chunk changes and stamps every row of it as seen by this run; a person's edits are not touched.
   * False when the run is no longer open (lost, or concluded by an earlier delivery of this chunk's parent).
   */
  async storeChunk(
    run: { runId: number; providerId: number },
    rows: NormalisedRow[],
    normaliserVersion: number,
    now: string,
  ): Promise<boolean> {
    return this.database.write((sqlite) => {
      const open = sqlite
        .prepare(`SELECT 1 FROM sync_runs WHERE id = ? AND state = 'running'`)
        .get(run.runId);
      if (open === undefined) return false;
      for (const row of rows) storeModel(sqlite, run, row, normaliserVersion, now);
      return true;
    });
  }

  /** Rows that an older release of the rules wrote, for a re-derivation, by provider kind. */
  async outdated(normaliserVersion: number, limit: number) {
    const rows: { id: number; type: string; raw_metadata: string }[] = await this.database.rows(
      `SELECT models.id, providers.type, models.raw_metadata FROM models JOIN providers ON providers.id = models.provider_id
        WHERE models.normaliser_version <> ? ORDER BY models.id LIMIT ?`,
      normaliserVersion,
      limit,
    );
    return rows.map((row) => ({
      id: row.id,
      type: row.type,
      found: JSON.parse(row.raw_metadata) as FoundModel,
    }));
  }

  /** Not over what a newer fetch stored meanwhile. */
  async storeDerived(
    rows: { id: number; normalised: NormalisedModel }[],
    normaliserVersion: number,
    now: string,
  ) {
    await this.database.write((sqlite) => {
      for (const { id, normalised } of rows) {
        sqlite
          .prepare(
            `UPDATE models SET ${derivedColumns.map((name) => `${name} = @${name}`).join(', ')}, updated_at = @now WHERE id = @id AND normaliser_version <> @normaliser_version`,
          )
          .run({ ...derivedValues(normalised, normaliserVersion), now, id });
      }
    });
  }
}

const noModels: ModelCounts = { total: 0, orphaned: 0, modified: 0, disabled: 0 };

function sumOf(parts: ModelCounts[]): ModelCounts {
  return parts.reduce(
    (sum, part) => ({
      total: sum.total + part.total,
      orphaned: sum.orphaned + part.orphaned,
      modified: sum.modified + part.modified,
      disabled: sum.disabled + part.disabled,
    }),
    noModels,
  );
}
