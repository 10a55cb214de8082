import compression from 'compression';
import express, { type Express } from 'express';
import type { TrustProxy } from '../config.js';
import { needs, type Gate } from './auth.js';
import { bullBoard, bullBoardPath } from './bull-board.js';
import type { ApiServices } from './define-route.js';
import { docs } from './docs.js';
import { EventStreams } from './events.js';
import { healthRoutes } from './health.js';
import { loginLimit } from './login-limit.js';
import { loginPage, logout } from './login-page.js';
import { notFound, problemHandler } from './problem.js';
import { servePages, staticFiles } from './pages/serve-pages.js';
import { routes } from './routes.js';
import { securityHeaders } from './security-headers.js';
import { serve } from './serve.js';

/** Larger than any edit; a catalogue never comes in this way. */
const bodyLimit = '1mb';

export function createApp(
  services: ApiServices,
  gate: Gate,
  streams = new EventStreams(services),
  trustProxy: TrustProxy = 0,
): Express {
  const app = express();
  app.set('trust proxy', trustProxy);
  app.disable('x-powered-by');
  // Answers are never stored, and what is edited bears an ETag of its own; static files make theirs themselves.
  app.disable('etag');
  app.use(securityHeaders());
  app.use(compression({ filter: isCompressible }));
  app.use(healthRoutes(services));
  app.use(staticFiles());
  // What is told from here on is true now and nobody else's, logins included; also keeps browsers from revalidating by ETag.
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(loginPage(gate, loginLimit(services.redisCommand, services.prefix), services));
  app.use(gate.guard);
  let scrape: Promise<express.RequestHandler> | undefined;
  const metrics: express.RequestHandler = async (request, response, next) => {
    // Loaded at the first scrape: who has no Prometheus pays nothing for it.
    scrape ??= import('./metrics.js').then((module) => module.metrics(services));
    await (
      await scrape
    )(request, response, next);
  };
  app.use(docs(services.version));
  app.use(streams.wakeAfterChanges);
  app.get('/api/events', needs('read'), streams.serve);
  app.get('/metrics', needs('read'), metrics);
  app.post('/logout', logout(gate));
  app.use(bullBoardPath, boardAccess, boardHeaders, bullBoard(services.queues));
  app.use(servePages(services));
  app.use(express.json({ limit: bodyLimit }), express.urlencoded({ extended: false, limit: bodyLimit }));
  for (const route of routes) app[route.method](route.paths, needs(route.scope), serve(route, services));
  app.use(notFound);
  app.use(problemHandler(services));
  return app;
}

/** Pages and their files. For scripts nearby it would cost more time than it saves, and a stream of events would wait. */
const isCompressible: compression.CompressionFilter = (request, response) =>
  !request.path.startsWith('/api/') && compression.filter(request, response);

/** Looking at queues is reading; retrying, cleaning or pausing them is the administrator's. */
const boardAccess: express.RequestHandler = (request, response, next) => {
  needs(request.method === 'GET' ? 'read' : 'admin')(request, response, next);
};

/** Bull Board's page carries an inline configuration and styles. */
const boardHeaders = securityHeaders({
  scriptSrc: ["'self'", "'unsafe-inline'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
});
