import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import helmet from 'helmet';
import { routes } from './routes.js';

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API – LiteLLM Updater</title><link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="api"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, docExpansion: 'none', validatorUrl: null });`;

/** The page writes its own styles; everything else comes from here. */
const pagePolicy = helmet({
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    directives: {
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      upgradeInsecureRequests: null,
    },
  },
});

/** The document, and a page to read and try it; both need a login, and the page uses its session. */
export function docs(version: string): Router {
  const router = express.Router();
  let document: string | undefined;
  router.get('/openapi.json', async (_request, response) => {
    // Loaded when somebody asks: most never do, and it weighs as much as Express.
    const { openApiDocument } = await import('./openapi.js');
    document ??= JSON.stringify(openApiDocument(routes, version));
    response.type('application/json').send(document);
  });
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  router.use('/docs', pagePolicy);
  router.get('/docs', (_request, response) => response.send(page));
  router.get('/docs/start.js', (_request, response) => response.type('text/javascript').send(start));
  router.get('/docs/assets/:file', (request, response, next) => {
    const { file } = request.params;
    if (!['swagger-ui.css', 'swagger-ui-bundle.js'].includes(file)) next();
    else response.sendFile(file, { root: assets });
  });
  return router;
}
