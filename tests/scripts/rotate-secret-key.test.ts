import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import winston from 'winston';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';
import { loadConfig } from '../../src/config.js';
import { layFoundation } from '../../src/main/assemble.js';
import { at, providerValues } from '../entities/temporary-database.js';

const planted = 'sk-planted-0123456789';
const logger = winston.createLogger({ silent: true });

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'litellm-updater-rotate-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const keyPath = () => join(dataDir, 'secret.key');
const nextPath = () => join(dataDir, 'secret.key.new');
const keyInFile = () => readFileSync(keyPath(), 'utf8').trim();

/** What api and worker do at their start. */
const start = (env: NodeJS.ProcessEnv = {}) =>
  layFoundation(
    loadConfig({ DATA_DIR: dataDir, SYNC_INTERVAL_SECONDS: '0', ...env }),
    logger,
    () => new Date(),
  );

/** A first start with one provider; returns the hash key, which no rotation may change. */
async function firstStart(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const foundation = await start({
    LITELLM_API_KEY: planted,
    LITELLM_URL: 'http://litellm:4000',
    ...env,
  });
  const { providers, settings } = foundation.stores;
  await providers.insert(providerValues('one'), planted, at(1));
  const hashKey = Buffer.from(await settings.hashKey()).toString('hex');
  await foundation.close();
  return hashKey;
}

/** What a start finds: all keys as they were. */
async function expectAllThere(hashKey: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const foundation = await start(env);
  try {
    const { providers, settings } = foundation.stores;
    expect(Buffer.from(await settings.hashKey()).toString('hex')).toBe(hashKey);
    expect((await settings.destinationAccess())?.apiKey).toBe(planted);
    expect(await providers.apiKeyOf(1)).toBe(planted);
  } finally {
    await foundation.close();
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { NODE_OPTIONS: _, ...rest } = withoutProductVariables();
  const child = spawn(process.execPath, args, {
    env: { ...rest, DATA_DIR: dataDir, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(output).not.toContain(planted);
  return { code, signal, output };
}

const rotate = (env: NodeJS.ProcessEnv = {}) => run(['dist/src/main/rotate-secret-key.js'], env);

describe('the command that rotates the secret key, where it is a file', () => {
  test('makes a new key for its owner only, reseals everything, and says how many', async () => {
    const hashKey = await firstStart();
    const old = keyInFile();
    const { code, output } = await rotate();
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Resealed 3 stored keys') });
    expect(output).toContain(keyPath());
    expect(keyInFile()).not.toBe(old);
    expect(output).not.toContain(keyInFile());
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
    expect(existsSync(nextPath())).toBe(false);
    await expectAllThere(hashKey);
    await expect(start({ SECRET_KEY: old })).rejects.toThrow('SECRET_KEY does not open the stored keys');
  });

  test('refuses a file that does not open the database: exit 78, nothing changed', async () => {
    const hashKey = await firstStart();
    const right = keyInFile();
    writeFileSync(keyPath(), 'a key of another installation\n');
    const { code, output } = await rotate();
    expect(code).toBe(78);
    expect(output).toContain(`${keyPath()} does not open the stored keys`);
    expect(output).not.toContain('    at ');
    expect(existsSync(nextPath())).toBe(false);
    writeFileSync(keyPath(), `${right}\n`);
    await expectAllThere(hashKey);
  });

  test('refuses when there is no key file, and makes none', async () => {
    await firstStart();
    rmSync(keyPath());
    const { code, output } = await rotate();
    expect([code, output]).toEqual([78, expect.stringContaining(`There is no ${keyPath()}`)]);
    expect(existsSync(keyPath())).toBe(false);
  });

  test('refuses when there is no database, and makes none', async () => {
    const { code, output } = await rotate();
    expect([code, output]).toEqual([78, expect.stringContaining('nothing to rotate')]);
    expect(existsSync(join(dataDir, 'models.db'))).toBe(false);
  });

  test('refuses NEW_SECRET_KEY, which would be forgotten', async () => {
    await firstStart();
    const { code, output } = await rotate({ NEW_SECRET_KEY: 'a-new-key-that-is-not-for-files' });
    expect([code, output]).toEqual([78, expect.stringContaining('unset NEW_SECRET_KEY')]);
  });

  test('refuses while the product is open, with what to do', async () => {
    const hashKey = await firstStart();
    const running = await start();
    const { code, output } = await rotate();
    expect([code, output]).toEqual([1, expect.stringContaining('stop api and worker first')]);
    await running.close();
    expect(existsSync(nextPath())).toBe(false);
    await expectAllThere(hashKey);
  });
});

describe('the command that rotates the secret key, where it is SECRET_KEY', () => {
  const [old, next] = ['the-present-key-of-a-test', 'the-next-key-of-a-test'];

  test('takes the new one from NEW_SECRET_KEY and says what to set; run again it says so again', async () => {
    const hashKey = await firstStart({ SECRET_KEY: old });
    const first = await rotate({ SECRET_KEY: old, NEW_SECRET_KEY: next });
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('Resealed 3 stored keys') });
    expect(first.output).toContain('set SECRET_KEY to what NEW_SECRET_KEY is');
    const second = await rotate({ SECRET_KEY: old, NEW_SECRET_KEY: next });
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining('already') });
    expect(first.output + second.output).not.toMatch(new RegExp(`${old}|${next}`));
    expect(existsSync(keyPath())).toBe(false);
    await expectAllThere(hashKey, { SECRET_KEY: next });
    await expect(start({ SECRET_KEY: old })).rejects.toThrow('SECRET_KEY does not open');
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['no new key', { SECRET_KEY: old }, /Set NEW_SECRET_KEY/],
    ['the same key', { SECRET_KEY: old, NEW_SECRET_KEY: old }, /the same as SECRET_KEY/],
    ['a short key', { SECRET_KEY: old, NEW_SECRET_KEY: 'too-short' }, /NEW_SECRET_KEY takes at least 16/],
    ['a wrong present key', { SECRET_KEY: 'this-is-not-the-key', NEW_SECRET_KEY: next }, /does not open/],
  ])('refuses %s: exit 78, nothing changed, no key repeated', async (_what, env, words) => {
    const hashKey = await firstStart({ SECRET_KEY: old });
    const { code, output } = await rotate(env);
    expect([code, output]).toEqual([78, expect.stringMatching(words)]);
    for (const key of Object.values(env)) expect(output).not.toContain(key);
    await expectAllThere(hashKey, { SECRET_KEY: old });
  });
});

