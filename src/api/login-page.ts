import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import type { Gate } from './auth.js';
import type { ApiServices } from './define-route.js';
import { clientAddress } from './login-limit.js';
import { loginView } from './pages/serve-pages.js';
import { ownPath } from './way-back.js';

/**
 * The door of browsers: the printed address carries the token once, afterwards a session cookie does. `next` is the page
 * that was asked for.
 */
export function loginPage(
  gate: Gate,
  limit: RequestHandler[],
  services: Pick<ApiServices, 'version' | 'now' | 'logger'>,
): Router {
  const router = express.Router();
  const view = (note: string, request: Request) => loginView(note, ownPath(request.query['next']), services);
  const admit = async (token: unknown, request: Request, response: Response) => {
    const admitted = typeof token === 'string' ? await gate.admit(token) : undefined;
    if (admitted === undefined) {
      services.logger.warn('a wrong token at the login', { address: clientAddress(request) });
      const note = 'That token is not one of this installation.';
      response.status(401).send(view(note, request));
      return;
    }
    gate.startSession(request, response, admitted.tokenId);
    response.redirect(303, ownPath(request.query['next']));
  };
  const limitTokens: RequestHandler = (request, _response, next) => {
    next(request.query['token'] === undefined ? 'route' : undefined);
  };
  router.get('/login', limitTokens, gate.refuseForgedLogin, ...limit, (request, response) =>
    admit(request.query['token'], request, response),
  );
  router.get('/login', (request, response) => response.send(view('', request)));
  router.post(
    '/login',
    gate.refuseForgedLogin,
    ...limit,
    express.urlencoded({ extended: false, limit: '10kb' }),
    (request, response) => admit((request.body as { token?: unknown } | undefined)?.token, request, response),
  );
  // A person at the form reads why in its place; a script gets the problem document.
  const refusedAtForm: ErrorRequestHandler = (
    error: Error & { status?: number },
    request,
    response,
    next,
  ) => {
    if (error.status !== 429 || request.accepts(['json', 'html']) !== 'html') next(error);
    else response.status(429).send(view(`${capital(error.message)}.`, request));
  };
  router.use('/login', refusedAtForm);
  return router;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Behind the guard: nobody else's page may end a session. */
export function logout(gate: Gate): RequestHandler {
  return (_request, response) => {
    gate.endSession(response);
    response.redirect(303, '/login');
  };
}
