import { createHash, timingSafeEqual } from 'node:crypto';
import createError from 'http-errors';
import type { Request, RequestHandler, Response } from 'express';
import { includes, type Scope } from '../domain/scope.js';
import type { ApiToken } from '../entities/api-token.js';
import type { TokensStore } from '../entities/tokens-store.js';
import { cookieOf, SessionCookie } from './session-cookie.js';
import { loginAddress } from './way-back.js';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who asks. */
export interface Actor {
  /** For the audit trail: `admin`, the name of a token, or `anyone` with AUTH=off. */
  name: string;
  scope: Scope;
  via: 'bearer' | 'session' | 'open';
}

export interface GateOptions {
  /** Undefined: AUTH=off, everybody is let in. */
  adminToken: string | undefined;
  sessionKey: string;
  tokens: TokensStore;
  now: () => Date;
}

/** Who may come in: the admin token and named tokens, as a bearer for scripts and as a signed session cookie for browsers. */
export class Gate {
  readonly #adminToken: string | undefined;
  readonly #tokens: TokensStore;
  readonly #now: () => Date;
  readonly #cookie: SessionCookie;

  constructor({ adminToken, sessionKey, tokens, now }: GateOptions) {
    this.#adminToken = adminToken;
    this.#tokens = tokens;
    this.#now = now;
    // The token is part of the key: another admin token ends every session.
    this.#cookie = new SessionCookie(`${sessionKey} ${adminToken ?? ''}`, now);
  }

  /** 401 for strangers; for browsers the way to the login page. */
  readonly guard: RequestHandler = async (request, response, next) => {
    const actor = await this.#actorOf(request);
    if (actor === undefined) {
      if (request.method === 'GET' && request.accepts(['json', 'html']) === 'html') {
        response.redirect(loginAddress(request.originalUrl));
        return;
      }
      response.set('WWW-Authenticate', 'Bearer');
      next(createError(401, 'log in: send "Authorization: Bearer <token>", or open /login in a browser'));
      return;
    }
    if (actor.via !== 'bearer' && isCrossSite(request)) {
      next(fromAnotherSite());
      return;
    }
    response.locals['actor'] = actor;
    next();
  };

  /** Nobody's page may start a session in a visitor's browser, or use up the attempts of the visitor's address. */
  readonly refuseForgedLogin: RequestHandler = (request, _response, next) => {
    const site = request.get('sec-fetch-site');
    // A link to the printed address may stand anywhere, in a log viewer for example; an image must not.
    const isHidden = (site === 'cross-site' || site === 'same-site') && !isNavigation(request);
    next(isCrossSite(request) || isHidden ? fromAnotherSite() : undefined);
  };

  /** Undefined when no token of this installation has this text. */
  async admit(token: string): Promise<{ tokenId: number } | undefined> {
    if (this.#isAdminToken(token)) return { tokenId: 0 };
    const named = await this.#tokens.valid(token, this.#now());
    return named === null ? undefined : { tokenId: named.id };
  }

  startSession(request: Request, response: Response, tokenId: number): void {
    this.#cookie.set(request, response, tokenId);
  }

  endSession(response: Response): void {
    this.#cookie.clear(response);
  }

  async #actorOf(request: Request): Promise<Actor | undefined> {
    if (this.#adminToken === undefined) return { name: 'anyone', scope: 'admin', via: 'open' };
    const [scheme, token] = (request.get('authorization') ?? '').split(' ');
    if (scheme?.toLowerCase() === 'bearer' && token) {
      if (this.#isAdminToken(token)) return { name: 'admin', scope: 'admin', via: 'bearer' };
      return this.#named(await this.#tokens.valid(token, this.#now()), 'bearer');
    }
    const tokenId = this.#cookie.read(cookieOf(request));
    if (tokenId === undefined) return undefined;
    if (tokenId === 0) return { name: 'admin', scope: 'admin', via: 'session' };
    return this.#named(await this.#tokens.validById(tokenId, this.#now()), 'session');
  }

  async #named(row: ApiToken | null, via: Actor['via']): Promise<Actor | undefined> {
    if (row === null) return undefined;
    await this.#tokens.noteUse(row, this.#now());
    return { name: row.name, scope: row.scope, via };
  }

  #isAdminToken(token: string): boolean {
    return this.#adminToken !== undefined && sameText(token, this.#adminToken);
  }
}

export function actorOf(response: Response): Actor {
  return response.locals['actor'] as Actor;
}

/** 403 for a token that may not do this. */
export function needsScope({ name, scope: has }: Actor, scope: Scope): void {
  if (!includes(has, scope))
    throw createError(403, `token "${name}" has the scope ${has}; this needs ${scope}`);
}

export function needs(scope: Scope): RequestHandler {
  return (_request, response, next) => {
    needsScope(actorOf(response), scope);
    next();
  };
}

/** A cookie travels by itself: a change must come from our own pages (Sec-Fetch-Site, else Origin). */
function isCrossSite(request: Request): boolean {
  if (safeMethods.has(request.method)) return false;
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = request.get('origin');
  return origin !== undefined && !isOurOrigin(origin, request);
}

/**
 * By the host that the browser named, which a trusted proxy tells. Whoever ends TLS unannounced leaves us plain http: so
 * only a request that is known to be https asks for an https page.
 */
function isOurOrigin(origin: string, request: Request): boolean {
  // A sandboxed frame's origin is the word null.
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const ours = `${protocol}//${request.host}`;
  if (request.secure && protocol !== 'https:') return false;
  return URL.canParse(ours) && new URL(ours).host === host;
}

function isNavigation(request: Request): boolean {
  return request.get('sec-fetch-mode') === 'navigate' && request.get('sec-fetch-dest') === 'document';
}

function fromAnotherSite(): Error {
  return createError(
    403,
    'this request comes from another site; send it from the product’s own pages or with a bearer token. Behind a proxy: ' +
      'let it pass on the Host header, or name it in TRUST_PROXY and let it send X-Forwarded-Host',
  );
}

/** In constant time, whatever the lengths. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
