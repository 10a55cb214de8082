import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { PermanentError } from '../domain/errors.js';

const version = 'v1';

/** Sealed with another key, for another place, or not sealed at all. */
export class UnreadableSecretError extends PermanentError {
  override name = 'UnreadableSecretError';
}

/** Node would take a shorter tag, which is easier to forge. */
const authTagLength = 16;

/**
 * Encrypts what must not be readable at rest: AES-256-GCM, a fresh nonce each time. `purpose` binds a ciphertext to its
 * place, so that one copied into another row does not open.
 */
export class SecretBox {
  readonly #key: Buffer;

  constructor(secretKey: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secretKey, 'litellm-updater', 'secrets at rest', 32));
  }

  seal(plain: string, purpose: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose));
    const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return [version, nonce, cipher.getAuthTag(), body]
      .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
      .join('.');
  }

  /** Throws `UnreadableSecretError` when the key or the purpose is not the one that it was sealed with. */
  open(sealed: string, purpose: string): string {
    try {
      return this.#decipher(sealed, purpose);
    } catch (error) {
      throw new UnreadableSecretError(
        'a stored key does not open: it was sealed with another SECRET_KEY or belongs to another row; enter that key again',
        { cause: error },
      );
    }
  }

  opens(sealed: string, purpose: string): boolean {
    try {
      this.open(sealed, purpose);
      return true;
    } catch {
      return false;
    }
  }

  #decipher(sealed: string, purpose: string): string {
    const [found, nonce, tag, body] = sealed.split('.');
    if (found !== version || nonce === undefined || tag === undefined || body === undefined) {
      throw new Error('not a sealed secret');
    }
    const bytes = (text: string) => Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes(nonce), { authTagLength })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes(tag));
    return Buffer.concat([decipher.update(bytes(body)), decipher.final()]).toString('utf8');
  }
}

/** The last four characters, for people to tell keys apart; none of a key that is short enough to guess the rest. */
export function hintOf(secret: string): string | null {
  return secret.length >= 12 ? secret.slice(-4) : null;
}
