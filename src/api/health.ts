import { Router } from 'express';
import type { ApiServices } from './define-route.js';

/** Open to everybody: says that the process lives and whether it can work, and nothing else. */
export function healthRoutes(services: ApiServices): Router {
  const router = Router();
  router.get(['/livez', '/health'], (_request, response) => {
    response.json({ status: 'healthy', service: 'litellm-updater', version: services.version });
  });
  router.get('/readyz', async (_request, response) => {
    const [database, redis] = await Promise.all([services.stores.isAlive(), services.isQueueAlive()]);
    const ready = database && redis;
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', checks: { database, redis } });
  });
  return router;
}
