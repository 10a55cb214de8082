import createError from 'http-errors';
import { z } from 'zod';
import { redactUrl } from '../../domain/base-url.js';
import { messageOf } from '../../domain/errors.js';
import { lookAtDestination } from '../destination-look.js';
import { owners, type missingStates, type rowStates } from '../destination-rows.js';
import { viewDestinationState } from '../destination-state.js';
import { rowFilter, viewDestinationList } from '../destination-view.js';
import type { ApiServices } from '../define-route.js';
import { paging } from '../paging.js';
import { addressOf, pagerOf } from './address.js';
import { definePage } from './define-page.js';

const size = 100;

/** Buttons for more would be a wall; the others stand behind "more tags". */
const tagButtons = 20;
const mostTags = 40;
const mostMissing = 100;

const { tag, owner, state, search } = rowFilter.shape;
const query = z.object({
  tag: tag.catch(undefined),
  owner: owner.catch(undefined),
  state: state.catch(undefined),
  search: search.catch(undefined),
  offset: paging.offset.catch(0),
});
type Query = z.output<typeof query>;

const ownerWords: Record<(typeof owners)[number], string> = {
  ours: 'ours',
  foreign: 'foreign',
  config: 'config.yaml',
  'other-instance': 'other instance',
  predecessor: 'predecessor',
};

const stateWords: Record<(typeof rowStates)[number], { word: string; look: string }> = {
  'in-step': { word: 'in step', look: 'good' },
  drifted: { word: 'drifted', look: 'warn' },
  pending: { word: 'pending', look: 'info' },
  stray: { word: 'stray', look: 'warn' },
};

const missingWords: Record<(typeof missingStates)[number], string> = {
  pending: 'its push is under way',
  failed: 'its last push failed',
  'not-listed': 'pushed, but LiteLLM does not list it',
  'not-pushed': 'not pushed yet',
};

/** What LiteLLM has at this moment, read live. */
export const litellmPage = definePage({
  paths: ['/litellm'],
  section: 'litellm',
  view: 'litellm',
  query,
  title: () => 'LiteLLM',
  async load({ query: asked }, services) {
    const settings = await services.stores.settings.get();
    return {
      address: settings.litellmBaseUrl === null ? null : redactUrl(settings.litellmBaseUrl),
      known: viewDestinationState(settings),
      filter: asked,
      ownerWords,
      stateWords,
      missingWords,
      ...(settings.litellmBaseUrl === null
        ? { trouble: null, list: null }
        : await look({ ...asked, search: asked.search?.trim() || undefined }, services)),
    };
  },
});

async function look(asked: Query, services: ApiServices) {
  try {
    const { contents, clock } = await lookAtDestination(services, new AbortController().signal);
    const list = viewDestinationList(contents, clock, { ...asked, limit: size });
    const link = (change: Partial<Query>) => addressOf('/litellm', { ...asked, offset: 0, ...change });
    const chosen = asked.tag ?? [];
    const counts = new Map(list.tags.map((each) => [each.tag, each.count]));
    const button = (name: string) => ({
      tag: name,
      count: counts.get(name) ?? 0,
      isOn: chosen.includes(name),
      link: link({ tag: toggled(chosen, name) }),
    });
    const names = list.tags.map((each) => each.tag);
    const first = names.slice(0, tagButtons);
    return {
      trouble: null,
      list,
      // A chosen tag stays in sight, also a rare one, and one that no row has any more.
      tags: [...first, ...chosen.filter((name) => !first.includes(name))].map(button),
      moreTags: names
        .slice(tagButtons, mostTags)
        .filter((name) => !chosen.includes(name))
        .map(button),
      untagged: link({ tag: [] }),
      owners: owners.map((each) => ({
        owner: each,
        count: list.counts.by_owner[each],
        isOn: asked.owner === each,
        link: link({ owner: asked.owner === each ? undefined : each }),
      })),
      missing: list.missing.slice(0, mostMissing),
      pager: pagerOf({ offset: asked.offset, shown: list.models.length, total: list.total, size }, (offset) =>
        link({ offset }),
      ),
    };
  } catch (error) {
    // Only what is about LiteLLM; anything else is an error of this page.
    if (!createError.isHttpError(error) || ![409, 502].includes(error.status)) throw error;
    return { trouble: messageOf(error), list: null };
  }
}

function toggled(tags: string[], name: string): string[] {
  return tags.includes(name) ? tags.filter((each) => each !== name) : [...tags, name];
}
