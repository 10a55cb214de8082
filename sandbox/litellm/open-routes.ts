import { json } from '../reply.js';
import type { Route } from '../routes.js';
import type { Proxy } from './proxy.js';

/** Routes that need no key. Readiness keeps saying connected while the database is down, as its answer is cached. */
export function openRoutes(proxy: Proxy): Route[] {
  const { version, readinessTellsVersion } = proxy.generation;
  const read = (path: string, body: () => unknown): Route => ({
    method: 'GET',
    path,
    kind: 'read',
    handle: () => json(body()),
  });
  const details = {
    cache: null,
    litellm_version: version,
    success_callbacks: ['sync_deployment_callback_on_success'],
    use_aiohttp_transport: true,
    ...(proxy.hasDatabase ? { last_updated: '2026-11-21T19:52:08.628105' } : {}),
  };
  return [
    read('/health/liveliness', () => "I'm alive!"),
    read('/health/liveness', () => "I'm alive!"),
    read('/health/readiness', () => ({
      status: proxy.hasDatabase ? 'connected' : 'healthy',
      db: proxy.hasDatabase ? 'connected' : 'Not connected',
      ...(readinessTellsVersion ? details : {}),
    })),
    read('/public/model_hub/info', () => ({
      docs_title: 'LiteLLM API',
      custom_docs_description: null,
      litellm_version: version,
      useful_links: {},
    })),
    read('/openapi.json', () => ({
      openapi: '3.1.0',
      info: { title: 'LiteLLM API', version },
      paths: {
        '/model/new': { post: {} },
        '/model/{model_id}/update': { patch: {} },
        '/model/delete': { post: {} },
      },
    })),
  ];
}
