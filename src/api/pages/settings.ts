import { z } from 'zod';
import { redactUrl } from '../../domain/base-url.js';
import { pricingProfiles } from '../../domain/pricing.js';
import { includes } from '../../domain/scope.js';
import { updateStrategies } from '../../domain/update-strategy.js';
import { viewDestinationState } from '../destination-state.js';
import { gatherFacts, viewDiagnosis } from '../diagnosis/diagnosis.js';
import { findProblems } from '../diagnosis/problems.js';
import { paging } from '../paging.js';
import { priceRecord } from '../provider-view.js';
import { addressOf, pagerOf } from './address.js';
import { lineOf } from './audit-words.js';
import { definePage } from './define-page.js';

const size = 50;
const dayMs = 24 * 3_600_000;

/** How long tokens live, for the choice in the form; days. */
const lifetimes = [7, 30, 90, 365];

export const settingsPage = definePage({
  paths: ['/settings', '/admin'],
  section: 'settings',
  view: 'settings',
  query: z.object({ audit_offset: paging.offset.catch(0) }),
  title: () => 'Settings',
  async load({ query, actor }, services) {
    const { stores, now, version } = services;
    const settings = await stores.settings.get();
    const facts = await gatherFacts(services);
    const about = viewDiagnosis(facts, version);
    const { items, total } = await stores.history.auditEvents({ limit: size, offset: query.audit_offset });
    const override = priceRecord(settings.defaultPricingOverride);
    return {
      settings,
      etag: `"${settings.editVersion}"`,
      address: settings.litellmBaseUrl === null ? null : redactUrl(settings.litellmBaseUrl),
      destination: viewDestinationState(settings),
      override: Object.keys(override).length === 0 ? '' : JSON.stringify(override, null, 2),
      inputPrice: override['input_cost_per_token'],
      outputPrice: override['output_cost_per_token'],
      profiles: Object.entries(pricingProfiles).map(([name, prices]) => ({ name, ...prices })),
      strategies: updateStrategies,
      tokens: includes(actor.scope, 'admin') ? await stores.tokens.list() : [],
      expiries: lifetimes.map((days) => ({
        days,
        at: new Date(now().getTime() + days * dayMs).toISOString(),
      })),
      audit: items.map(lineOf),
      pager: pagerOf(
        { offset: query.audit_offset, shown: items.length, total, size },
        (offset) => `${addressOf('/settings', { audit_offset: offset })}#changes`,
      ),
      about,
      problems: findProblems(about, facts),
    };
  },
});
