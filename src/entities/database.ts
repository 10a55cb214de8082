import { setTimeout as pause } from 'node:timers/promises';
import type SqliteDatabase from 'better-sqlite3';
import type { DataSource, EntityTarget, FindOptionsWhere, ObjectLiteral, Repository } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';

export type Sqlite = SqliteDatabase.Database;

/** TypeORM's own type of a partial row follows JSON columns to infinity. */
type Plain = never;

/** After the driver's own 4 s, which block the process, waiting goes on without blocking for this long. */
const busyPatienceMs = 30_000;

/** Between two tries and after each write: writers that never pause starve each other and the WAL checkpoint. */
const breatherMs = 5;

/**
 * The one connection of this process. A multi-statement write is one synchronous transaction on the driver's connection,
 * because an `await` inside a TypeORM transaction on better-sqlite3 lets other tasks' writes in, and a rollback would
 * throw them away although they were acknowledged.
 */
export class Database {
  constructor(readonly dataSource: DataSource) {}

  repository<T extends ObjectLiteral>(entity: EntityTarget<T>): Repository<T> {
    return this.dataSource.getRepository(entity);
  }

  /** `work` must not await; it runs again from its beginning while another process holds the lock. */
  async write<T>(work: (sqlite: Sqlite) => T): Promise<T> {
    const sqlite = this.#sqlite;
    return this.patiently(() => sqlite.transaction(() => work(sqlite)).immediate());
  }

  /** One statement. Returns the new id. */
  async insert<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    values: Partial<NoInfer<T>>,
  ): Promise<number> {
    const result = await this.patiently(() => this.repository(entity).insert(values as Plain));
    return result.identifiers[0]?.['id'] as number;
  }

  /** One statement. */
  async update<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    where: FindOptionsWhere<T>,
    values: Partial<NoInfer<T>>,
  ): Promise<void> {
    await this.patiently(() => this.repository(entity).update(where, values as Plain));
  }

  /** One statement. */
  async delete<T extends ObjectLiteral>(entity: EntityTarget<T>, where: FindOptionsWhere<T>): Promise<void> {
    await this.patiently(() => this.repository(entity).delete(where));
  }

  /** Tries again while another process holds the lock. */
  async patiently<T>(statement: () => T | Promise<T>): Promise<T> {
    const deadline = Date.now() + busyPatienceMs;
    for (;;) {
      try {
        return await statement();
      } catch (error) {
        if (!isBusy(error) || Date.now() > deadline) throw error;
        await pause(breatherMs * (1 + Math.random() * 4));
      }
    }
  }

  /** For callers that write many times in a row. */
  async breathe(): Promise<void> {
    await pause(breatherMs);
  }

  async isAlive(): Promise<boolean> {
    try {
      await this.dataSource.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }

  get #sqlite(): Sqlite {
    return (this.dataSource.driver as BetterSqlite3Driver).databaseConnection as Sqlite;
  }
}

function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  return (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) || isBusy(driverError);
}
