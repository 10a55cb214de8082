import { z } from 'zod';
import { providerKind } from '../../domain/kinds.js';
import { defineRoute } from '../define-route.js';
import { discover, usualPlaces } from '../discovery.js';

const found = z.object({
  kind: providerKind,
  name: z.string().describe('what usually listens there'),
  base_url: z.string(),
  models: z.int().nullable().describe('how many it lists; null where that takes a key'),
  configured: z.enum(['provider', 'destination']).nullable().describe('what it is to us already'),
});

export const discoverRoutes = [
  defineRoute({
    method: 'post',
    paths: ['/api/discover'],
    group: 'providers',
    summary: 'Look for model servers and LiteLLM on the usual ports of this machine; nothing is stored',
    scope: 'admin',
    reply: z.object({ found: z.array(found), asked: z.array(z.string()) }),
    async handle({ signal }, services) {
      return {
        found: await discover(usualPlaces, services, signal),
        asked: usualPlaces.map(({ baseUrl }) => baseUrl),
      };
    },
  }),
];
