import BetterSqlite3 from 'better-sqlite3';
import { lapOf, type Lap } from './alternate.js';
import { layFoundation } from './foundation.js';
import { insertProvider } from './insert-provider.js';

type Row = Record<string, string | number | null>;

const rowsInTransaction = 100;

/** A file with the product's schema, written by nothing but one prepared statement. */
export async function openBareModels(folder: string) {
  const { path, stores, close } = await layFoundation(folder, 'bare');
  const sqlite = new BetterSqlite3(path);
  // As in src/entities/open-database.ts.
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = NORMAL');
  sqlite.pragma('foreign_keys = ON');

  const columns = sqlite
    .prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('models') WHERE name <> 'id'`)
    .all()
    .map(({ name }) => name);
  const changeable = columns.filter((name) => !['provider_id', 'model_id'].includes(name));
  const upsert = sqlite.prepare<[Row]>(
    `INSERT INTO models (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})
     ON CONFLICT (provider_id, model_id) DO UPDATE SET ${changeable.map((name) => `${name} = excluded.${name}`).join(', ')}`,
  );
  const storeAll = sqlite.transaction((rows: Row[]) => rows.forEach((row) => upsert.run(row)));

  return {
    /** What the product stored, to write the same. */
    rowsOf(productPath: string, providerId: number): Row[] {
      const product = new BetterSqlite3(productPath, { readonly: true });
      const rows = product
        .prepare<[number], Row>(`SELECT ${columns.join(', ')} FROM models WHERE provider_id = ?`)
        .all(providerId);
      product.close();
      return rows;
    },
    newProvider: async () => (await insertProvider(stores)).id,
    async lap(providerId: number, rows: Row[]): Promise<Lap> {
      const own = rows.map((row) => ({ ...row, provider_id: providerId }));
      return lapOf(own.length, () => {
        for (let start = 0; start < own.length; start += rowsInTransaction)
          storeAll.immediate(own.slice(start, start + rowsInTransaction));
      });
    },
    async close() {
      sqlite.close();
      await close();
    },
  };
}
