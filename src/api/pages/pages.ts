import type { Page } from './define-page.js';
import { providerDetailPage } from './provider-detail.js';
import { providerEditPage, providerNewPage } from './provider-form.js';
import { providerListPage } from './provider-list.js';

/** Every page. */
export const pages: Page[] = [providerListPage, providerNewPage, providerEditPage, providerDetailPage];
