import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';
import { SecretBox } from '../../src/entities/secret-box.js';
import { WrongSecretKeyError } from '../../src/entities/settings-store.js';
import { createStores } from '../../src/entities/stores.js';
import { at, providerValues, temporaryDatabase, type TemporaryDatabase } from './temporary-database.js';

const planted = 'sk-planted-0123456789abcdef';
const first = { litellmBaseUrl: 'http://litellm:4000', syncIntervalSeconds: 300, now: at(1) };

describe('keys at rest', () => {
  let file: TemporaryDatabase;
  beforeEach(async () => {
    file = await temporaryDatabase();
  });
  afterEach(() => file.close());

  /** Every byte that SQLite keeps: the file, its write-ahead log and the rest. */
  const bytes = () =>
    readdirSync(dirname(file.path))
      .filter((name) => name.startsWith(basename(file.path)))
      .map((name) => readFileSync(join(dirname(file.path), name)).toString('latin1'))
      .join('');

  test('a key of a provider is nowhere in the files, and comes back in clear for its own use', async () => {
    const { providers } = file.stores;
    const provider = await providers.insert(providerValues('a-visible-name'), planted, at(1));
    expect(bytes()).toContain('a-visible-name');
    expect(bytes()).not.toContain(planted);
    expect(bytes()).not.toContain(Buffer.from(planted).toString('base64url'));
    expect(await providers.apiKeyOf(provider.id)).toBe(planted);
    expect(JSON.stringify([await providers.byId(provider.id), await providers.list()])).not.toContain(
      'planted',
    );
    expect(provider).toMatchObject({ hasApiKey: true, apiKeyHint: 'cdef' });

    const changed = (await providers.update(provider, {}, `${planted}-new`, at(2)))!;
    expect(changed.apiKeyHint).toBe('-new');
    expect(bytes()).not.toContain(planted);
    const kept = (await providers.update(changed, {}, undefined, at(3)))!;
    expect(kept.hasApiKey).toBe(true);
    expect(await providers.apiKeyOf(provider.id)).toBe(`${planted}-new`);
    expect(await providers.update(kept, {}, null, at(4))).toMatchObject({
      hasApiKey: false,
      apiKeyHint: null,
    });
    expect(await providers.apiKeyOf(provider.id)).toBeUndefined();
  });

  test("LiteLLM's key and the key of the hashes are nowhere in the files", async () => {
    const { settings } = file.stores;
    await settings.ensure({ ...first, litellmApiKey: planted });
    expect(bytes()).toContain('http://litellm:4000');
    expect(bytes()).not.toContain(planted);
    expect(await settings.destinationAccess()).toEqual({ baseUrl: 'http://litellm:4000', apiKey: planted });
    const hashKey = Buffer.from(await settings.hashKey());
    expect(hashKey).toHaveLength(32);
    expect(bytes()).not.toContain(hashKey.toString('base64url'));
    expect(bytes()).not.toContain(hashKey.toString('latin1'));
    expect(JSON.stringify(await settings.get())).not.toContain('planted');
  });

  test('a ciphertext that was copied to another provider does not open there', async () => {
    const { providers } = file.stores;
    const [one, two] = [
      await providers.insert(providerValues('one'), planted, at(1)),
      await providers.insert(providerValues('two'), 'sk-another-key-of-two', at(1)),
    ];
    await file.database.dataSource.query(
      'UPDATE providers SET api_key = (SELECT api_key FROM providers WHERE id = ?) WHERE id = ?',
      [one.id, two.id],
    );
    await expect(providers.apiKeyOf(two.id)).rejects.toThrow();
  });

  test('a wrong SECRET_KEY is refused at the start with what to do, and changes nothing', async () => {
    await file.stores.settings.ensure({ ...first, litellmApiKey: planted });
    const before = await file.stores.settings.get();
    const wrong = createStores(file.database, new SecretBox('another secret key'));
    const refusal = await wrong.settings
      .ensure({ ...first, litellmApiKey: 'x' })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(WrongSecretKeyError);
    expect((refusal as Error).message).toMatch(/SECRET_KEY.*secret\.key/s);
    expect(await file.stores.settings.get()).toEqual(before);
    expect((await file.stores.settings.destinationAccess())?.apiKey).toBe(planted);
  });

  test.each(['api', 'worker'])(
    'the %s ends with the words, and without a stack, when its SECRET_KEY is wrong',
    async (name) => {
      await file.stores.settings.ensure(first);
      const { NODE_OPTIONS: _, ...env } = withoutProductVariables();
      const child = spawn(process.execPath, ['--import', 'tsx', `src/main/${name}.ts`], {
        env: {
          ...env,
          DATA_DIR: dirname(file.path),
          SECRET_KEY: 'not the key of the tests',
          REDIS_URL: 'redis://127.0.0.1:1',
          PORT: '0',
        },
      });
      let output = '';
      child.stderr.on('data', (data: Buffer) => (output += data.toString()));
      const [exitCode] = (await once(child, 'exit')) as [number];
      expect(exitCode).toBe(78); // sysexits.h EX_CONFIG: not worth a restart
      expect(output).toContain('SECRET_KEY does not open the stored keys');
      expect(output).not.toContain('    at ');
      expect(output).not.toContain('not the key of the tests');
    },
  );

  test('the first values of the settings are first values only: the database wins afterwards', async () => {
    const { settings } = file.stores;
    await settings.ensure({ ...first, litellmApiKey: planted });
    await settings.update(await settings.get(), { syncIntervalSeconds: 60 }, undefined, at(2));
    await settings.ensure({
      litellmBaseUrl: 'http://other',
      syncIntervalSeconds: 900,
      litellmApiKey: 'x',
      now: at(3),
    });
    expect(await settings.get()).toMatchObject({
      litellmBaseUrl: 'http://litellm:4000',
      syncIntervalSeconds: 60,
    });
    expect((await settings.destinationAccess())?.apiKey).toBe(planted);
  });

  test('two first starts at once agree on one instance and one hash key', async () => {
    const other = await file.again();
    await Promise.all([file.stores.settings.ensure(first), other.stores.settings.ensure(first)]);
    expect((await other.stores.settings.get()).instanceId).toBe(
      (await file.stores.settings.get()).instanceId,
    );
    expect(Buffer.from(await other.stores.settings.hashKey())).toEqual(
      Buffer.from(await file.stores.settings.hashKey()),
    );
  });
});
