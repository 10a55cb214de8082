import type { FoundModel } from '../domain/found-model.js';
import type { NormalisedModel } from '../domain/normalised-model.js';
import type { Database } from './database.js';
import { Model } from './model.js';
import { derivedColumns, derivedValues, storeModel, type NormalisedRow } from './store-model.js';

export interface ModelsQuery {
  providerId?: number;
  /** Part of the model id, any case. */
  search?: string;
  orphaned?: boolean;
  modified?: boolean;
  syncEnabled?: boolean;
  limit: number;
  offset: number;
}

/** What a person may change on a model. */
export type ModelEdit = Partial<
  Pick<
    Model,
    | 'userParams'
    | 'userTags'
    | 'accessGroups'
    | 'pricingProfile'
    | 'pricingOverride'
    | 'ollamaMode'
    | 'syncEnabled'
    | 'userModified'
  >
>;

/** What the last good fetch knew of a model, as far as the next one needs it. */
export interface KnownModel {
  fingerprint: string;
  hasDetails: boolean;
}

export class ModelsStore {
  constructor(private readonly database: Database) {}

  async byId(id: number): Promise<Model | null> {
    return this.#repository.findOneBy({ id });
  }

  async rawMetadataOf(id: number): Promise<FoundModel | undefined> {
    const row = await this.#repository.findOne({ where: { id }, select: { id: true, rawMetadata: true } });
    return row?.rawMetadata;
  }

  async page(query: ModelsQuery): Promise<{ items: Model[]; total: number }> {
    const builder = this.#repository
      .createQueryBuilder('model')
      .orderBy('model.id')
      .skip(query.offset)
      .take(query.limit);
    if (query.providerId !== undefined)
      builder.andWhere('model.providerId = :provider', { provider: query.providerId });
    if (query.search) {
      // Not LIKE: `_` and `%` are ordinary characters of model ids.
      builder.andWhere('instr(lower(model.modelId), lower(:search)) > 0', { search: query.search });
    }
    if (query.orphaned !== undefined)
      builder.andWhere('model.isOrphaned = :orphaned', { orphaned: query.orphaned });
    if (query.modified !== undefined)
      builder.andWhere('model.userModified = :modified', { modified: query.modified });
    if (query.syncEnabled !== undefined)
      builder.andWhere('model.syncEnabled = :enabled', { enabled: query.syncEnabled });
    const [items, total] = await builder.getManyAndCount();
    return { items, total };
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
    const rows: { model_id: string; raw_metadata: string }[] = await this.database.dataSource.query(
      `SELECT model_id, raw_metadata FROM models WHERE provider_id = ? AND model_id IN (${modelIds.map(() => '?').join(', ')})`,
      [providerId, ...modelIds],
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

  async edit(id: number, edit: ModelEdit, now: string): Promise<void> {
    await this.database.update(Model, { id }, { ...edit, updatedAt: now });
  }

  get #repository() {
    return this.database.repository(Model);
  }
}
