import type { Problem } from '../diagnosis/problems.js';
import type { FailedPush } from '../../entities/overview-store.js';
import type { ApiServices } from '../define-route.js';

const shownPushes = 5;

interface Need {
  severity: 'error' | 'warning' | 'note';
  /** The odd pieces are times, to be told in words. */
  pieces: string[];
  link?: { href: string; words: string };
}

interface Needs {
  list: Need[];
  failedPushes: FailedPush[];
}

/** What waits for a person, worst first: problems, held runs, failed pushes, what somebody edited at LiteLLM. */
export async function readNeeds(
  problems: Problem[],
  { stores }: Pick<ApiServices, 'stores'>,
): Promise<Needs> {
  const names = new Map((await stores.providers.list()).map(({ id, name }) => [String(id), name]));
  const list = problems.map(({ severity, message, component }): Need => {
    const link = linkTo(component, names);
    return { severity, pieces: piecesOf(message), ...(link && { link }) };
  });
  return {
    list: [...list, ...(await driftOf({ stores }))],
    failedPushes: await stores.overview.failedPushes(shownPushes),
  };
}

/** Problems are told to scripts, too, with times as ISO 8601. */
function piecesOf(text: string): string[] {
  return text.split(/(?:at )?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/);
}

function linkTo(component: string, names: Map<string, string>): Need['link'] {
  const [what, id] = component.split(':');
  if (what === 'run') return { href: `/runs/${id}`, words: `Decide about run ${id}` };
  if (what === 'provider') return { href: `/providers/${id}`, words: `Open ${names.get(id ?? '') ?? 'it'}` };
  if (what === 'destination') return { href: '/litellm', words: 'Open LiteLLM' };
  if (what === 'queue') return { href: '/queues', words: `Open the queues (${id})` };
  return undefined;
}

/** Of the last comparison: it overwrote what was edited there, and somebody may wonder. */
async function driftOf({ stores }: Pick<ApiServices, 'stores'>): Promise<Need[]> {
  const [last] = (await stores.runs.page({ kind: 'reconcile', limit: 1, offset: 0 })).items;
  if (last === undefined || last.drifted.length === 0) return [];
  const what = last.drifted.length === 1 ? '1 model was' : `${last.drifted.length} models were`;
  return [
    {
      severity: 'note',
      pieces: [
        `${what} edited at LiteLLM since the last push. Edits there are overwritten: make them here instead.`,
      ],
      link: { href: `/runs/${last.id}`, words: `See what was edited (run ${last.id})` },
    },
  ];
}
