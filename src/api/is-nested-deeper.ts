/** Whether lists and objects stand in each other at more than `most` levels. Goes level by level, so no depth is too much for it. */
export function isNestedDeeper(value: unknown, most: number): boolean {
  let level = inner([value]);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    level = inner(level.flatMap((each) => Object.values(each) as unknown[]));
  }
  return false;
}

function inner(values: unknown[]): object[] {
  return values.filter((value): value is object => typeof value === 'object' && value !== null);
}
