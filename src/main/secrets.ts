import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../domain/errors.js';

const newSecret = () => randomBytes(32).toString('base64url');

/** Fewer than 64 bits even if each of its characters were drawn by chance from those that it has. */
export function isGuessable(token: string): boolean {
  return token.length * Math.log2(new Set(token).size) < 64;
}

/**
 * A secret of this installation, made at its first need and kept in the data folder, readable by its owner only. Any number
 * of processes may start at once: the file appears whole or not at all, and the first one wins.
 */
export function ensureSecretFile(dataDir: string, name: string): string {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, name);
  const present = readIfThere(path);
  if (present !== undefined) return present;
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(path, 'utf8').trim();
}

/**
 * The secret key where it is a file. While it is rotated there are two: the next key is on disk before the database is
 * sealed with it, and takes the place of the old one afterwards; what opens the database tells which of them is true.
 */
export class SecretKeyFile {
  readonly path: string;
  readonly #next: string;

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, 'secret.key');
    this.#next = `${this.path}.new`;
  }

  /**
   * The key that is in force, made where there is none. Ends a rotation that was cut off. Call it with the database open:
   * that keeps a rotation from running meanwhile.
   */
  settle(opens: (key: string) => boolean): string {
    // Before the present one: another process may settle at the same time, and then this one is gone.
    const next = readIfThere(this.#next);
    const present = ensureSecretFile(this.dataDir, 'secret.key');
    if (next === undefined) return present;
    if (opens(next)) {
      this.promoteNext();
      return next;
    }
    if (opens(present)) rmSync(this.#next, { force: true });
    return present;
  }

  exists(): boolean {
    return readIfThere(this.path) !== undefined;
  }

  /** On disk for good when this returns. */
  prepareNext(): string {
    const key = newSecret();
    rmSync(this.#next, { force: true });
    writeFileSync(this.#next, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    flush(dirname(this.#next));
    return key;
  }

  promoteNext(): void {
    try {
      renameSync(this.#next, this.path);
    } catch (error) {
      // Another process that starts did it first.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new Error(
        `the stored keys are sealed with the key in ${this.#next}, which cannot take the place of ${this.path} ` +
          `(${messageOf(error)}): move it there`,
        { cause: error },
      );
    }
    flush(dirname(this.path));
  }
}

function flush(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
