import type { Route } from './define-route.js';
import { auditRoutes } from './routes/audit.js';
import { connectionTestRoutes } from './routes/connection-tests.js';
import { destinationTestRoutes } from './routes/destination-test.js';
import { destinationRoutes } from './routes/destination.js';
import { liveLookRoutes } from './routes/live-look.js';
import { discoverRoutes } from './routes/discover.js';
import { diagnosticsRoutes } from './routes/diagnostics.js';
import { modelActionRoutes } from './routes/model-actions.js';
import { modelBulkRoutes } from './routes/model-bulk.js';
import { modelEditRoutes } from './routes/model-edits.js';
import { modelRoutes } from './routes/models.js';
import { providerActionRoutes } from './routes/provider-actions.js';
import { providerPresetRoutes } from './routes/provider-presets.js';
import { providerRoutes } from './routes/providers.js';
import { runRoutes } from './routes/runs.js';
import { settingsRoutes } from './routes/settings.js';
import { tokenRoutes } from './routes/tokens.js';

/** Every declared way in. Order matters where a path with an id could swallow a word. */
export const routes: Route[] = [
  ...runRoutes,
  ...connectionTestRoutes,
  ...discoverRoutes,
  ...providerPresetRoutes,
  ...providerActionRoutes,
  ...providerRoutes,
  ...liveLookRoutes,
  ...modelBulkRoutes,
  ...modelRoutes,
  ...modelEditRoutes,
  ...modelActionRoutes,
  ...destinationTestRoutes,
  ...destinationRoutes,
  ...settingsRoutes,
  ...tokenRoutes,
  ...auditRoutes,
  ...diagnosticsRoutes,
];
