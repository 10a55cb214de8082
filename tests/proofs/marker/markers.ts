import { createHash, randomInt } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const coreLength = 24;

/** Long enough to be no accident, short enough to find a key that was cut: a hint of four characters is none. */
const windowLength = 8;

const beginningsLength = 1 << 17;

export interface Leak {
  place: string;
  form: string;
}

/** Keys to plant, each for one place, and what finds them again in whatever form they come out. */
export class Markers {
  readonly #markers = new Map<string, string>();
  /** By their first letters. */
  readonly #needles = new Map<string, (Leak & { needle: string })[]>();
  readonly #beginnings = new Uint8Array(beginningsLength);

  /** The same place gets the same marker. Its signs are those that JSON, URLs and HTML write in another way. */
  plant(place: string, signs = `k"\\+/%&<'`): string {
    const present = this.#markers.get(place);
    if (present !== undefined) return present;
    const core = Array.from({ length: coreLength }, () => letters[randomInt(letters.length)]).join('');
    return this.#add(place, signs + core, core, true);
  }

  /** One that the product made itself, and of which it keeps the hash by design. */
  adopt(place: string, text: string): void {
    this.#add(place, text, text.slice(-coreLength - 4, -4), false);
  }

  places(): string[] {
    return [...this.#markers.keys()];
  }

  text(place: string): string {
    return this.#markers.get(place) ?? '';
  }

  /** One for each key. In one pass over the text, whose positions are mostly ruled out by three letters. */
  leaksIn(text: string): Leak[] {
    const found = new Map<string, Leak>();
    for (let at = 0; at + windowLength <= text.length; at += 1) {
      if (this.#beginnings[hashAt(text, at)] === 0) continue;
      for (const { place, form, needle } of this.#needles.get(text.slice(at, at + windowLength)) ?? [])
        if (!found.has(place) && text.startsWith(needle, at)) found.set(place, { place, form });
    }
    return [...found.values()];
  }

  #add(place: string, text: string, core: string, hashes: boolean): string {
    const hash = (encoding: 'hex' | 'base64url') => createHash('sha256').update(text).digest(encoding);
    const needles = [
      // In clear, percent-encoded, JSON-escaped and in HTML: letters and digits stay what they are.
      ...windowsOf(core).map((part) => ({ form: 'clear', text: part })),
      ...[0, 1, 2].flatMap((shift) =>
        (['base64', 'base64url'] as const).map((encoding) => ({
          form: encoding,
          text: encoded(core, shift, encoding),
        })),
      ),
      {
        form: 'hex',
        text: Buffer.from(core)
          .toString('hex')
          .slice(0, 2 * windowLength),
      },
      ...(hashes
        ? (['hex', 'base64url'] as const).map((encoding) => ({ form: 'sha256', text: hash(encoding) }))
        : []),
    ];
    for (const { form, text: needle } of needles) {
      const beginning = needle.slice(0, windowLength);
      this.#needles.set(beginning, [...(this.#needles.get(beginning) ?? []), { place, form, needle }]);
      this.#beginnings[hashAt(needle, 0)] = 1;
    }
    this.#markers.set(place, text);
    return text;
  }
}

function hashAt(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) % beginningsLength
  );
}

function windowsOf(core: string): string[] {
  const starts = Array.from({ length: Math.floor(core.length / windowLength) }, (_, n) => n * windowLength);
  return starts.map((start) => core.slice(start, start + windowLength));
}

/** What base64 makes of it behind `shift` other bytes, without the letters that it shares with its neighbours. */
function encoded(core: string, shift: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.from('\0'.repeat(shift) + core).toString(encoding);
  const start = Math.ceil((shift * 4) / 3);
  return text.slice(start, start + 16);
}
