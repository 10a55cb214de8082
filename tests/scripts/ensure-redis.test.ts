import { describe, expect, test } from '@jest/globals';
import { findRedis, planRedisInstall } from '../../scripts/ensure-redis.mjs';

const machine = (platform: string, isRoot: boolean, ...commands: string[]) =>
  planRedisInstall({ platform, isRoot, has: (command) => commands.includes(command) });

describe('a machine without Redis', () => {
  test('gets on Debian the package that has the program but no service', () => {
    expect(machine('linux', true, 'apt-get').install?.slice(-3)).toEqual([
      '-y',
      '--no-install-recommends',
      'redis-tools',
    ]);
  });

  test('gets Alpine’s or Homebrew’s package, which start nothing by themselves', () => {
    expect(machine('linux', true, 'apk').install).toEqual(['apk', 'add', '--no-cache', 'redis']);
    expect(machine('darwin', false, 'brew').install).toEqual(['brew', 'install', 'redis']);
  });

  test.each([
    ['a Debian user without root', machine('linux', false, 'apt-get'), 'sudo apt-get install redis-server'],
    ['an Alpine user without root', machine('linux', false, 'apk'), 'apk add redis'],
    ['a Mac without Homebrew', machine('darwin', false), 'brew install redis'],
    ['an unknown system', machine('linux', true), 'Install one'],
  ])('%s is told in one line what to do', (_, plan, advice) => {
    expect(plan.install).toBeUndefined();
    expect(plan.advice).toContain(advice);
    expect(plan.advice).toContain('REDIS_URL');
    expect(plan.advice).not.toContain('\n');
  });

  test('does not take a program for Redis that only has its name', () => {
    expect(findRedis('tests/scripts/no-such-folder')).toBeUndefined();
    expect(findRedis()).toMatch(/(redis|valkey)-(server|check-rdb)$/);
  });
});
