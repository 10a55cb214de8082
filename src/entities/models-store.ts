import { In } from 'typeorm';
import type { FoundModel } from '../domain/found-model.js';
import type { ModelCategory } from '../domain/kinds.js';
import type { NormalisedModel } from '../domain/normalised-model.js';
import type { Database } from './database.js';
import { matchModels, orderModels, type ModelOrder, type ModelsFilter } from './match-models.js';
import { Model } from './model.js';
import { derivedColumns, derivedValues, storeModel, type NormalisedRow } from './store-model.js';

export interface ModelsQuery extends ModelsFilter {
  limit: number;
  offset: number;
  sort?: ModelOrder;
}

/** `total` and the categories leave orphans out. */
export interface ModelStatistics {
  total: number;
  orphaned: number;
  modified: number;
  disabled: number;
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
    const row = await this.#repository.findOne({ where: { id }, select: { id: true, rawMetadata: true } });
    return row?.rawMetadata;
  }

  /** Sorted and cut by ids alone: rows are long. */
  async page({ limit, offset, sort, ...filter }: ModelsQuery): Promise<{ items: Model[]; total: number }> {
    const matching = this.#matching(filter).select('model.id', 'id');
    const rows = await orderModels(matching.clone(), sort)
      .limit(limit)
      .offset(offset)
      .getRawMany<{ id: number }>();
    const total =
      rows.length < limit && (rows.length > 0 || offset === 0)
        ? offset + rows.length
        : await this.count(filter);
    const ids = rows.map((row) => row.id);
    const found = new Map((await this.#repository.findBy({ id: In(ids) })).map((model) => [model.id, model]));
    return { items: ids.flatMap((id) => found.get(id) ?? []), total };
  }

  async count(filter: ModelsFilter): Promise<number> {
    const row = await this.#matching(filter).select('COUNT(*)', 'total').getRawOne<{ total: number }>();
    return row?.total ?? 0;
  }

  /** All that match, for an action on many. */
  async matching(filter: ModelsFilter): Promise<Model[]> {
    return this.#matching(filter).orderBy('model.id').getMany();
  }

  #matching(filter: ModelsFilter) {
    return matchModels(this.#repository.createQueryBuilder('model'), filter);
  }

  /** Counts of one provider, or of all. */
  async statistics(providerId: number | undefined): Promise<ModelStatistics> {
    const scope = providerId === undefined ? '' : 'WHERE models.provider_id = ?';
    const parameters = providerId === undefined ? [] : [providerId];
    const rows: (Omit<ModelStatistics, 'byCategory'> & { category: ModelCategory })[] =
      await this.database.dataSource.query(
        `SELECT category, SUM(is_orphaned = 0) AS total, SUM(is_orphaned) AS orphaned, SUM(user_modified) AS modified,
           SUM(sync_enabled = 0) AS disabled, SUM(deployments.applied_hash IS NOT NULL) AS inLitellm
         FROM models LEFT JOIN deployments ON deployments.model_id = models.id ${scope} GROUP BY category`,
        parameters,
      );
    const sum = (key: 'total' | 'orphaned' | 'modified' | 'disabled' | 'inLitellm') =>
      rows.reduce((total, row) => total + row[key], 0);
    return {
      total: sum('total'),
      orphaned: sum('orphaned'),
      modified: sum('modified'),
      disabled: sum('disabled'),
      inLitellm: sum('inLitellm'),
      byCategory: Object.fromEntries(rows.map((row) => [row.category, row.total])),
    };
  }

  /** By provider id; `total` leaves orphans out. */
  async countsByProvider(): Promise<Map<number, Omit<ModelStatistics, 'byCategory'>>> {
    const rows: (Omit<ModelStatistics, 'byCategory'> & { provider: number })[] =
      await this.database.dataSource.query(
        `SELECT provider_id AS provider, SUM(is_orphaned = 0) AS total, SUM(is_orphaned) AS orphaned,
           SUM(user_modified) AS modified, SUM(sync_enabled = 0) AS disabled,
           SUM(deployments.applied_hash IS NOT NULL) AS inLitellm
         FROM models LEFT JOIN deployments ON deployments.model_id = models.id GROUP BY provider_id`,
      );
    return new Map(rows.map(({ provider, ...counts }) => [provider, counts]));
  }

  /** Ids of the models that are not orphans, for judging a new filter. */
  async activeIds(providerId: number): Promise<string[]> {
    const rows = await this.#repository.find({
      where: { providerId, isOrphaned: false },
      select: { id: true, modelId: true },
    });
    return rows.map((row) => row.modelId);
  }

  async known(providerId: number): Promise<Map<string, KnownModel>> {
    const rows: { model_id: string; fingerprint: string; has_details: number }[] =
      await this.database.dataSource.query(
        `SELECT model_id, fingerprint, details_error IS NULL AND json_extract(raw_metadata, '$.details') IS NOT NULL AS has_details
         FROM models WHERE provider_id = ?`,
        [providerId],
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
    const rows: { id: number; type: string; raw_metadata: string }[] = await this.database.dataSource.query(
      `SELECT models.id, providers.type, models.raw_metadata FROM models JOIN providers ON providers.id = models.provider_id
        WHERE models.normaliser_version <> ? ORDER BY models.id LIMIT ?`,
      [normaliserVersion, limit],
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

  get #repository() {
    return this.database.repository(Model);
  }
}
