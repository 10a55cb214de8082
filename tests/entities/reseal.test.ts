import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { ForeignSchemaError } from '../../src/entities/open-database.js';
import { DatabaseInUseError, withDatabaseAlone } from '../../src/entities/reseal.js';
import { SecretBox, UnreadableSecretError } from '../../src/entities/secret-box.js';
import { createStores } from '../../src/entities/stores.js';
import {
  at,
  providerValues,
  secretKey,
  temporaryDatabase,
  type TemporaryDatabase,
} from './temporary-database.js';

const old = new SecretBox(secretKey);
const next = new SecretBox('the next secret key');
const sealedForm = /^v1\.[\w-]{16}\.[\w-]{22}\.[\w-]*$/;

describe('resealing', () => {
  let file: TemporaryDatabase;

  beforeEach(async () => {
    file = await temporaryDatabase();
    const { settings, providers } = file.stores;
    await settings.ensure({
      litellmBaseUrl: 'http://litellm:4000',
      litellmApiKey: 'sk-of-litellm-0001',
      syncIntervalSeconds: 0,
      now: at(1),
    });
    await providers.insert(providerValues('one'), 'sk-of-one-000000001', at(1));
    await providers.insert(providerValues('without'), null, at(1));
    await providers.insert(providerValues('two'), 'sk-of-two-000000002', at(1));
  });
  afterEach(() => file.close());

  const close = () => file.database.close();
  const reseal = async (from = old, to = next) => {
    let count = 0;
    await withDatabaseAlone(file.path, (database) => {
      count = database.reseal(from, to);
    });
    return count;
  };

  /** Every cell of every table, as `table.column#id`. */
  function cells(): Map<string, unknown> {
    const sqlite = new BetterSqlite3(file.path, { readonly: true });
    try {
      const tables = sqlite
        .prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`)
        .all();
      return new Map(
        tables.flatMap(({ name }) =>
          sqlite
            .prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`)
            .all()
            .flatMap((row) =>
              Object.entries(row).map(
                ([column, value]) => [`${name}.${column}#${String(row['id'])}`, value] as const,
              ),
            ),
        ),
      );
    } finally {
      sqlite.close();
    }
  }
  const sealedCells = () =>
    new Map(
      [...cells()].filter(([, value]) => sealedForm.test(String(value))).map(([k, v]) => [k, String(v)]),
    );
  const bytes = () =>
    readdirSync(dirname(file.path))
      .filter((name) => name.startsWith(basename(file.path)))
      .map((name) => readFileSync(join(dirname(file.path), name)).toString('latin1'))
      .join('');

  test('every sealed value of every table gets the new key and keeps its text; nothing else changes', async () => {
    const hashKey = Buffer.from(await file.stores.settings.hashKey());
    await close();
    const [before, sealedBefore] = [cells(), sealedCells()];
    expect([...sealedBefore.keys()].sort()).toEqual([
      'providers.api_key#1',
      'providers.api_key#3',
      'settings.hash_key#1',
      'settings.litellm_api_key#1',
    ]);
    expect(await reseal()).toBe(4);
    const after = cells();
    const changed = [...after].filter(([cell, value]) => before.get(cell) !== value).map(([cell]) => cell);
    expect(changed.sort()).toEqual([...sealedBefore.keys()].sort());

    const again = createStores((await file.again()).database, next);
    expect(Buffer.from(await again.settings.hashKey())).toEqual(hashKey);
    expect((await again.settings.destinationAccess())?.apiKey).toBe('sk-of-litellm-0001');
    expect(await again.providers.apiKeyOf(1)).toBe('sk-of-one-000000001');
    expect(await again.providers.apiKeyOf(2)).toBeUndefined();
    expect(await again.providers.apiKeyOf(3)).toBe('sk-of-two-000000002');
    expect(await again.providers.withUnreadableKey()).toEqual([]);
  });

  test('a failure in the middle changes nothing', async () => {
    await close();
    const before = cells();
    const seal = jest.spyOn(next, 'seal').mockImplementation((plain, purpose) => {
      if (purpose.startsWith('providers')) throw new Error('in the middle');
      return old.seal(plain, purpose);
    });
    await expect(reseal()).rejects.toThrow('in the middle');
    seal.mockRestore();
    expect(cells()).toEqual(before);
  });

  test('one key that does not open is named, and nothing changes', async () => {
    await file.database.dataSource.query(
      'UPDATE providers SET api_key = (SELECT api_key FROM providers WHERE id = 1) WHERE id = 3',
    );
    expect(await file.stores.providers.withUnreadableKey()).toEqual(['two']);
    await close();
    const before = cells();
    const refusal = await reseal().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UnreadableSecretError);
    expect((refusal as Error).message).toContain('the key of provider "two"');
    expect((refusal as Error).message).not.toContain('"one"');
    expect(cells()).toEqual(before);
  });

  test('what the old key had sealed is in no byte of the files afterwards, long replaced values included', async () => {
    const { providers } = file.stores;
    const replaced = [...sealedCells().values()];
    await providers.update((await providers.byId(1))!, {}, 'sk-another-one-00001', at(2));
    await file.database.dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)');
    const everSealed = [...new Set([...replaced, ...sealedCells().values()])];
    await close();
    expect(everSealed).toHaveLength(5);
    await withDatabaseAlone(file.path, (database) => {
      database.reseal(old, next);
      database.eraseTraces();
    });
    expect(everSealed.filter((text) => bytes().includes(text))).toEqual([]);
    expect([...sealedCells().values()].filter((text) => !bytes().includes(text))).toEqual([]);
  });

  describe('while somebody has the database open', () => {
    let other: ChildProcess | undefined;
    afterEach(async () => {
      if (other === undefined) return;
      other.kill('SIGKILL');
      await once(other, 'exit');
      other = undefined;
    });

    test('another connection that does nothing is enough to refuse, and nothing changes', async () => {
      const before = cells();
      await expect(reseal()).rejects.toThrow(DatabaseInUseError);
      await expect(reseal()).rejects.toThrow(/stop api and worker first/);
      expect(cells()).toEqual(before);
      await close();
      expect(await reseal()).toBe(4);
    });

    test('another process counts as well, until it was killed', async () => {
      await close();
      const code = `const { openDatabase } = await import('./src/entities/open-database.ts');
        await openDatabase(process.argv[1]); console.log('open'); setInterval(() => {}, 1000);`;
      const { NODE_OPTIONS: _, ...env } = process.env;
      other = spawn(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', code, '--', file.path],
        { env, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(other.stdout!, 'data');
      await expect(reseal()).rejects.toThrow(DatabaseInUseError);
      other.kill('SIGKILL');
      await once(other, 'exit');
      other = undefined;
      expect(await reseal()).toBe(4);
    });

    test('who wants to open it while it is resealed waits for the end', async () => {
      await close();
      let opening: Promise<unknown> = Promise.resolve();
      let opened = false;
      await withDatabaseAlone(file.path, (database) => {
        opening = file.again().then(() => (opened = true));
        database.reseal(old, next);
        expect(opened).toBe(false);
      });
      await opening;
      expect(opened).toBe(true);
    });
  });

  test('a database of another program is refused, and not one byte of it changes: its keys are in clear', async () => {
    await close();
    const path = join(dirname(file.path), 'predecessor.db');
    const foreign = new BetterSqlite3(path);
    foreign.exec(`CREATE TABLE providers (id INTEGER PRIMARY KEY, name TEXT, api_key TEXT);
      INSERT INTO providers (name, api_key) VALUES ('old', 'sk-old')`);
    foreign.close();
    const before = readFileSync(path);
    await expect(withDatabaseAlone(path, (database) => void database.reseal(old, next))).rejects.toThrow(
      ForeignSchemaError,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
