/** What templates say numbers, times and states with. Pure; the browser keeps relative times true (`times.js`). */
export const format = {
  /** `12,345` */
  number: (value: number | null | undefined): string => (value == null ? '–' : value.toLocaleString('en-US')),

  /** Tokens as people say them: `128K`, `1M`. */
  tokens(value: number | null | undefined): string {
    if (value == null) return '–';
    if (value < 1_000) return String(value);
    // Windows are powers of two or round thousands; both read best in their own unit.
    const unit = value % 1_024 === 0 ? 1_024 : 1_000;
    const thousands = value / unit;
    return thousands < 1_000 ? `${trim(thousands)}K` : `${trim(thousands / unit)}M`;
  },

  duration(ms: number | null | undefined): string {
    if (ms == null) return '–';
    if (ms < 1_000) return `${Math.round(ms)} ms`;
    if (ms < 60_000) return `${trim(ms / 1_000)} s`;
    const minutes = Math.round(ms / 60_000);
    return minutes < 60 ? `${minutes} min` : `${trim(minutes / 60)} h`;
  },

  seconds: (value: number): string => format.duration(value * 1_000),

  /** Relative to `now`, both ISO 8601. */
  ago(iso: string | null | undefined, now: string): string {
    if (!iso) return 'never';
    const ms = Date.parse(now) - Date.parse(iso);
    const words = inWords(Math.abs(ms));
    if (words === undefined) return 'just now';
    return ms >= 0 ? `${words} ago` : `in ${words}`;
  },

  /** USD per million tokens, from USD per token. */
  price: (perToken: number | null | undefined): string =>
    perToken == null ? '–' : perToken === 0 ? 'free' : `$${trim(perToken * 1_000_000)} / M`,

  plural: (count: number, word: string): string =>
    `${count.toLocaleString('en-US')} ${word}${count === 1 ? '' : 's'}`,

  json: (value: unknown): string => JSON.stringify(value, null, 2),
};

function inWords(ms: number): string | undefined {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 5) return undefined;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
