import express, { type Request, type Response, type Router } from 'express';
import type { Gate } from './auth.js';

const page = (note: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in – LiteLLM Updater</title></head>
<body><main><h1>LiteLLM Updater</h1>
<form method="post" action="/login"><p>${note}</p>
<p><label>Admin token <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Log in</button></p></form>
<p>The token is ADMIN_TOKEN, or the file <code>admin-token</code> in the data folder; the start-up log shows the whole address.</p>
</main></body></html>`;

/** The door of browsers: the printed address carries the token once, afterwards a session cookie does. */
export function loginPage(gate: Gate): Router {
  const router = express.Router();
  const admit = (token: unknown, request: Request, response: Response) => {
    if (typeof token !== 'string' || !gate.isAdminToken(token)) {
      response.status(401).send(page('That token is not the one of this installation.'));
      return;
    }
    gate.startSession(response, request.secure);
    response.redirect(303, '/');
  };
  router.get('/login', (request, response) => {
    if (request.query['token'] === undefined) response.send(page(''));
    else admit(request.query['token'], request, response);
  });
  router.post('/login', express.urlencoded({ extended: false, limit: '10kb' }), (request, response) => {
    admit((request.body as { token?: unknown } | undefined)?.token, request, response);
  });
  return router;
}
