import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import createError from 'http-errors';
import type { Request, RequestHandler, Response } from 'express';

const cookieName = 'litellm_updater_session';
const sessionHours = 12;
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who may come in: one admin token, as a bearer for scripts and as a signed session cookie for browsers. */
export class Gate {
  constructor(
    /** Undefined: AUTH=off, everybody is let in. */
    private readonly adminToken: string | undefined,
    private readonly sessionKey: string,
    private readonly now: () => Date,
  ) {}

  isAdminToken(token: string): boolean {
    return this.adminToken !== undefined && sameText(token, this.adminToken);
  }

  /** 401 for strangers; for browsers the way to the login page. */
  readonly guard: RequestHandler = (request, response, next) => {
    const actor = this.#actorOf(request);
    if (actor === undefined) {
      if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
        response.redirect('/login');
        return;
      }
      response.set('WWW-Authenticate', 'Bearer');
      next(
        createError(401, 'log in: send "Authorization: Bearer <admin token>", or open /login in a browser'),
      );
      return;
    }
    if (actor !== 'token' && isCrossSite(request)) {
      next(
        createError(
          403,
          'this request comes from another site; send it from the product’s own pages or with a bearer token',
        ),
      );
      return;
    }
    response.locals['actor'] = actor;
    next();
  };

  startSession(response: Response, secure: boolean): void {
    const expires = this.now().getTime() + sessionHours * 3600_000;
    response.cookie(cookieName, `${expires}.${this.#sign(expires)}`, {
      httpOnly: true,
      sameSite: 'strict',
      secure,
      maxAge: sessionHours * 3600_000,
      path: '/',
    });
  }

  #actorOf(request: Request): string | undefined {
    if (this.adminToken === undefined) return 'anyone';
    const [scheme, token] = (request.get('authorization') ?? '').split(' ');
    if (scheme?.toLowerCase() === 'bearer' && token) return this.isAdminToken(token) ? 'token' : undefined;
    return this.#isSession(cookieOf(request)) ? 'session' : undefined;
  }

  #isSession(cookie: string | undefined): boolean {
    const [expires, signature] = cookie?.split('.') ?? [];
    if (expires === undefined || signature === undefined || Number(expires) < this.now().getTime())
      return false;
    return sameText(signature, this.#sign(Number(expires)));
  }

  /** The token is part of it: a new token ends every session. */
  #sign(expires: number): string {
    return createHmac('sha256', this.sessionKey)
      .update(`session ${expires} ${this.adminToken ?? ''}`)
      .digest('base64url');
  }
}

function cookieOf(request: Request): string | undefined {
  const pairs = (request.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
}

/** A cookie travels by itself: a change must come from our own pages (Sec-Fetch-Site, else Origin). */
function isCrossSite(request: Request): boolean {
  if (safeMethods.has(request.method)) return false;
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = request.get('origin');
  if (origin === undefined) return false;
  // A sandboxed frame's origin is the word null.
  return !URL.canParse(origin) || new URL(origin).host !== request.get('host');
}

/** In constant time, whatever the lengths. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
