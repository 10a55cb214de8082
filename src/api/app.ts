import express, { type Express, type Request, type RequestHandler } from 'express';
import helmet from 'helmet';
import createError from 'http-errors';
import type { z } from 'zod';
import { QueueUnavailableError } from '../jobs/enqueue.js';
import type { Gate } from './auth.js';
import { bullBoard, bullBoardPath } from './bull-board.js';
import type { ApiServices, Route } from './define-route.js';
import { healthRoutes } from './health.js';
import { loginPage } from './login-page.js';
import { fromZod, notFound, problemHandler } from './problem.js';
import { modelRoutes } from './routes/models.js';
import { providerRoutes } from './routes/providers.js';
import { runRoutes } from './routes/runs.js';
import { settingsRoutes } from './routes/settings.js';

/** Larger than any edit; a catalogue never comes in this way. */
const bodyLimit = '1mb';

/** Order matters where a path with an id could swallow a word. */
const routes: Route[] = [...runRoutes, ...providerRoutes, ...modelRoutes, ...settingsRoutes];

export function createApp(services: ApiServices, gate: Gate): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(
    helmet({
      // Plain http on a private network is the common case; the proxy in front adds HSTS where there is TLS.
      strictTransportSecurity: false,
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    }),
  );
  app.use(healthRoutes(services));
  app.use(loginPage(gate));
  app.use(gate.guard);
  app.get('/', (_request, response) => response.redirect(bullBoardPath));
  app.use(
    bullBoardPath,
    helmet({ strictTransportSecurity: false, contentSecurityPolicy: boardPolicy }),
    bullBoard(services.queues),
  );
  app.use(express.json({ limit: bodyLimit }), express.urlencoded({ extended: false, limit: bodyLimit }));
  for (const route of routes) app[route.method](route.paths, serve(route, services));
  app.use(notFound);
  app.use(problemHandler(services.logger));
  return app;
}

/** Bull Board's page carries an inline configuration and styles. */
const boardPolicy = {
  directives: {
    scriptSrc: ["'self'", "'unsafe-inline'"],
    styleSrc: ["'self'", "'unsafe-inline'", 'https:'],
    upgradeInsecureRequests: null,
  },
};

function serve(route: Route, services: ApiServices): RequestHandler {
  return async (request, response) => {
    const params = read(route.params, request.params);
    const query = read(route.query, request.query);
    const body = route.body === undefined ? undefined : read(route.body, bodyOf(request, route));
    if (route.needsQueue && !(await services.isQueueAlive())) {
      throw new QueueUnavailableError(
        'Redis does not answer, so nothing was changed; try again when it is back',
      );
    }
    const actor = String(response.locals['actor']);
    const reply = await route.handle({ params, query, body, actor }, services);
    response.status(route.status ?? 200).json(reply);
  };
}

function read(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fromZod(parsed.error);
  return parsed.data;
}

function bodyOf(request: Request, route: Route): unknown {
  if (request.is('application/json')) return request.body;
  if (request.is('application/x-www-form-urlencoded') && route.fromForm) {
    return route.fromForm(request.body as Record<string, unknown>);
  }
  const takes = route.fromForm ? 'application/json or application/x-www-form-urlencoded' : 'application/json';
  throw createError(415, `send the body as ${takes}`);
}
