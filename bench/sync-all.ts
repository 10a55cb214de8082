import type { RunView } from '../src/api/run-view.js';
import { Failure } from './failure.js';
import type { Product } from './start-product.js';
import { waitUntil } from './wait-until.js';

const lookEveryMs = 200;

export interface SyncAll {
  /** Until the last provider's run was closed. */
  syncSeconds: number;
  /** Until the reconcile at its end was closed. */
  reconcileSeconds: number;
  /** Of the reconcile alone. */
  reconcileOwnSeconds: number;
  /** Until no push was under way any more, to within 0.2 s. */
  pushedSeconds: number;
}

/** `POST /sync`, followed to the end of its reconcile and of `pushes` pushes. Fails when a run or a push fails. */
export async function syncAll(
  product: Product,
  { pushes, patienceMs, signal }: { pushes: number; patienceMs: number; signal: AbortSignal },
): Promise<SyncAll> {
  const startedAt = Date.now();
  const { runs: started } = await product.call<{ runs: RunView[] }>('POST', '/sync');
  const ids = new Set(started.map(({ id }) => id));
  const newest = Math.max(...ids);

  const look = async () => {
    const path = `/api/runs?limit=${ids.size + 5}`;
    const { items } = await product.call<{ items: RunView[] }>('GET', path);
    const syncs = items.filter(({ id }) => ids.has(id));
    const reconcile = items.find(({ id, kind }) => kind === 'reconcile' && id > newest);
    const all = reconcile === undefined ? syncs : [...syncs, reconcile];
    all.forEach(refuseFailed);
    const count = (of: (pushes: RunView['outcome']['pushes']) => number) =>
      all.reduce((total, { outcome }) => total + of(outcome.pushes), 0);
    const pushed = count((of) => of.created + of.patched + of.replaced + of.removed);
    const isOver = all.every(({ state }) => state === 'done') && count((of) => of.pending) === 0;
    return isOver && reconcile !== undefined && pushed >= pushes ? { syncs, reconcile } : undefined;
  };
  const { syncs, reconcile } = await waitUntil(`the end of the sync with ${pushes} pushes`, look, {
    everyMs: lookEveryMs,
    patienceMs,
    signal,
  });
  const pushedAt = Date.now();

  const endOf = (run: RunView) => Date.parse(run.finished_at ?? '');
  const syncsEnd = Math.max(...syncs.map(endOf));
  return {
    syncSeconds: (syncsEnd - startedAt) / 1_000,
    reconcileSeconds: (endOf(reconcile) - startedAt) / 1_000,
    reconcileOwnSeconds: (endOf(reconcile) - Date.parse(reconcile.started_at ?? '')) / 1_000,
    pushedSeconds: (pushedAt - startedAt) / 1_000,
  };
}

function refuseFailed({ kind, provider_name: provider, state, reason, outcome }: RunView): void {
  const name = provider === null ? kind : `${kind} of ${provider}`;
  if (state !== 'waiting' && state !== 'running' && state !== 'done')
    throw new Failure(`the ${name} ended as "${state}": ${reason ?? 'no reason given'}`);
  if (outcome.pushes.failed > 0) throw new Failure(`${outcome.pushes.failed} pushes of the ${name} failed`);
}