describe('a rotation that is killed', () => {
  /** Where the process dies, as code that makes it so; and whether the old key still is in force then. */
  const deaths: [string, string, boolean][] = [
    ['before the next key is written', 'SecretKeyFile.prototype.prepareNext = die', true],
    ['when the next key is written, before anything is sealed', 'LoneDatabase.prototype.reseal = die', true],
    [
      'in the middle of the transaction',
      'const seal = SecretBox.prototype.seal; let n = 0; SecretBox.prototype.seal = function (...args) { if (++n === 3) die(); return seal.apply(this, args); }',
      true,
    ],
    ['after the commit, before the file is renamed', 'SecretKeyFile.prototype.promoteNext = die', false],
    ['after the rename, before the traces are erased', 'LoneDatabase.prototype.eraseTraces = die', false],
  ];

  const killed = (death: string) =>
    run([
      '--input-type=module',
      '--eval',
      `const { SecretKeyFile } = await import('./dist/src/main/secrets.js');
       const { LoneDatabase } = await import('./dist/src/entities/reseal.js');
       const { SecretBox } = await import('./dist/src/entities/secret-box.js');
       const { rotateSecretKey } = await import('./dist/src/main/rotation.js');
       const { loadConfig } = await import('./dist/src/config.js');
       const die = () => { process.kill(process.pid, 'SIGKILL'); for (;;); };
       ${death};
       await rotateSecretKey(loadConfig());`,
    ]);

  describe.each(deaths)('%s', (_when, death, oldStays) => {
    test('the next start of api and worker at once finds every key and leaves one key file', async () => {
      const hashKey = await firstStart();
      const old = keyInFile();
      expect((await killed(death)).signal).toBe('SIGKILL');
      await Promise.all([expectAllThere(hashKey), expectAllThere(hashKey)]);
      expect(keyInFile() === old).toBe(oldStays);
      expect(existsSync(nextPath())).toBe(false);
      expect(statSync(keyPath()).mode & 0o777).toBe(0o600);
    });

    test('the command run again rotates', async () => {
      const hashKey = await firstStart();
      const old = keyInFile();
      expect((await killed(death)).signal).toBe('SIGKILL');
      expect(await rotate()).toMatchObject({
        code: 0,
        output: expect.stringContaining('Resealed 3 stored keys'),
      });
      expect(keyInFile()).not.toBe(old);
      expect(existsSync(nextPath())).toBe(false);
      await expectAllThere(hashKey);
    });
  });

  test('a wrong next key beside a wrong present one is left for a person to look at', async () => {
    await firstStart();
    writeFileSync(keyPath(), 'a wrong key of a test\n');
    writeFileSync(nextPath(), 'another wrong key of a test\n');
    await expect(start()).rejects.toThrow('does not open the stored keys');
    expect((await rotate()).code).toBe(78);
    expect([existsSync(keyPath()), existsSync(nextPath())]).toEqual([true, true]);
  });
});
