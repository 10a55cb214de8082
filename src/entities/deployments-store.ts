import type { Database } from './database.js';
import { Deployment } from './deployment.js';
import { Model } from './model.js';
import { pushColumns, type PushOutcome } from './sync-run.js';

export interface PlannedPush {
  modelId: number;
  wantedHash: string | null;
}

export type DeploymentEdit = Partial<Omit<Deployment, 'id' | 'modelId'>>;

export interface ModelWithDeployment {
  model: Model;
  deployment: Deployment | undefined;
}

/** What of a provider is at LiteLLM, on its way there, or refused. */
interface ProviderDeployments {
  atLitellm: number;
  pending: number;
  failed: number;
}

/** As `isAtLitellm` of the jobs has it: rows that a deletion has to remove first. */
const isAtLitellm = `(deployments.applied_hash IS NOT NULL OR deployments.intent IS NOT NULL
  OR deployments.pushed_at IS NOT NULL OR json_array_length(deployments.retired_ids) > 0)`;

export class DeploymentsStore {
  constructor(private readonly database: Database) {}

  async forModel(modelId: number): Promise<Deployment | null> {
    return this.database.one(Deployment, { modelId });
  }

  async forModels(modelIds: number[]): Promise<Map<number, Deployment>> {
    const rows = await this.database.many(
      Deployment,
      'WHERE model_id IN (SELECT value FROM json_each(?))',
      JSON.stringify(modelIds),
    );
    return new Map(rows.map((row) => [row.modelId, row]));
  }

  async all(): Promise<Deployment[]> {
    return this.database.many(Deployment, '');
  }

  /** Models of one provider with their deployments, without raw metadata; of these models alone when they are named. */
  async ofProvider(providerId: number, modelIds?: number[]): Promise<ModelWithDeployment[]> {
    const named = modelIds && JSON.stringify(modelIds);
    const which = `provider_id = @providerId${named ? ' AND id IN (SELECT value FROM json_each(@named))' : ''}`;
    const parameters = { providerId, ...(named && { named }) };
    const models = await this.database.many(Model, `WHERE ${which} ORDER BY id`, parameters);
    const deployments = await this.database.many(
      Deployment,
      `WHERE model_id IN (SELECT id FROM models WHERE ${which})`,
      parameters,
    );
    const byModel = new Map(deployments.map((row) => [row.modelId, row]));
    return models.map((model) => ({ model, deployment: byModel.get(model.id) }));
  }

  async countsByProvider(): Promise<Map<number, ProviderDeployments>> {
    const rows: (ProviderDeployments & { provider: number })[] = await this.database.rows(
      `SELECT provider_id AS provider, SUM(${isAtLitellm}) AS atLitellm, SUM(pending) AS pending,
         SUM(last_error IS NOT NULL) AS failed
       FROM deployments JOIN models ON models.id = deployments.model_id GROUP BY provider_id`,
    );
    return new Map(rows.map(({ provider, ...counts }) => [provider, counts]));
  }

  /** The first few model ids of each provider, those at LiteLLM before the others: what a deletion takes along. */
  async firstToGo(mostPerProvider: number): Promise<Map<number, string[]>> {
    const rows: { provider: number; modelId: string }[] = await this.database.rows(
      `SELECT provider, modelId FROM (
         SELECT provider_id AS provider, models.model_id AS modelId, ROW_NUMBER() OVER (
             PARTITION BY provider_id ORDER BY COALESCE(${isAtLitellm}, 0) DESC, models.model_id) AS place
           FROM models LEFT JOIN deployments ON deployments.model_id = models.id)
        WHERE place <= ? ORDER BY provider, place`,
      mostPerProvider,
    );
    const ids = new Map<number, string[]>();
    for (const { provider, modelId } of rows) ids.set(provider, [...(ids.get(provider) ?? []), modelId]);
    return ids;
  }

