import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

type Values = Record<string, unknown>;

/**
 * Statements of an entity with TypeORM's own names and conversions, for what runs in each job and each request: its query
 * builder takes ten times as long as SQLite itself.
 */
export class EntityTable {
  /** The beginning of a statement that reads rows. */
  readonly select: string;
  readonly #metadata;
  readonly #driver;
  readonly #selected;

  constructor(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>) {
    this.#metadata = dataSource.getMetadata(entity);
    this.#driver = dataSource.driver;
    this.#selected = this.#metadata.columns.filter((column) => column.isSelect);
    const table = `"${this.#metadata.tableName}"`;
    const parts = this.#selected.map(({ databaseName, query }) =>
      query === undefined ? `"${databaseName}"` : `(${query(table)}) AS "${databaseName}"`,
    );
    this.select = `SELECT ${parts.join(', ')} FROM ${table}`;
  }

  get counts(): string {
    return `SELECT COUNT(*) AS total FROM "${this.#metadata.tableName}"`;
  }

  /** What follows those two. An index that leaves null out serves `=`, never `IS ?`. */
  where(values: Values): { sql: string; parameters: unknown[] } {
    const undecided = Object.keys(values).find((name) => values[name] === undefined);
    if (undecided !== undefined)
      throw new Error(`${this.#metadata.name} is looked for by an unknown ${undecided}`);
    const conditions = this.#columnsOf(values).map(({ databaseName, propertyName }) =>
      values[propertyName] === null ? `"${databaseName}" IS NULL` : `"${databaseName}" = ?`,
    );
    return {
      sql: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
      parameters: this.parameters(values).filter((value) => value !== null),
    };
  }

  insert(values: Values): string {
    const names = this.#columnsOf(values).map((column) => `"${column.databaseName}"`);
    const marks = names.map(() => '?').join(', ');
    return `INSERT INTO "${this.#metadata.tableName}" (${names.join(', ')}) VALUES (${marks})`;
  }

  update(where: Values, values: Values): { sql: string; parameters: unknown[] } {
    const matching = this.where(where);
    if (matching.sql === '')
      throw new Error(`an update of every row of ${this.#metadata.tableName} is a mistake`);
    const edits = this.#columnsOf(values).map((column) => `"${column.databaseName}" = ?`);
    return {
      sql: `UPDATE "${this.#metadata.tableName}" SET ${edits.join(', ')} ${matching.sql}`,
      parameters: [...this.parameters(values), ...matching.parameters],
    };
  }

  /** In the order of the question marks; what is undefined has none. */
  parameters(values: Values): unknown[] {
    return this.#columnsOf(values).map((column): unknown =>
      this.#driver.preparePersistentValue(values[column.propertyName], column),
    );
  }

  /** From the values of a row in the order of `select`, as a repository would return it. */
  entity(row: unknown[]): ObjectLiteral {
    const entity = this.#metadata.create() as Values;
    for (const [index, column] of this.#selected.entries()) {
      entity[column.propertyName] = this.#driver.prepareHydratedValue(row[index], column) as unknown;
    }
    return entity;
  }

  /** A name that is no column would otherwise be left out without a word. */
  #columnsOf(values: Values) {
    return Object.keys(values)
      .filter((name) => values[name] !== undefined)
      .map((name) => {
        const column = this.#metadata.findColumnWithPropertyName(name);
        if (column === undefined) throw new Error(`${this.#metadata.name} has no column ${name}`);
        return column;
      });
  }
}
