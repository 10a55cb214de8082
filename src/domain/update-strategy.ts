export const updateStrategies = ['auto', 'patch', 'replace'] as const;
export type UpdateStrategy = (typeof updateStrategies)[number];

/** From here on a PATCH leaves other models served (litellm.md §0.1); before, all database models vanish for a moment. */
const patchIsSafeFrom = { major: 1, minor: 102 };

/** How an existing deployment changes. Unknown versions are treated as old ones. */
export function howToUpdate(input: {
  strategy: UpdateStrategy;
  version: string | undefined;
  /** A key of the present row is no longer wanted. */
  removesKeys: boolean;
}): 'patch' | 'replace' {
  if (input.removesKeys) return 'replace';
  if (input.strategy !== 'auto') return input.strategy;
  return patchIsSafe(input.version) ? 'patch' : 'replace';
}

function patchIsSafe(version: string | undefined): boolean {
  const match = /^v?(\d+)\.(\d+)/.exec(version ?? '');
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > patchIsSafeFrom.major || (major === patchIsSafeFrom.major && minor >= patchIsSafeFrom.minor);
}
