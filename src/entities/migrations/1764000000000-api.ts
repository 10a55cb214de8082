import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For the complete API: named tokens, the category of a model, deletion of one model, what a change was before and after,
 * and a count of people's edits for `If-Match`.
 */
export class Api1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "api_tokens"');
    await runner.query('DROP INDEX "ix_audit_events_target"');
    await runner.query('DROP INDEX "ix_models_updated"');
    await runner.query('DROP INDEX "ix_models_list"');
    await runner.query('DROP INDEX "ix_sync_runs_state"');
    for (const [table, column] of columns)
      await runner.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
  }
}

const columns = [
  ['settings', 'edit_version'],
  ['providers', 'edit_version'],
  ['models', 'edit_version'],
  ['models', 'category'],
  ['models', 'deleting_at'],
  ['audit_events', 'target'],
  ['audit_events', 'before'],
  ['audit_events', 'after'],
] as const;

const statements = [
  `CREATE TABLE "api_tokens" (
    "id" integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" text NOT NULL,
    "scope" text NOT NULL,
    "token_hash" text NOT NULL,
    "hint" text NOT NULL,
    "created_at" text NOT NULL,
    "created_by" text NOT NULL,
    "expires_at" text,
    "last_used_at" text,
    "revoked_at" text,
    CONSTRAINT "uq_api_tokens_hash" UNIQUE ("token_hash")
  )`,
  // A revoked token keeps its row for the audit trail and gives its name free.
  `CREATE UNIQUE INDEX "uq_api_tokens_name" ON "api_tokens" ("name") WHERE "revoked_at" IS NULL`,
  `ALTER TABLE "settings" ADD COLUMN "edit_version" integer NOT NULL DEFAULT 0`,
  `ALTER TABLE "providers" ADD COLUMN "edit_version" integer NOT NULL DEFAULT 0`,
  `ALTER TABLE "models" ADD COLUMN "edit_version" integer NOT NULL DEFAULT 0`,
  `ALTER TABLE "models" ADD COLUMN "category" text NOT NULL DEFAULT 'unknown'`,
  `ALTER TABLE "models" ADD COLUMN "deleting_at" text`,
  `ALTER TABLE "audit_events" ADD COLUMN "target" text`,
  `CREATE INDEX "ix_audit_events_target" ON "audit_events" ("target") WHERE "target" IS NOT NULL`,
  `ALTER TABLE "audit_events" ADD COLUMN "before" text`,
  `ALTER TABLE "audit_events" ADD COLUMN "after" text`,
  // Rows of models are long: what changed lately, and runs by state, are read from these alone.
  `CREATE INDEX "ix_models_updated" ON "models" ("updated_at")`,
  `CREATE INDEX "ix_models_list"
    ON "models" ("provider_id", "category", "is_orphaned", "user_modified", "sync_enabled", "model_id")`,
  `CREATE INDEX "ix_sync_runs_state" ON "sync_runs" ("state", "finished_at", "kind")`,
];
