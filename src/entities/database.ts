import { setTimeout as pause } from 'node:timers/promises';
import type SqliteDatabase from 'better-sqlite3';
import type { DataSource, EntityTarget, FindOptionsWhere, ObjectLiteral, Repository } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { EntityTable } from './entity-table.js';

/** What a transaction may use. A statement is prepared once and kept, so it must not be changed (`pluck`, `raw`, `bind`). */
export type Sqlite = Pick<SqliteDatabase.Database, 'prepare'>;

/** Far more than the code has; edits by people come in many combinations of columns. */
const maxStatements = 500;

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
  readonly #statements = new Map<string, SqliteDatabase.Statement>();
  readonly #tables = new Map<EntityTarget<ObjectLiteral>, EntityTable>();
  readonly #prepared: Sqlite = { prepare: (sql: string) => this.#prepare(sql) as never };

  #lastWriteAt = -Infinity;

  constructor(readonly dataSource: DataSource) {}

  repository<T extends ObjectLiteral>(entity: EntityTarget<T>): Repository<T> {
    return this.dataSource.getRepository(entity);
  }

  /** `work` must not await; it runs again from its beginning while another process holds the lock. */
  async write<T>(work: (sqlite: Sqlite) => T): Promise<T> {
    const result = await this.patiently(() =>
      this.#sqlite.transaction(() => work(this.#prepared)).immediate(),
    );
    this.#lastWriteAt = performance.now();
    return result;
  }

  /** One statement that reads one row, under the names of the database. */
  async row<T>(sql: string, ...parameters: unknown[]): Promise<T | undefined> {
    return this.patiently(() => this.#prepare(sql).get(...parameters) as T | undefined);
  }

  /** The same of many. */
  async rows<T>(sql: string, ...parameters: unknown[]): Promise<T[]> {
    return this.patiently(() => this.#prepare(sql).all(...parameters) as T[]);
  }

  /** The row with these values, as its repository would return it. */
  async one<T extends ObjectLiteral>(entity: EntityTarget<T>, where: Partial<NoInfer<T>>): Promise<T | null> {
    const { sql, parameters } = this.#table(entity).where(where);
    const [row] = await this.many(entity, sql, ...parameters);
    return row ?? null;
  }

  /** Rows as their repository would return them; `rest` is what follows `SELECT … FROM <its table>`. */
  async many<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    rest: string,
    ...parameters: unknown[]
  ): Promise<T[]> {
    const table = this.#table(entity);
    const rows = await this.patiently(
      () => this.#prepare(`${table.select} ${rest}`, 'values').all(...parameters) as unknown[][],
    );
    return rows.map((row) => table.entity(row) as T);
  }

  /** Those with these values, the newest first, and how many there are. */
  async newest<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    where: Partial<NoInfer<T>>,
    { limit, offset }: { limit: number; offset: number },
  ): Promise<{ items: T[]; total: number }> {
    const table = this.#table(entity);
    const { sql, parameters } = table.where(where);
    const items = await this.many(
      entity,
      `${sql} ORDER BY id DESC LIMIT ? OFFSET ?`,
      ...parameters,
      limit,
      offset,
    );
    const counted = await this.row<{ total: number }>(`${table.counts} ${sql}`, ...parameters);
    return { items, total: counted?.total ?? 0 };
  }

  /** One statement. Returns the new id. */
  async insert<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    values: Partial<NoInfer<T>>,
  ): Promise<number> {
    const table = this.#table(entity);
    return this.patiently(() => {
      const { lastInsertRowid } = this.#prepare(table.insert(values)).run(...table.parameters(values));
      return Number(lastInsertRowid);
    });
  }

  /** One statement. Returns how many rows it changed. */
  async update<T extends ObjectLiteral>(
    entity: EntityTarget<T>,
    where: Partial<NoInfer<T>>,
    values: Partial<NoInfer<T>>,
  ): Promise<number> {
    return this.patiently(() => this.updateIn(this.#prepared, entity, where, values));
  }

  /** The same inside a transaction. */
  updateIn<T extends ObjectLiteral>(
    sqlite: Sqlite,
    entity: EntityTarget<T>,
    where: Partial<NoInfer<T>>,
    values: Partial<NoInfer<T>>,
  ): number {
    const { sql, parameters } = this.#table(entity).update(where, values);
    return sqlite.prepare(sql).run(...parameters).changes;
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

  /** Before a write, for callers that write many times in a row: other processes get their turn between two of them. */
  async breathe(): Promise<void> {
    const restMs = breatherMs - (performance.now() - this.#lastWriteAt);
    if (restMs > 0) await pause(restMs);
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

  /**
   * SQLite prepares a kept statement anew by itself when the schema was changed. As objects, rows of many columns take
   * twice as long to read as their bare values.
   */
  #prepare(sql: string, rowsAs: 'objects' | 'values' = 'objects'): SqliteDatabase.Statement {
    const key = `${rowsAs} ${sql}`;
    const kept = this.#statements.get(key);
    if (kept !== undefined) return kept;
    const statement = this.#sqlite.prepare(sql);
    if (rowsAs === 'values') statement.raw();
    if (this.#statements.size >= maxStatements) this.#statements.clear();
    this.#statements.set(key, statement);
    return statement;
  }

  #table(entity: EntityTarget<ObjectLiteral>): EntityTable {
    const table = this.#tables.get(entity) ?? new EntityTable(this.dataSource, entity);
    this.#tables.set(entity, table);
    return table;
  }

  get #sqlite(): SqliteDatabase.Database {
    return (this.dataSource.driver as BetterSqlite3Driver).databaseConnection as SqliteDatabase.Database;
  }
}

function isBusy(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  return (typeof code === 'string' && code.startsWith('SQLITE_BUSY')) || isBusy(driverError);
}

/** A UNIQUE rule of the database refused the write. */
export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SQLITE_CONSTRAINT_UNIQUE';
}
