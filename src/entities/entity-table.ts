import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

type Values = Record<string, unknown>;

/**
 * One-row statements of an entity with TypeORM's own names and conversions, for what runs in each job: its query builder
 * takes ten times as long as SQLite itself. Every value is compared with IS, so that null finds null.
 */
export class EntityTable {
  readonly #metadata;
  readonly #driver;

  constructor(dataSource: DataSource, entity: EntityTarget<ObjectLiteral>) {
    this.#metadata = dataSource.getMetadata(entity);
    this.#driver = dataSource.driver;
  }

  select(where: Values): string {
    const table = `"${this.#metadata.tableName}"`;
    const parts = this.#selected.map(({ databaseName, query }) =>
      query === undefined ? `"${databaseName}"` : `(${query(table)}) AS "${databaseName}"`,
    );
    return `SELECT ${parts.join(', ')} FROM ${table} WHERE ${this.#matches(where)}`;
  }

  insert(values: Values): string {
    const names = this.#columnsOf(values).map((column) => `"${column.databaseName}"`);
    const marks = names.map(() => '?').join(', ');
    return `INSERT INTO "${this.#metadata.tableName}" (${names.join(', ')}) VALUES (${marks})`;
  }

  update(where: Values, values: Values): string {
    const edits = this.#columnsOf(values).map((column) => `"${column.databaseName}" = ?`);
    return `UPDATE "${this.#metadata.tableName}" SET ${edits.join(', ')} WHERE ${this.#matches(where)}`;
  }

  /** In the order of the question marks; what is undefined has none. */
  parameters(values: Values): unknown[] {
    return this.#columnsOf(values).map((column): unknown =>
      this.#driver.preparePersistentValue(values[column.propertyName], column),
    );
  }

  /** As a repository would return it: without the columns that are not selected by themselves. */
  entity(row: Values): ObjectLiteral {
    const entity = this.#metadata.create() as Values;
    for (const column of this.#selected) {
      entity[column.propertyName] = this.#driver.prepareHydratedValue(
        row[column.databaseName],
        column,
      ) as unknown;
    }
    return entity;
  }

  #matches(where: Values): string {
    return this.#columnsOf(where)
      .map((column) => `"${column.databaseName}" IS ?`)
      .join(' AND ');
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

  get #selected() {
    return this.#metadata.columns.filter((column) => column.isSelect);
  }
}
