import type { Database } from './database.js';
import { Model } from './model.js';
import { refreshedColumns, type NormalisedRow } from './store-model.js';

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
    | 'deletingAt'
  >
>;

/** Changes to single models outside a sync run: by people, and by reading one again. */
export class ModelEditsStore {
  constructor(private readonly database: Database) {}

  /** False when somebody else edited it since `present` was read; nothing is changed then. */
  async edit(
    { id, editVersion }: Pick<Model, 'id' | 'editVersion'>,
    edit: ModelEdit,
    now: string,
  ): Promise<boolean> {
    if (Object.keys(edit).length === 0) return true;
    const values = { ...edit, editVersion: editVersion + 1, updatedAt: now };
    return (await this.database.update(Model, { id, editVersion }, values)) === 1;
  }

  /** The same edit on many; rows that are so already stay untouched. Returns the ids that changed. */
  async editMany(
    ids: number[],
    edit: Pick<ModelEdit, 'syncEnabled' | 'deletingAt'>,
    now: string,
  ): Promise<number[]> {
    const [column, value] =
      edit.syncEnabled === undefined
        ? ['deleting_at', edit.deletingAt ?? null]
        : ['sync_enabled', edit.syncEnabled ? 1 : 0];
    const differs = column === 'deleting_at' ? 'deleting_at IS NULL' : 'sync_enabled IS NOT @value';
    return this.database.write((sqlite) =>
      sqlite
        .prepare<unknown[], { id: number }>(
          `UPDATE models SET ${column} = @value, edit_version = edit_version + 1, updated_at = @now
            WHERE id IN (SELECT value FROM json_each(@ids)) AND ${differs} RETURNING id`,
        )
        .all({ value, now, ids: JSON.stringify(ids) })
        .map((row) => row.id),
    );
  }

  /** Drops every edit of many, as one. Returns the ids that had any. */
  async resetMany(ids: number[], now: string): Promise<number[]> {
    return this.database.write((sqlite) =>
      sqlite
        .prepare<unknown[], { id: number }>(
          `UPDATE models SET user_params = NULL, user_tags = NULL, access_groups = NULL, pricing_profile = NULL,
             pricing_override = NULL, ollama_mode = NULL, user_modified = 0, edit_version = edit_version + 1, updated_at = @now
            WHERE id IN (SELECT value FROM json_each(@ids)) AND user_modified = 1 RETURNING id`,
        )
        .all({ now, ids: JSON.stringify(ids) })
        .map((row) => row.id),
    );
  }

  /** Models that a person wants gone and that have nothing at LiteLLM any more. Returns how many went. */
  async removeDeleted(): Promise<number> {
    return this.database.write(
      (sqlite) =>
        sqlite
          .prepare(
            `DELETE FROM models WHERE deleting_at IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM deployments WHERE deployments.model_id = models.id AND (applied_hash IS NOT NULL
                 OR intent IS NOT NULL OR pushed_at IS NOT NULL OR retired_ids <> '[]'))`,
          )
          .run().changes,
    );
  }

  /** What one model's own calls said; no stamp of a run, so that an open sync still counts by itself. */
  async storeRefreshed(
    id: number,
    row: NormalisedRow,
    normaliserVersion: number,
    now: string,
  ): Promise<void> {
    const values = refreshedColumns(row, normaliserVersion, now);
    const names = Object.keys(values);
    await this.database.write((sqlite) =>
      sqlite
        .prepare(`UPDATE models SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`)
        .run({ ...values, id }),
    );
  }

  /** Its own list call, made at `since`, did not show it. Nothing happens when it was seen since then. */
  async orphan(id: number, since: string, now: string): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite
        .prepare(
          `UPDATE models SET is_orphaned = 1, orphaned_at = @now, missed_count = 1, updated_at = @now
            WHERE id = @id AND is_orphaned = 0 AND last_seen <= @since`,
        )
        .run({ id, since, now }),
    );
  }
}
