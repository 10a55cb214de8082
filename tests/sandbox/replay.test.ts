import { afterEach, describe, expect, test } from '@jest/globals';

import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import type { Answer } from './recordings.js';
import { Comparison, type Difference } from './replay-compare.js';
import { exchangesOf, type Exchange } from './replay-fixtures.js';
import { GROUPS, type Group } from './replay-groups.js';
import { KEPT_DIFFERENCES } from './replay-kept-differences.js';

let litellm: LitellmStandIn;
afterEach(() => litellm.close());

async function send({ request }: Exchange, replica: number): Promise<Answer> {
  const { method, path, body, raw } = request;
  const type = body === undefined && raw === undefined ? {} : { 'Content-Type': 'application/json' };
  const response = await fetch(litellm.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...type,
      ...(request.headers ?? { Authorization: 'Bearer sk-1234' }),
      'x-sandbox-replica': String(replica),
    },
    ...(raw !== undefined ? { body: raw } : body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
  };
}

function differences({ response }: Exchange, answer: Answer, comparison: Comparison): Difference[] {
  if (answer.status !== response.status) {
    const what = `recorded ${response.status}, got ${answer.status} ${answer.text.slice(0, 200)}`;
    return [{ at: 'status', what }];
  }
  if (response.cut === true) return [];
  if (response.text !== undefined) {
    return answer.text === response.text ? [] : [{ at: 'text', what: answer.text.slice(0, 200) }];
  }
  return comparison.body(response.body, answer.body);
}

/** Replays a group in file order; returns what differs and is not kept, and what is kept without need. */
async function replayGroup(group: Group): Promise<string[]> {
  const exchanges = exchangesOf(group.name);
  const comparison = new Comparison(exchanges.map(({ request }) => JSON.stringify(request)).join());
  const problems: string[] = [];
  for (const exchange of exchanges) {
    group.before?.[exchange.n]?.(litellm);
    const answer = await send(exchange, group.replica?.(exchange) ?? 0);
    const found = differences(exchange, answer, comparison);
    const kept = KEPT_DIFFERENCES.filter(({ numbers }) => numbers.includes(exchange.n));
    const covers = (at: string | undefined, place: string) =>
      at === undefined || place === at || place.startsWith(`${at}.`);
    for (const { at, what } of found) {
      if (kept.some((one) => covers(one.at, at))) continue;
      problems.push(`${exchange.n} ${exchange.name}: ${at}: ${what}`);
    }
    for (const one of kept) {
      if (found.some(({ at }) => covers(one.at, at))) continue;
      problems.push(`${exchange.n} ${exchange.name}: no difference any more: ${one.reason}`);
    }
  }
  return problems;
}

async function start(group: Group): Promise<void> {
  litellm = await startLitellm({ pollMs: 0, patchGapMs: 0, ...group.options });
  for (const earlier of group.after ?? []) {
    for (const exchange of exchangesOf(earlier)) await send(exchange, 0);
  }
  await group.setUp?.(litellm);
}

describe('the stand-in answers the recorded requests as the real proxy did', () => {
  test.each(GROUPS)('$name', async (group) => {
    await start(group);
    expect(await replayGroup(group)).toEqual([]);
  });
});
