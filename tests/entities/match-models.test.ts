import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { modelOrders, standings, type ModelsFilter } from '../../src/entities/match-models.js';
import {
  at,
  providerValues,
  storeProvider,
  temporaryDatabase,
  type TemporaryDatabase,
} from './temporary-database.js';

let file: TemporaryDatabase;
const providers: number[] = [];

beforeEach(async () => {
  file = await temporaryDatabase();
  providers.length = 0;
  await add('box', null, ['École:8b', 'qwen3_8b', 'qwen3-8b', '100%:1b']);
  await add('lab', 'Größe', ['qwen3_8b', 'a/b']);
});
afterEach(() => file.close());

async function add(name: string, prefix: string | null, ids: string[]): Promise<void> {
  providers.push((await storeProvider(file.stores, providerValues(name, { prefix }), ids)).providerId);
}

async function found(filter: ModelsFilter): Promise<string[]> {
  const { items, total } = await file.stores.models.page({ ...filter, limit: 2, offset: 0 });
  const all = await file.stores.models.matching(filter);
  expect(all.slice(0, 2).map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  expect(total).toBe(all.length);
  expect(await file.stores.models.count(filter)).toBe(all.length);
  return all.map((model) => `${model.providerId === providers[0] ? 'box' : 'lab'} ${model.modelId}`);
}

describe('a search', () => {
  test('knows upper and lower case of every alphabet, in ids and prefixes', async () => {
    expect(await found({ search: 'ÉCOLE' })).toEqual(['box École:8b']);
    expect(await found({ search: 'école' })).toEqual(['box École:8b']);
    expect(await found({ search: 'GRÖSSE' })).toEqual([]);
    expect(await found({ search: 'grÖße' })).toEqual(['lab qwen3_8b', 'lab a/b']);
    expect(await found({ search: 'QWEN3' })).toEqual(['box qwen3_8b', 'box qwen3-8b', 'lab qwen3_8b']);
  });

  test('takes every character for itself', async () => {
    expect(await found({ search: '3_8' })).toEqual(['box qwen3_8b', 'lab qwen3_8b']);
    expect(await found({ search: '%' })).toEqual(['box 100%:1b']);
    expect(await found({ search: "'" })).toEqual([]);
  });

  test('finds a part that spans prefix and id', async () => {
    expect(await found({ search: 'e/qwen' })).toEqual(['lab qwen3_8b']);
  });
});

test('a capability is a whole word of the list, whatever characters it has', async () => {
  const words = [['tools'], ['toolshed'], ['a"tools"', 'vision'], ['it\\s']];
  const rows = await file.stores.models.matching({ providerId: providers[0]! });
  for (const [index, capabilities] of words.entries())
    await file.database.write((sqlite) =>
      sqlite
        .prepare('UPDATE models SET capabilities = ? WHERE id = ?')
        .run(JSON.stringify(capabilities), rows[index]!.id),
    );
  expect(await found({ capabilities: ['tools'] })).toEqual(['box École:8b']);
  expect(await found({ capabilities: ['a"tools"'] })).toEqual(['box qwen3-8b']);
  expect(await found({ capabilities: ['a"tools"', 'vision'] })).toEqual(['box qwen3-8b']);
  expect(await found({ capabilities: ['it\\s'] })).toEqual(['box 100%:1b']);
});

/** One of each kind, and every two of them together. */
const filters: ModelsFilter[] = [
  { ids: [1, 2, 3, 5] },
  { providerId: 1 },
  { search: 'qwen' },
  { orphaned: false },
  { modified: false },
  { syncEnabled: true },
  { category: 'chat' },
  { capabilities: ['tools'] },
  { contextAtLeast: 1 },
  { contextAtMost: 1_000 },
  ...standings.map((deployment) => ({ deployment })),
];
const pairs = filters.flatMap((one, index) => filters.slice(index).map((other) => ({ ...one, ...other })));

test('every two filters together, in every order, list and count what both of them list', async () => {
  const { models, deployments } = file.stores;
  const rows = await models.matching({});
  await deployments.markPending([{ modelId: rows[1]!.id, wantedHash: 'a' }], null);
  await deployments.adopt(rows[2]!.id, { lastError: 'refused', lastErrorAt: at(2) });
  await deployments.adopt(rows[4]!.id, { appliedHash: 'a', wantedHash: 'a' });
  const idsOf = async (filter: ModelsFilter) => (await models.matching(filter)).map(({ id }) => id);
  for (const filter of pairs) {
    const each = Object.entries(filter).map(([name, value]) => idsOf({ [name]: value }));
    const [first = [], ...others] = await Promise.all(each);
    const both = first.filter((id) => others.every((ids) => ids.includes(id)));
    expect([filter, await models.count(filter)]).toEqual([filter, both.length]);
    for (const sort of modelOrders) {
      const { items, total } = await models.page({ ...filter, sort, limit: 50, offset: 0 });
      const ids = items.map(({ id }) => id).sort((a, b) => a - b);
      expect([filter, sort, ids, total]).toEqual([filter, sort, both, both.length]);
    }
  }
  expect(await idsOf({ deployment: 'pending' })).toEqual([rows[1]!.id]);
  expect(await idsOf({ deployment: 'failed' })).toEqual([rows[2]!.id]);
  expect(await idsOf({ deployment: 'in-step' })).toEqual([rows[4]!.id]);
});

test('all models, one provider’s and none are counted as they are listed', async () => {
  expect(await found({})).toHaveLength(6);
  expect(await found({ providerId: providers[1]! })).toEqual(['lab qwen3_8b', 'lab a/b']);
  expect(await found({ ids: [] })).toEqual([]);
  expect(await found({ deployment: 'pending' })).toEqual([]);
  expect(await found({ deployment: 'out-of-step' })).toHaveLength(6);
});
