import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { stampBuild } from '../../scripts/ensure-build.mjs';
import { stampDependencies } from '../../scripts/ensure-dependencies.mjs';
import { withoutProductVariables } from '../../scripts/product-variables.mjs';

describe('npm run rotate-secret-key', () => {
  let root: string;
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('runs the command with the .env and the data folder of npm start, which it locks', () => {
    root = mkdtempSync(join(tmpdir(), 'rotate-'));
    cpSync('scripts', join(root, 'scripts'), { recursive: true });
    cpSync('package-lock.json', join(root, 'package-lock.json'));
    for (const folder of ['src', 'node_modules', 'dist/src/main'])
      mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(root, '.env'), 'SECRET_KEY=from-the-env-file\n');
    writeFileSync(
      join(root, 'dist', 'src', 'main', 'rotate-secret-key.js'),
      `import { existsSync } from 'node:fs';
       const { DATA_DIR, SECRET_KEY } = process.env;
       console.log(DATA_DIR, SECRET_KEY, existsSync(DATA_DIR + '/start.lock'));
       process.exit(78);`,
    );
    stampDependencies(root);
    stampBuild(root);
    const { NODE_OPTIONS: _, ...env } = withoutProductVariables();
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts', 'rotate-secret-key.mjs')], {
      env,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([78, expect.stringContaining(`${root}/data from-the-env-file true`)]);
    expect(existsSync(join(root, 'data', 'start.lock'))).toBe(false);
    const scripts = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    expect(scripts.scripts['rotate-secret-key']).toBe('exec node scripts/rotate-secret-key.mjs');
  });
});
