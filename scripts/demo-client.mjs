import { setTimeout as wait } from 'node:timers/promises';
import { Refusal, say } from './terminal.mjs';

const pollEveryMs = 500;
const readyLimitMs = 60_000;
const syncLimitMs = 120_000;
const unfinished = new Set(['waiting', 'running']);

/** JSON in, JSON out; anything but a 2xx becomes a Refusal that shows the answer. */
export async function requestJson(url, { method = 'GET', token, body } = {}) {
  const request = {
    method,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  };
  const response = await fetch(url, request).catch((error) => {
    throw new Refusal(`${method} ${url} failed: ${error.cause?.message ?? error.message}`);
  });
  const text = await response.text();
  if (!response.ok) throw new Refusal(`${method} ${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return text === '' ? undefined : JSON.parse(text);
}

export async function waitUntilReady(address) {
  const deadline = Date.now() + readyLimitMs;
  for (;;) {
    const response = await fetch(`${address}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) {
      const answer = response ? `${response.status} ${await response.text()}` : 'nothing';
      throw new Refusal(`The api was not ready after ${readyLimitMs / 1000} s; /readyz answered: ${answer}`);
    }
    await wait(pollEveryMs);
  }
}

function describe({ provider_name: provider, state, outcome }) {
  const { fetched, added = 0, updated = 0, unchanged = 0, orphaned = 0, pushes = {} } = outcome ?? {};
  const parts = [];
  if (fetched != null) parts.push(`${fetched} fetched`);
  for (const [name, count] of Object.entries({ added, updated, unchanged, orphaned })) {
    if (count > 0) parts.push(`${count} ${name}`);
  }
  for (const [name, count] of Object.entries(pushes)) {
    if (count > 0) parts.push(`${count} ${name} in LiteLLM`.replace('pending in', 'on the way to'));
  }
  return `  ${String(provider).padEnd(12)} ${state.padEnd(8)} ${parts.join(', ')}`.trimEnd();
}

const isSettled = (run) => run.state === 'done' && !run.outcome?.pushes?.pending;

/**
 * Follows sync runs, printing each change, until `wanted(items)` gives the runs and all of them are settled: done,
 * with no push under way. Throws a Refusal with the reason when one ends otherwise.
 */
export async function followRuns({ address, token, wanted }) {
  const deadline = Date.now() + syncLimitMs;
  const printed = new Map();
  for (;;) {
    const { items } = await requestJson(`${address}/api/runs?limit=20`, { token });
    const runs = wanted(items.filter(({ kind }) => kind === 'sync'));
    for (const run of runs ?? []) {
      const line = describe(run);
      if (printed.get(run.id) !== line && run.state !== 'waiting') say(line);
      printed.set(run.id, line);
      if (run.state !== 'done' && !unfinished.has(run.state)) {
        throw new Refusal(
          `The sync of ${run.provider_name} ended as "${run.state}": ${run.reason ?? 'no reason given'}`,
        );
      }
    }
    if (runs?.every(isSettled)) return runs;
    if (Date.now() > deadline) throw new Refusal(`The sync did not end within ${syncLimitMs / 1000} s.`);
    await wait(pollEveryMs);
  }
}
