import createError from 'http-errors';

const mostTurns = 5;

/**
 * A change to what others may edit at the same time. `change` answers undefined when somebody was faster. With `ifMatch`
 * the second one gets 412; without, the change is worked out again from what is there now, so that both stand.
 */
export async function editInTurn<P extends { editVersion: number }, T>(
  read: () => Promise<P>,
  ifMatch: number | undefined,
  change: (present: P) => Promise<T | undefined>,
): Promise<{ before: P; after: T }> {
  for (let turn = 1; turn <= mostTurns; turn++) {
    const before = await read();
    if (ifMatch !== undefined && ifMatch !== before.editVersion) break;
    const after = await change(before);
    if (after !== undefined) return { before, after };
  }
  throw createError(
    412,
    'somebody else changed this meanwhile; read it again, and repeat the change if it is still wanted',
  );
}
