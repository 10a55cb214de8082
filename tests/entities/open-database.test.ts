import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import type { Database } from '../../src/entities/database.js';
import { ForeignSchemaError, openDatabase } from '../../src/entities/open-database.js';
import { SecretBox } from '../../src/entities/secret-box.js';
import { Settings } from '../../src/entities/settings.js';
import { createStores } from '../../src/entities/stores.js';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';
import { until } from '../support/until.js';
import { at, providerValues } from './temporary-database.js';

const ours = [
  'api_tokens',
  'audit_events',
  'deployments',
  'job_runs',
  'litellm_updater_migrations',
  'models',
  'providers',
  'settings',
  'sync_runs',
];

describe('opening the database', () => {
  let dir: string;
  let path: string;
  let opened: Database[];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'litellm-updater-open-'));
    path = join(dir, 'data', 'models.db');
    opened = [];
  });
  afterEach(async () => {
    for (const database of opened) await database.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function open(): Promise<Database> {
    const database = await openDatabase(path);
    opened.push(database);
    return database;
  }

  function read<T>(look: (sqlite: BetterSqlite3.Database) => T): T {
    const sqlite = new BetterSqlite3(path, { readonly: true });
    try {
      return look(sqlite);
    } finally {
      sqlite.close();
    }
  }

  const tables = () =>
    read((sqlite) =>
      sqlite
        .prepare<[], { name: string }>(
          `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
        )
        .all()
        .map((row) => row.name),
    );
  const schema = () =>
    read((sqlite) =>
      sqlite
        .prepare<[], { sql: string }>(`SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name`)
        .all()
        .map((row) => row.sql),
    );
  const migrations = () =>
    read((sqlite) => sqlite.prepare('SELECT name FROM litellm_updater_migrations').all());

  function openInProcess() {
    const { NODE_OPTIONS: _, ...env } = withoutProductVariables();
    const code = `const { openDatabase } = await import('./src/entities/open-database.ts');
      await (await openDatabase(process.argv[1])).close();`;
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', code, '--', path],
      {
        env,
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    return once(child, 'exit').then(([exitCode]: unknown[]) => exitCode);
  }

  test('D3: from nothing, the migrations make every table, and the folder too', async () => {
    await open();
    expect(tables()).toEqual(ours);
  });

  test('D1: a second start finds nothing to migrate and leaves nothing behind', async () => {
    await (await open()).close();
    opened = [];
    const before = [schema(), migrations()];
    const database = await open();
    expect([schema(), migrations()]).toEqual(before);
    expect(await database.dataSource.showMigrations()).toBe(false);
    expect(tables()).toEqual(ours);
  });

  test('D3: any number of openings of one fresh file at once migrate it once', async () => {
    const databases = await Promise.all(Array.from({ length: 5 }, () => open()));
    expect(migrations()).toHaveLength(3);
    expect(tables()).toEqual(ours);
    for (const database of databases) expect(await database.isAlive()).toBe(true);
  });

  test('D3: several processes at once on one fresh file migrate it once, and all of them succeed', async () => {
    expect(await Promise.all([openInProcess(), openInProcess(), openInProcess()])).toEqual([0, 0, 0]);
    expect(migrations()).toHaveLength(3);
    expect(tables()).toEqual(ours);
  });

  test('D3: the entities and the migrated tables have the same columns, which may be null alike', async () => {
    const { dataSource } = await open();
    expect(dataSource.entityMetadatas.map((entity) => entity.tableName).sort()).toEqual(
      ours.filter((name) => name !== 'litellm_updater_migrations'),
    );
    for (const entity of dataSource.entityMetadatas) {
      const stored = entity.columns.filter((column) => !column.isVirtualProperty);
      const wanted = stored.map((column) => ({
        name: column.databaseName,
        type: column.type === 'simple-json' ? 'text' : dataSource.driver.normalizeType(column),
        nullable: column.isNullable,
        primary: column.isPrimary,
      }));
      const found = read((sqlite) =>
        sqlite
          .prepare<[], { name: string; type: string; notnull: number; pk: number }>(
            `PRAGMA table_info("${entity.tableName}")`,
          )
          .all(),
      ).map((column) => ({
        name: column.name,
        type: column.type.toLowerCase(),
        nullable: column.notnull === 0 && column.pk === 0,
        primary: column.pk > 0,
      }));
      const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
      expect({ table: entity.tableName, columns: found.sort(byName) }).toEqual({
        table: entity.tableName,
        columns: wanted.sort(byName),
      });
    }
  });

  test('D2: a provider of every kind and of every Ollama mode can be stored', async () => {
    const { providers } = createStores(await open(), new SecretBox('a secret key of the tests'));
    const kinds = [
      { type: 'ollama', defaultOllamaMode: 'ollama' },
      { type: 'ollama', defaultOllamaMode: 'ollama_chat' },
      { type: 'ollama', defaultOllamaMode: 'openai' },
      { type: 'openai', defaultOllamaMode: null },
      { type: 'litellm', defaultOllamaMode: null },
    ] as const;
    for (const [index, kind] of kinds.entries()) {
      expect(await providers.insert(providerValues(`p${index}`, kind), null, at(1))).toMatchObject(kind);
    }
  });

  test('D1: a database of the predecessor is refused with a message, and not one byte of it changes', async () => {
    rmSync(dir, { recursive: true });
    path = join(mkdtempSync(dir), 'models.db');
    dir = join(path, '..');
    const old = new BetterSqlite3(path);
    old.exec(`CREATE TABLE config (id INTEGER PRIMARY KEY, litellm_base_url TEXT);
      CREATE TABLE providers (id INTEGER PRIMARY KEY, name TEXT UNIQUE, api_key TEXT);
      CREATE TABLE models (id INTEGER PRIMARY KEY, provider_id INTEGER, model_id TEXT);
      INSERT INTO providers (name, api_key) VALUES ('old', 'sk-old')`);
    old.close();
    const before = readFileSync(path);

    const refusal = await openDatabase(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ForeignSchemaError);
    expect((refusal as Error).message).toContain(path);
    expect((refusal as Error).message).toContain('DATABASE_PATH');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test('the file is opened as the design says: WAL, foreign keys, NORMAL, a busy timeout below the job lock', async () => {
    const { dataSource } = await open();
    const pragma = async (name: string) =>
      Object.values((await dataSource.query<Record<string, unknown>[]>(`PRAGMA ${name}`))[0] ?? {})[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('synchronous')).toBe(1);
    expect(await pragma('busy_timeout')).toBe(4_000);
  });

  test('a write that meets another process with the lock is tried again until it is through', async () => {
    const database = await open();
    const stores = createStores(database, new SecretBox('a secret key of the tests'));
    await stores.settings.ensure({ litellmBaseUrl: null, syncIntervalSeconds: 0, now: at(1) });
    await database.dataSource.query('PRAGMA busy_timeout = 0'); // the driver's own wait would block this test, too
    const other = new BetterSqlite3(path);
    other.exec('BEGIN IMMEDIATE');
    let tries = 0;
    const write = database.patiently(() => {
      tries += 1;
      return database.repository(Settings).update({ id: 1 }, { runRetentionDays: 99 });
    });
    await until('a few tries', () => tries >= 3);
    expect((await stores.settings.get()).runRetentionDays).toBe(30);
    other.exec('ROLLBACK');
    other.close();
    await write;
    expect((await stores.settings.get()).runRetentionDays).toBe(99);
  });
});
