/** Fewer than this never hold a run: a home lab removes one or two models on purpose. */
const leastMissingToHold = 3;

/**
 * Rule 4.2. `active` counts the provider's models that were not orphans before this fetch, `missing` those of them that it
 * did not show, `seen` every model that it showed.
 */
export function isSuspicious({
  active,
  missing,
  seen,
}: {
  active: number;
  missing: number;
  seen: number;
}): boolean {
  if (active === 0) return false;
  if (seen === 0) return true;
  return missing >= leastMissingToHold && missing * 2 >= active;
}

export interface GracePolicy {
  orphanPolicy: 'remove' | 'keep';
  graceMisses: number;
  graceSeconds: number;
}

/** Rule 4.3: whether an orphan has been away long enough to leave LiteLLM. */
export function graceIsOver(
  model: { orphanedAt: string | null; missedCount: number },
  policy: GracePolicy,
  nowMs: number,
): boolean {
  if (policy.orphanPolicy === 'keep' || model.orphanedAt === null) return false;
  const awayMs = nowMs - Date.parse(model.orphanedAt);
  return model.missedCount >= policy.graceMisses && awayMs >= policy.graceSeconds * 1_000;
}
