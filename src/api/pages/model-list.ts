import { modelCategories } from '../../domain/kinds.js';
import { modelOrders, standings } from '../../entities/match-models.js';
import { readFilter } from '../model-filter.js';
import { pageOfModels } from '../read-models.js';
import { definePage } from './define-page.js';
import {
  addressOf,
  commonCapabilities,
  contextRanges,
  filterOf,
  modelListQuery,
  type ModelListQuery,
} from './model-list-query.js';
import { standingWords } from './model-words.js';

/** All models of all providers, a page at a time. */
export const modelListPage = definePage({
  paths: ['/models'],
  section: 'models',
  view: 'models',
  query: modelListQuery,
  title: () => 'Models',
  async load({ query }, services) {
    const { stores, now } = services;
    const nowMs = now().getTime();
    const filter = filterOf(query);
    const { limit, offset, sort } = query;
    const page = await pageOfModels({ limit, offset, sort, ...readFilter(filter, nowMs) }, services);
    const orphansLeftOut =
      filter.orphaned === false
        ? await stores.models.count(readFilter({ ...filter, orphaned: true }, nowMs))
        : 0;
    return {
      models: page.items,
      total: page.total,
      orphansLeftOut,
      isEmpty: page.total === 0 && orphansLeftOut === 0 && (await stores.models.count({})) === 0,
      query,
      bulkFilter: bulkFilterOf(filter),
      isFiltered: Object.keys(filter).length > 1 || query.orphaned !== undefined,
      hasMoreFilters: moreFilters.some((name) => query[name] !== undefined),
      providers: (await stores.providers.list()).map(({ id, name }) => ({ id, name })),
      choices: choicesFor(query),
      links: linksOf(query, page.total),
      standingWords,
    };
  },
});

/** Behind "More filters"; open while one of them is set. */
const moreFilters = ['context', 'orphaned', 'deployment', 'capability', 'modified', 'disabled'] as const;

/** As the REST API takes it in JSON: truth as a word. */
function bulkFilterOf(filter: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]),
  );
}

function choicesFor({ capability = [], context }: ModelListQuery) {
  const isOwnRange = context !== undefined && !contextRanges.some(({ value }) => value === context);
  return {
    categories: modelCategories,
    standings,
    contextRanges: isOwnRange
      ? [...contextRanges, { value: context, label: `${context} tokens` }]
      : contextRanges,
    capabilities: commonCapabilities,
    otherCapabilities: capability.filter((word) => !commonCapabilities.includes(word)).join(', '),
  };
}

function linksOf(query: ModelListQuery, total: number) {
  const { limit, offset } = query;
  const last = Math.max(0, Math.ceil(total / limit) - 1) * limit;
  const to = (start: number) => addressOf(query, { offset: start });
  return {
    first: offset > 0 ? to(0) : undefined,
    previous: offset > 0 ? to(Math.max(0, Math.min(offset - limit, last))) : undefined,
    next: offset + limit < total ? to(offset + limit) : undefined,
    last: offset + limit < total ? to(last) : undefined,
    page: Math.floor(offset / limit) + 1,
    pages: last / limit + 1,
    withOrphans: addressOf(query, { orphaned: 'any', offset: 0 }),
    sorted: Object.fromEntries(modelOrders.map((sort) => [sort, addressOf(query, { sort, offset: 0 })])),
  };
}
