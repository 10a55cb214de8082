import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../src/config.js';

describe('TRUST_PROXY', () => {
  const read = (value?: string) => loadConfig({ DATA_DIR: '/tmp/nowhere', TRUST_PROXY: value }).trustProxy;

  test('nobody is trusted where it is not set', () => {
    expect([read(), read(''), read(' '), read('0')]).toEqual([0, 0, 0, 0]);
  });

  test.each<[string, number | string[]]>([
    ['1', 1],
    [' 2 ', 2],
    ['10.0.0.5', ['10.0.0.5']],
    ['10.0.0.5, 172.16.0.0/12,fd00::/8', ['10.0.0.5', '172.16.0.0/12', 'fd00::/8']],
    ['loopback, 10.0.0.5', ['loopback', '10.0.0.5']],
  ])('%j is taken', (value, wanted) => {
    expect(read(value)).toEqual(wanted);
  });

  test.each(['true', 'TRUE', 'on', 'yes', '*', 'uniquelocal', '10.0.0.5, linklocal'])(
    '%j, which lets everybody forge an address, is refused',
    (value) => {
      expect(() => read(value)).toThrow(
        `TRUST_PROXY takes no trust in everybody or in every private network, who could then forge an address: name the proxies, by address or by number; it got "${value}"`,
      );
    },
  );

  test.each([
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    'nginx',
    '10.0.0',
    '10.0.0.5,',
    '-1',
    '1.5',
    '11',
    'false',
    'loopback;10.0.0.5',
  ])('%j is refused, with what is taken', (value) => {
    expect(() => read(value)).toThrow(/^TRUST_PROXY takes the number of proxies in front .*10\.1\.0\.0\/16/);
  });
});

test.each(['short', '15-characters-x', 'sixteen letters with blanks'])('the token %j is refused', (token) => {
  expect(() => loadConfig({ ADMIN_TOKEN: token })).toThrow(
    'ADMIN_TOKEN takes at least 16 characters without blanks; it got a value',
  );
});
