import { expect, test } from '@jest/globals';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { forbiddenAddressCode, guardedLookup } from '../../src/clients/guarded-lookup.js';

/** What a connection gets for a name that resolves to these addresses. */
function outcome(addresses: string[], options: LookupOptions): Promise<string | undefined> {
  const rows: LookupAddress[] = addresses.map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }));
  const resolver = guardedLookup((_hostname, { all }, callback) => {
    if (all === true) callback(null, rows);
    else callback(null, rows[0]?.address ?? '', rows[0]?.family);
  });
  return new Promise((resolve) => resolver('some-name', options, (error) => resolve(error?.code)));
}

test.each([
  ['a LAN address', ['192.168.1.5'], undefined],
  ['loopback', ['127.0.0.1', '::1'], undefined],
  ['the metadata service', ['169.254.169.254'], forbiddenAddressCode],
  ['the metadata service among others', ['10.0.0.1', '169.254.169.254'], forbiddenAddressCode],
  ['link-local IPv6', ['fe80::1'], forbiddenAddressCode],
])('a name that resolves to %s gets %j: %s', async (_name, addresses, code) => {
  expect(await outcome(addresses, { all: true })).toBe(code);
  if (addresses.length === 1) expect(await outcome(addresses, {})).toBe(code);
});

test('a name that does not resolve stays so', async () => {
  const unknown = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
  const lookup = guardedLookup((_hostname, _options, callback) => callback(unknown, ''));
  const code = await new Promise((resolve) => lookup('x', {}, (error) => resolve(error?.code)));
  expect(code).toBe('ENOTFOUND');
});
