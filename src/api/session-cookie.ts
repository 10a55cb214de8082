import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';

const cookieName = 'litellm_updater_session';
const sessionMs = 12 * 3600_000;

/** A session is its cookie: when it ends and whose it is, signed. Any replica reads it, none keeps it. */
export class SessionCookie {
  constructor(
    private readonly key: string,
    private readonly now: () => Date,
  ) {}

  /** `tokenId`: 0 for the admin token. */
  set(request: Request, response: Response, tokenId: number): void {
    const content = `${this.now().getTime() + sessionMs}.${tokenId}`;
    response.cookie(cookieName, `${content}.${this.#sign(content)}`, {
      httpOnly: true,
      sameSite: 'strict',
      // Believed from any proxy, trusted or not: who lies here only loses the own cookie on plain http.
      secure: request.secure || request.get('x-forwarded-proto') === 'https',
      maxAge: sessionMs,
      path: '/',
    });
  }

  clear(response: Response): void {
    response.clearCookie(cookieName, { path: '/' });
  }

  /** The id of the token that logged in; undefined when it is not ours or over. */
  read(cookie: string | undefined): number | undefined {
    const [expires, tokenId, signature] = cookie?.split('.') ?? [];
    if (expires === undefined || tokenId === undefined || signature === undefined) return undefined;
    const expected = Buffer.from(this.#sign(`${expires}.${tokenId}`));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Number(expires) > this.now().getTime() ? Number(tokenId) : undefined;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.key).update(`session ${content}`).digest('base64url');
  }
}

export function cookieOf(request: Request): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
}
