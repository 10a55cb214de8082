type Value = string | number | string[] | undefined;

/** A link to a list with these filters in its URL; what is empty is left out. */
export function addressOf(path: string, query: Record<string, Value>): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value ?? []].flat()) if (each !== '' && each !== 0) words.append(name, String(each));
  }
  const text = words.toString();
  return text === '' ? path : `${path}?${text}`;
}

interface Pager {
  from: number;
  to: number;
  total: number;
  newer: string | undefined;
  older: string | undefined;
}

/** One page of a list, and the links to its neighbours. `link` makes the address of an offset. */
export function pagerOf(
  { offset, shown, total, size }: { offset: number; shown: number; total: number; size: number },
  link: (offset: number) => string,
): Pager {
  return {
    from: shown === 0 ? 0 : offset + 1,
    to: offset + shown,
    total,
    newer: offset > 0 ? link(Math.max(0, offset - size)) : undefined,
    older: offset + shown < total ? link(offset + size) : undefined,
  };
}
