type Fields = Record<string, unknown>;

const texts = (value: unknown): string =>
  (Array.isArray(value) ? value.map(String).join(',') : String(value)).trim();

/** An empty field clears, an absent one keeps. */
const readers = {
  text: (text: string) => text,
  number: (text: string) => (Number.isNaN(Number(text)) ? text : Number(text)),
  boolean: (text: string) => {
    if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
    return ['false', '0', 'no', 'off'].includes(text.toLowerCase()) ? false : text;
  },
  list: (text: string) =>
    text
      .split(/[,\n]/)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
};

/** A form's texts as JSON values, by the kind of each field; fields that are not named stay as they are. */
export function readForm(fields: Fields, kinds: Record<string, keyof typeof readers>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const text = texts(value);
      // A field may be called `toString`, and that is no kind.
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
      return [name, text === '' ? null : readers[kind ?? 'text'](text)];
    }),
  );
}
