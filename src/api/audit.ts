import type { Actor } from './auth.js';
import type { ApiServices } from './define-route.js';

type Fields = Record<string, unknown>;

export interface Change {
  actor: Actor;
  /** `provider.update`, `model.reset`, `run.accept`, … */
  action: string;
  /** Its name, for people. */
  subject: string | null;
  /** `model:12`, `provider:3`, …; absent for the settings and for many at once. */
  target?: string;
  /** The resource as the API shows it, so that no secret can be in it; absent when it was made or is gone. */
  before?: Fields;
  after?: Fields;
  details?: Fields;
}

/** Changes with every edit and says nothing of it. */
const bookkeeping = new Set(['updated_at', 'edit_version']);

/** Writes the audit trail: who, what, and of a change the fields that differ. */
export async function recordChange(change: Change, { stores, now }: ApiServices): Promise<void> {
  const { actor, action, subject, target, before, after, details } = change;
  const differing =
    before && after
      ? Object.keys(after).filter((key) => !bookkeeping.has(key) && !same(before[key], after[key]))
      : undefined;
  if (differing?.length === 0 && Object.keys(details ?? {}).length === 0) return;
  const only = (fields: Fields | undefined) =>
    fields === undefined
      ? null
      : Object.fromEntries(Object.entries(fields).filter(([key]) => differing?.includes(key) ?? true));
  await stores.history.addAuditEvent({
    at: now().toISOString(),
    actor: actor.name,
    action,
    subject,
    target: target ?? null,
    details: { via: actor.via, ...details },
    before: only(before),
    after: only(after),
  });
}

/** What the trail says of a key in a request body: that it was touched, never the key. */
export function secretTouched(key: string | null | undefined): { api_key?: 'set' | 'removed' } {
  if (key === undefined) return {};
  return { api_key: key === null ? 'removed' : 'set' };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
