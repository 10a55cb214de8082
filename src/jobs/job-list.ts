import type { JobDefinition } from './define-job.js';
import { fetchProvider } from './fetch-provider.js';
import { markOrphans } from './mark-orphans.js';
import type { JobName } from './payloads.js';
import { pushModel } from './push-model.js';
import { upsertModels } from './upsert-models.js';

/** Every job there is; one line for each. */
export const jobList = [
  fetchProvider,
  upsertModels,
  markOrphans,
  pushModel,
] as unknown as JobDefinition<JobName>[];