  /**
   * Notes what is wanted and who asks, before the pushes are queued; makes rows where there are none. A push that a run
   * waits for stays that run's: it is counted there when it is done.
   */
  async markPending(pushes: PlannedPush[], runId: number | null): Promise<void> {
    await this.database.write((sqlite) => {
      const upsert = sqlite.prepare(
        `INSERT INTO deployments (model_id, generation, wanted_hash, retired_ids, pending, requested_run_id)
         SELECT @model, 0, @hash, '[]', 1, @run WHERE EXISTS (SELECT 1 FROM models WHERE id = @model)
         ON CONFLICT (model_id) DO UPDATE SET wanted_hash = @hash, pending = 1,
           requested_run_id = CASE WHEN pending = 1 THEN COALESCE(requested_run_id, @run) ELSE @run END`,
      );
      for (const push of pushes) upsert.run({ model: push.modelId, hash: push.wantedHash, run: runId });
    });
  }

  /** Nothing is to be done for these: what is wanted is what is there. */
  async settle(settled: PlannedPush[]): Promise<void> {
    await this.database.write((sqlite) => {
      const update = sqlite.prepare(
        'UPDATE deployments SET wanted_hash = @wantedHash, last_error = NULL, last_error_at = NULL WHERE model_id = @modelId',
      );
      for (const row of settled) update.run(row);
    });
  }

  /**
   * Ends a push with its last edit and counts it on the run that asked for it, all or nothing: one that was cut off just
   * before is ended under its right name by whoever comes next. One that was planned anew meanwhile, for another wish, is
   * followed by another and stays pending. What LiteLLM took also ends its trouble.
   */
  async finishPush(
    modelId: number,
    push: {
      outcome: PushOutcome;
      edit?: DeploymentEdit;
      wishAtStart: string | null;
      error: string | null;
      now: string;
    },
  ): Promise<void> {
    const { outcome, edit, wishAtStart, error, now } = push;
    await this.database.write((sqlite) => {
      if (edit !== undefined) this.database.updateIn(sqlite, Deployment, { modelId }, edit);
      const row = sqlite
        .prepare<[number], { pending: number; requested_run_id: number | null }>(
          'SELECT pending, requested_run_id FROM deployments WHERE model_id = ?',
        )
        .get(modelId);
      if (row === undefined) return;
      sqlite
        .prepare(
          `UPDATE deployments SET pending = CASE WHEN wanted_hash IS @wishAtStart THEN 0 ELSE pending END,
             last_error = @error, last_error_at = CASE WHEN @error IS NULL THEN NULL ELSE @now END
            WHERE model_id = @modelId`,
        )
        .run({ modelId, wishAtStart, error, now });
      if (row.pending === 1 && row.requested_run_id !== null) {
        const column = pushColumns[outcome];
        sqlite
          .prepare(`UPDATE sync_runs SET ${column} = ${column} + 1 WHERE id = ?`)
          .run(row.requested_run_id);
      }
      if (outcome !== 'failed' && outcome !== 'unchanged') {
        sqlite
          .prepare(
            'UPDATE settings SET destination_error = NULL, destination_error_at = NULL WHERE destination_error IS NOT NULL',
          )
          .run();
      }
    });
  }

  /** False when the model is gone meanwhile. */
  async save(modelId: number, edit: DeploymentEdit): Promise<boolean> {
    return (await this.database.update(Deployment, { modelId }, edit)) === 1;
  }

  async adopt(modelId: number, edit: DeploymentEdit): Promise<void> {
    await this.markPending([{ modelId, wantedHash: null }], null);
    await this.save(modelId, { ...edit, pending: false });
  }

  /** After a move to another LiteLLM: nothing is known to be there. Ids stay, so a row that is there is found again. */
  async forgetApplied(): Promise<void> {
    await this.database.write((sqlite) =>
      sqlite
        .prepare(
          `UPDATE deployments SET applied_hash = NULL, applied_keys = NULL, intent = NULL, step = NULL, intent_hash = NULL,
             written_at = NULL, retired_ids = '[]', pushed_at = NULL, last_error = NULL, last_error_at = NULL`,
        )
        .run(),
    );
  }
}
