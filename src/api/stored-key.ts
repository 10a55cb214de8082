import { invalidField } from './problem.js';

/**
 * A stored key goes to the server that it was stored for, and nowhere else: whoever may test must not learn it. `stored`:
 * the addresses that get it now; none when it lost its address.
 */
export function refuseOtherHost(
  asked: string,
  stored: string | (string | null)[],
  field: string,
  keyField: string,
): void {
  const known = [stored].flat().filter((address) => address !== null);
  if (known.some((address) => new URL(address).origin === new URL(asked).origin)) return;
  throw invalidField(
    field,
    `is another server than the stored one, and the stored key is not sent there; send ${keyField} as well (null: none)`,
  );
}
