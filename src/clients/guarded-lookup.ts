import dns from 'node:dns';
import { isForbiddenAddress } from '../domain/base-url.js';

export const forbiddenAddressCode = 'ERR_FORBIDDEN_ADDRESS';

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | dns.LookupAddress[],
  family?: number,
) => void;
type Lookup = (hostname: string, options: dns.LookupOptions, callback: Callback) => void;

/**
 * `dns.lookup` for names that anybody may enter: one that resolves to a link-local or metadata address is refused here,
 * at connection time, as a name can change its address after it was checked.
 */
export function guardedLookup(lookup: Lookup = dns.lookup): Lookup {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
      if (!error && addresses.some(isForbiddenAddress)) {
        const refusal = Object.assign(new Error('forbidden address'), { code: forbiddenAddressCode });
        callback(refusal, address, family);
      } else {
        callback(error, address, family);
      }
    });
  };
}
