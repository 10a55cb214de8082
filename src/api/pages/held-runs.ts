import type { ApiServices } from '../define-route.js';

export interface HeldRun {
  id: number;
  /** How many models would be orphaned. */
  missing: number;
}

/** Runs that wait for a person, the newest of each provider. */
export async function heldRuns({ stores }: Pick<ApiServices, 'stores'>): Promise<Map<number, HeldRun>> {
  const held = new Map<number, HeldRun>();
  for (const { id, providerId, missing } of await stores.overview.undecidedRuns())
    if (providerId !== null) held.set(providerId, { id, missing });
  return held;
}
