import { graceIsOver, type GracePolicy } from './orphan-rules.js';

/** Whether a model belongs into LiteLLM now. `leave` touches nothing: an orphan inside its grace. */
export type Want = { want: 'present' } | { want: 'leave' } | { want: 'absent'; because: string };

export function whatIsWanted(
  model: {
    syncEnabled: boolean;
    isOrphaned: boolean;
    orphanedAt: string | null;
    missedCount: number;
    unusable: string | null;
    userParams: Record<string, unknown> | null;
    deletingAt: string | null;
  },
  provider: GracePolicy & { deletingAt: string | null },
  nowMs: number,
): Want {
  if (provider.deletingAt !== null) return { want: 'absent', because: 'its provider is being deleted' };
  if (model.deletingAt !== null) return { want: 'absent', because: 'it is being deleted' };
  if (!model.syncEnabled) return { want: 'absent', because: 'it is disabled' };
  if (model.isOrphaned) {
    return graceIsOver(model, provider, nowMs)
      ? { want: 'absent', because: 'its provider no longer lists it and the grace is over' }
      : { want: 'leave' };
  }
  // A person who sets a mode says that the model can be called in it after all.
  if (model.unusable !== null && model.userParams?.['mode'] == null) {
    return { want: 'absent', because: model.unusable };
  }
  return { want: 'present' };
}
