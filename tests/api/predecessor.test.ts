import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Product } from '../support/product.js';
import { ContractWorld } from './contract-world.js';
import { earlyRows } from './predecessor-early.js';
import { modelRows } from './predecessor-models.js';
import { providerActionRows } from './predecessor-provider-actions.js';
import { providerRows } from './predecessor-providers.js';
import { waitingRows, type Row } from './predecessor-rows.js';
import { settingsRows } from './predecessor-settings.js';

/** Named fields where `reads` names them: a script of the predecessor finds them under their old names. */
describe.each<[string, Row[]]>([
  ['the predecessor’s early paths', earlyRows],
  ['the paths that it grew', [...providerRows, ...providerActionRows, ...modelRows, ...settingsRows]],
])('%s', (_title, rows) => {
  let world: ContractWorld;

  beforeAll(async () => {
    world = await ContractWorld.start();
  });
  afterAll(() => world.stop());

  const cases = rows.flatMap((row): [string, Row, string][] => {
    const title = `${row.call}${row.differs === undefined ? '' : ` (${row.differs})`}`;
    return [[title, row, ''], ...(row.slash ? [[`${row.call}/`, row, '/'] as [string, Row, string]] : [])];
  });

  test.each(cases)('%s', async (_call, row, slash) => {
    const [method, template] = row.call.split(' ') as [string, string];
    const input = (await row.input?.(world)) ?? {};
    const path = template.replace('{id}', String(input.id)) + slash;
    const query = input.query === undefined ? '' : `?${new URLSearchParams(input.query)}`;
    const sent =
      input.form === undefined
        ? await world.product.call(method, path + query, input.json)
        : await world.product.call(method, path + query, new URLSearchParams(input.form).toString(), {
            'content-type': 'application/x-www-form-urlencoded',
          });
    expect({ status: sent.status, body: sent.body }).toMatchObject({
      status: row.status,
      ...(row.reads !== undefined && { body: row.reads }),
    });
    expect(JSON.stringify(sent.body)).not.toContain('sk-of-the-contract');
    await row.check?.(world, sent.body, input);
    await input.after?.();
  });
});

describe('what waits for an issue of its own', () => {
  let product: Product;

  beforeAll(async () => {
    product = await Product.start({ worker: false });
  });
  afterAll(() => product.stop());

  test.each(waitingRows)('%s is not there yet, and says so', async (call) => {
    const [method, path] = call.split(' ') as [string, string];
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    const answer = await product.call(method, path, body);
    expect(answer).toMatchObject({ status: 404, body: { status: 404, detail: expect.any(String) } });
  });
});
