import { invalidField } from './problem.js';

/** A stored key goes to the server that it was stored for, and nowhere else: whoever may test must not learn it. */
export function refuseOtherHost(asked: string, stored: string, field: string, keyField: string): void {
  if (new URL(asked).origin === new URL(stored).origin) return;
  throw invalidField(
    field,
    `is another server than the stored one, and the stored key is not sent there; send ${keyField} as well (null: none)`,
  );
}
