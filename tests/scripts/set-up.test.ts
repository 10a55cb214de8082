import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sourceFingerprint } from '../../scripts/ensure-build.mjs';
import { dependenciesFingerprint } from '../../scripts/ensure-dependencies.mjs';
import { ensureNode } from '../../scripts/ensure-node.mjs';

describe('the Node.js that is needed', () => {
  test.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('%s is taken', (version) => {
    expect(() => ensureNode(version)).not.toThrow();
  });

  test.each(['18.20.8', '20.9.0', '20.18.3'])('%s is refused with one line that names both', (version) => {
    expect(() => ensureNode(version)).toThrow(`Node.js 20.19 or newer is needed; this is ${version}.`);
  });

  test('is the one that package.json asks for', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe('>=20.19');
  });
});

describe('what makes the set-up work again', () => {
  let root: string;
  const path = (name: string) => join(root, name);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'set-up-'));
    mkdirSync(path('src'));
    for (const name of ['package-lock.json', 'tsconfig.json', 'src/a.ts', 'src/b.ts'])
      writeFileSync(path(name), '{}');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('an edited lock file asks for a new installation', () => {
    const before = dependenciesFingerprint(root);
    expect(dependenciesFingerprint(root)).toBe(before);
    appendFileSync(path('package-lock.json'), '\n');
    expect(dependenciesFingerprint(root)).not.toBe(before);
  });

  const changes: [string, () => void][] = [
    ['an edited source file', () => appendFileSync(path('src/a.ts'), '\n')],
    ['a removed source file', () => rmSync(path('src/b.ts'))],
    ['an added source file', () => writeFileSync(path('src/c.ts'), '')],
    ['a source file replaced by an older one', () => utimesSync(path('src/a.ts'), 1, 1)],
    ['an edited compiler setting', () => appendFileSync(path('tsconfig.json'), '\n')],
    ['a changed set of dependencies', () => appendFileSync(path('package-lock.json'), '\n')],
  ];

  test.each(changes)('%s asks for a new build', (_, change) => {
    const before = sourceFingerprint(root);
    expect(sourceFingerprint(root)).toBe(before);
    change();
    expect(sourceFingerprint(root)).not.toBe(before);
  });
});
