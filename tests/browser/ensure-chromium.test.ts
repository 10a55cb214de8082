import { describe, expect, test } from '@jest/globals';
import { findChromium, needsChromium, planChromiumInstall } from '../../scripts/ensure-chromium.mjs';

const machine = (platform: string, isRoot: boolean, ...commands: string[]) =>
  planChromiumInstall({ platform, isRoot, has: (command) => commands.includes(command) });

describe('a machine without Chromium', () => {
  test('gets Debian’s package where that may be installed', () => {
    const { install } = machine('linux', true, 'apt-get');
    expect(install?.slice(-4)).toEqual(['install', '-y', '--no-install-recommends', 'chromium']);
  });

  test.each([
    ['a Debian user without root', machine('linux', false, 'apt-get'), 'sudo apt-get install chromium'],
    ['a Mac', machine('darwin', false, 'brew'), 'brew install --cask chromium'],
    ['an unknown system', machine('linux', true), 'Install it'],
  ])('%s is told in one line what to do', (_, plan, advice) => {
    expect(plan.install).toBeUndefined();
    expect(plan.advice).toContain(advice);
    expect(plan.advice).toContain('CHROMIUM_PATH');
    expect(plan.advice).not.toContain('\n');
  });

  test('takes the named program and no other, and only one that is a browser', () => {
    const found = findChromium();
    expect(findChromium({ CHROMIUM_PATH: found, PATH: '' })).toBe(found);
    expect(findChromium({ CHROMIUM_PATH: process.execPath, PATH: process.env['PATH'] })).toBeUndefined();
    expect(findChromium({ PATH: 'tests/browser/no-such-folder' })).toBeUndefined();
  });
});

test.each([
  [[], true],
  [['tests/browser'], true],
  [['tests'], true],
  [['every-page', '--silent'], true],
  [['-t', 'a sentence'], true],
  [['tests/domain'], false],
  [['tests/pages', '-t', 'browser'], false],
])('with the arguments %j a browser is needed: %s', (args, needed) => {
  expect(needsChromium(args)).toBe(needed);
});
