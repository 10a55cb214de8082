import type { Page } from './define-page.js';
import { modelDeploymentPage } from './model-deployment.js';
import { modelDetailPage } from './model-detail.js';
import { modelListPage } from './model-list.js';
import { firstRunPage } from './first-run.js';
import { overviewPage } from './overview.js';
import { litellmPage } from './litellm.js';
import { providerDetailPage } from './provider-detail.js';
import { providerEditPage, providerNewPage } from './provider-form.js';
import { providerListPage } from './provider-list.js';
import { queuesPage } from './queues.js';
import { runDetailPage } from './run-detail.js';
import { runListPage } from './run-list.js';
import { settingsPage } from './settings.js';

/** Every page. */
export const pages: Page[] = [
  modelListPage,
  modelDeploymentPage,
  modelDetailPage,
  litellmPage,
  runListPage,
  runDetailPage,
  settingsPage,
  queuesPage,
  overviewPage,
  firstRunPage,
  providerListPage,
  providerNewPage,
  providerEditPage,
  providerDetailPage,
];
