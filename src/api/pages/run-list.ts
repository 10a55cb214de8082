import { z } from 'zod';
import { paging } from '../paging.js';
import { viewRun } from '../run-view.js';
import { addressOf, pagerOf } from './address.js';
import { definePage } from './define-page.js';
import { countsInWords, durationOf, kindWords, runStates, startedBy, subjectOf } from './run-words.js';

const size = 50;

const states = Object.keys(runStates) as (keyof typeof runStates)[];
const kinds = Object.keys(kindWords) as (keyof typeof kindWords)[];

const query = z.object({
  state: z.enum(states).optional().catch(undefined),
  kind: z.enum(kinds).optional().catch(undefined),
  provider_id: z.coerce.number().int().positive().optional().catch(undefined),
  offset: paging.offset.catch(0),
});

/** History, newest first. */
export const runListPage = definePage({
  paths: ['/runs'],
  section: 'runs',
  view: 'runs',
  query,
  title: () => 'Runs',
  async load({ query: asked }, { stores, now }) {
    const { state, kind, provider_id: providerId, offset } = asked;
    const { items, total } = await stores.runs.page({
      limit: size,
      offset,
      ...(state !== undefined && { state }),
      ...(kind !== undefined && { kind }),
      ...(providerId !== undefined && { providerId }),
    });
    const runs = items.map(viewRun);
    const at = now();
    const providers = await stores.providers.list();
    const byId = new Map(providers.map((provider) => [provider.id, provider]));
    return {
      filter: asked,
      isFiltered: state !== undefined || kind !== undefined || providerId !== undefined,
      providers: providers.map(({ id, name }) => ({ id, name })),
      undecided: await stores.overview.undecidedRuns(),
      runs: runs.map((run) => ({
        ...run,
        subject: subjectOf(run),
        startedBy: startedBy(run, byId.get(run.provider_id ?? 0)),
        counts: countsInWords(run),
        ms: durationOf(run, at),
      })),
      runStates,
      kindWords,
      pager: pagerOf({ offset, shown: runs.length, total, size }, (to) =>
        addressOf('/runs', { ...asked, offset: to }),
      ),
    };
  },
});
