import type SqliteDatabase from 'better-sqlite3';

/** `lower()` of SQLite for every alphabet. */
export const lowerCaseFunction = 'lower_unicode';

export function addLowerCase(sqlite: SqliteDatabase.Database): void {
  sqlite.function(lowerCaseFunction, { deterministic: true }, (text: unknown) =>
    typeof text === 'string' ? text.toLowerCase() : null,
  );
}
