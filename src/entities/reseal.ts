import BetterSqlite3 from 'better-sqlite3';
import type { Database } from './database.js';
import { refuseForeignSchema, withMigrationLock } from './open-database.js';
import { keyPurpose as providerKeyPurpose } from './providers-store.js';
import { UnreadableSecretError, type SecretBox } from './secret-box.js';
import { hashKeyPurpose, keyPurpose as litellmKeyPurpose } from './settings-store.js';

/** Other processes have the file open; nothing in it was touched. */
export class DatabaseInUseError extends Error {
  override name = 'DatabaseInUseError';
}

type Row = { id: number; sealed: string } & Record<string, unknown>;

/** Every place that holds a sealed value; a test finds those that are missing here. */
const places: {
  table: string;
  column: string;
  purpose: (row: Row) => string;
  called: (row: Row) => string;
}[] = [
  {
    table: 'settings',
    column: 'hash_key',
    purpose: () => hashKeyPurpose,
    called: () => 'the key of the hashes',
  },
  {
    table: 'settings',
    column: 'litellm_api_key',
    purpose: () => litellmKeyPurpose,
    called: () => 'the key of LiteLLM',
  },
  {
    table: 'providers',
    column: 'api_key',
    purpose: (row) => providerKeyPurpose(String(row['uuid'])),
    called: (row) => `the key of provider "${String(row['name'])}"`,
  },
];

/**
 * Runs `work` on the database while no other process has it open or opens it: what starts meanwhile waits as for a
 * migration. Throws `DatabaseInUseError` at once when it is open somewhere.
 */
export async function withDatabaseAlone(path: string, work: (database: LoneDatabase) => void): Promise<void> {
  await withMigrationLock(`${path}.lock`, () => {
    refuseForeignSchema(path);
    const sqlite = new BetterSqlite3(path, { fileMustExist: true, timeout: 0 });
    try {
      claim(sqlite, path);
      work(new LoneDatabase(sqlite));
    } finally {
      sqlite.close();
    }
  });
}

/** In WAL mode every connection holds a shared lock as long as it lives, so that an exclusive one finds idle ones too. */
function claim(sqlite: BetterSqlite3.Database, path: string): void {
  try {
    sqlite.pragma('locking_mode = EXCLUSIVE');
    sqlite.exec('BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) throw error;
    throw new DatabaseInUseError(
      `${path} is in use: stop api and worker first (and whatever else has this file open). Nothing was changed.`,
      { cause: error },
    );
  }
  // A commit must have reached the disk before the old key goes; and what the old key opens must not stay behind in free pages.
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('secure_delete = ON');
}

const proofQuery = 'SELECT hash_key AS sealed FROM settings';

/** What tells whether a database was sealed with a key; false as well where nothing was sealed yet. */
export async function proofOf(database: Database): Promise<(box: SecretBox) => boolean> {
  const row = await database.row<{ sealed: string }>(proofQuery);
  return (box) => row !== undefined && box.opens(row.sealed, hashKeyPurpose);
}

export class LoneDatabase {
  constructor(private readonly sqlite: BetterSqlite3.Database) {}

  /** As `proofOf`. */
  opensWith(box: SecretBox): boolean {
    const row = this.sqlite.prepare<[], { sealed: string }>(proofQuery).get();
    return row !== undefined && box.opens(row.sealed, hashKeyPurpose);
  }

  /** All or nothing. Returns how many. */
  reseal(from: SecretBox, to: SecretBox): number {
    return this.sqlite
      .transaction(() => {
        const opened = this.#openAll(from);
        for (const { table, column, id, plain, purpose } of opened) {
          this.sqlite
            .prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`)
            .run(to.seal(plain, purpose), id);
        }
        return opened.length;
      })
      .immediate();
  }

  /** Values that were replaced long ago lie in free pages and in the log, and the old key still opens them. */
  eraseTraces(): void {
    this.sqlite.exec('VACUUM');
    this.sqlite.pragma('wal_checkpoint(TRUNCATE)');
  }

  #openAll(box: SecretBox) {
    const rows = places.flatMap((place) =>
      this.sqlite
        .prepare<[], Row>(
          `SELECT *, ${place.column} AS sealed FROM ${place.table} WHERE ${place.column} IS NOT NULL`,
        )
        .all()
        .map((row) => ({ ...place, row, purpose: place.purpose(row) })),
    );
    const unreadable = rows.filter(({ row, purpose }) => !box.opens(row.sealed, purpose));
    if (unreadable.length > 0) {
      const names = unreadable.map(({ called, row }) => called(row)).join(', ');
      throw new UnreadableSecretError(
        `The secret key does not open ${names}. Start the product, enter that key again or remove it, and rotate then. ` +
          'Nothing was changed.',
      );
    }
    return rows.map(({ table, column, row, purpose }) => ({
      table,
      column,
      id: row.id,
      purpose,
      plain: box.open(row.sealed, purpose),
    }));
  }
}
