/** Compares dotted versions by their numbers; suffixes such as `-rc1` do not count. */
export function atLeast(version: string, wanted: string): boolean {
  const [left, right] = [numbers(version), numbers(wanted)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
