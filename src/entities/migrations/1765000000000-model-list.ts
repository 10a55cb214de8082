import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Everything by which models are listed, but for what each sync writes: lists of 10,000 models are found in an index of
 * 400 pages instead of a table of 4,000, which another process's writes make each of us read anew.
 */
export class ModelList1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "ix_models_list"');
    await runner.query(`CREATE INDEX "ix_models_list" ON "models" ("provider_id", "category", "is_orphaned",
      "user_modified", "sync_enabled", "model_id", "capabilities", "remote", "configured_context",
      "observed_context", "max_context_window")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX "ix_models_list"');
    await runner.query(`CREATE INDEX "ix_models_list"
      ON "models" ("provider_id", "category", "is_orphaned", "user_modified", "sync_enabled", "model_id")`);
  }
}
