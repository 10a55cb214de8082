import { z } from 'zod';
import { defineRoute } from '../define-route.js';
import { providerPreset, providerPresets } from '../provider-presets.js';

export const providerPresetRoutes = [
  defineRoute({
    method: 'get',
    paths: ['/api/provider-presets'],
    group: 'providers',
    summary: 'Hosted servers that are known: values to begin a new provider with',
    scope: 'read',
    reply: z.array(providerPreset),
    handle: () => Promise.resolve(providerPresets),
  }),
];
