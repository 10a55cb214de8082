import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { routes } from './routes.js';
import { securityHeaders } from './security-headers.js';

const page = (version: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>API – LiteLLM Updater</title><link rel="icon" href="/static/${version}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"><link rel="stylesheet" href="/docs/page.css"></head>
<body><p class="back"><a href="/">← LiteLLM Updater</a></p><div id="api"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;

/** Dark before Swagger UI has loaded, too, which then brings the rest of its own dark colours. */
const style = `body { margin: 0; }
.back { margin: 0; padding: 0.9rem 1.25rem; font: 16px/1.4 system-ui, sans-serif; }
.back a { color: #2457c5; }
@media (prefers-color-scheme: dark) { html { background: #1c2022; } .back a { color: #7ea6ff; } }
`;

const start = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, docExpansion: 'none', validatorUrl: null });`;

/** The page writes its own styles; everything else comes from here. */
const pageHeaders = securityHeaders({
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
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
  router.use('/docs', pageHeaders);
  router.get('/docs', (_request, response) => response.send(page(version)));
  router.get('/docs/page.css', (_request, response) => response.type('text/css').send(style));
  router.get('/docs/start.js', (_request, response) => response.type('text/javascript').send(start));
  router.get('/docs/assets/:file', (request, response, next) => {
    const { file } = request.params;
    if (!['swagger-ui.css', 'swagger-ui-bundle.js'].includes(file)) next();
    else response.sendFile(file, { root: assets });
  });
  return router;
}
