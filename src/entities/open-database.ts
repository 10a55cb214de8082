import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { ApiToken } from './api-token.js';
import { AuditEvent } from './audit-event.js';
import { Database } from './database.js';
import { Deployment } from './deployment.js';
import { JobRun } from './job-run.js';
import { addLowerCase } from './lower-case.js';
import { FirstSchema1763000000000 } from './migrations/1763000000000-first-schema.js';
import { Api1764000000000 } from './migrations/1764000000000-api.js';
import { ModelList1765000000000 } from './migrations/1765000000000-model-list.js';
import { Model } from './model.js';
import { Provider } from './provider.js';
import { Settings } from './settings.js';
import { SnakeCaseNaming } from './snake-case-naming.js';
import { SyncRun } from './sync-run.js';

const migrationsTable = 'litellm_updater_migrations';
const migrationPatienceMs = 120_000;

/** The file is somebody else's database; nothing in it was touched. */
export class ForeignSchemaError extends Error {
  override name = 'ForeignSchemaError';
}

/** Opens the file, makes it where it is missing and migrates it, safe with any number of processes at once. */
export async function openDatabase(path: string): Promise<Database> {
  mkdirSync(dirname(path), { recursive: true });
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: path,
    entities: [Provider, Model, Deployment, SyncRun, JobRun, Settings, AuditEvent, ApiToken],
    migrations: [FirstSchema1763000000000, Api1764000000000, ModelList1765000000000],
    migrationsTableName: migrationsTable,
    namingStrategy: new SnakeCaseNaming(),
    timeout: 4_000, // waits synchronously: must stay below the job lock of 10 s
    prepareDatabase: (sqlite: BetterSqlite3.Database) => {
      sqlite.pragma('journal_mode = WAL');
      sqlite.pragma('synchronous = NORMAL');
      sqlite.pragma('foreign_keys = ON');
      addLowerCase(sqlite);
    },
  });
  await withMigrationLock(`${path}.lock`, async () => {
    refuseForeignSchema(path);
    await dataSource.initialize();
    await dataSource.runMigrations({ transaction: 'each' });
  });
  return new Database(dataSource);
}

export function refuseForeignSchema(path: string): void {
  const sqlite = new BetterSqlite3(path);
  try {
    const tables = sqlite
      .prepare<[], { name: string }>(
        `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
      )
      .all()
      .map((row) => row.name);
    if (tables.length > 0 && !tables.includes(migrationsTable)) {
      throw new ForeignSchemaError(
        `${path} is a database of another program (tables: ${tables.slice(0, 5).join(', ')}). ` +
          'It was left untouched. Set DATABASE_PATH or DATA_DIR to another place.',
      );
    }
  } finally {
    sqlite.close();
  }
}

/** SQLite's own exclusive lock on a second file: the system lets it go when its holder dies. */
export async function withMigrationLock(lockPath: string, work: () => Promise<void> | void): Promise<void> {
  const lock = new BetterSqlite3(lockPath, { timeout: 0 });
  try {
    const deadline = Date.now() + migrationPatienceMs;
    for (;;) {
      try {
        lock.exec('BEGIN EXCLUSIVE');
        break;
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(`another process has been migrating for too long (${lockPath})`, { cause: error });
        await pause(20);
      }
    }
    await work();
    lock.exec('ROLLBACK');
  } finally {
    lock.close();
  }
}
