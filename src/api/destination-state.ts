import { z } from 'zod';
import type { Settings } from '../entities/settings.js';

/** What is known of LiteLLM. */
export const destinationStateView = z.object({
  state: z
    .enum(['not-configured', 'ok', 'error', 'suspicious', 'unknown'])
    .describe('unknown until the first listing'),
  version: z.string().nullable(),
  last_listed_at: z.string().nullable(),
  error: z.string().nullable(),
  error_at: z.string().nullable(),
});
export type DestinationState = z.infer<typeof destinationStateView>;

export function viewDestinationState(settings: Settings): DestinationState {
  return {
    state: stateOf(settings),
    version: settings.litellmVersion,
    last_listed_at: settings.surveyedAt,
    error: settings.destinationError,
    error_at: settings.destinationErrorAt,
  };
}

function stateOf(settings: Settings): DestinationState['state'] {
  if (settings.litellmBaseUrl === null) return 'not-configured';
  if (settings.destinationError !== null) return 'error';
  if (settings.suspectSince !== null) return 'suspicious';
  return settings.surveyedAt === null ? 'unknown' : 'ok';
}
