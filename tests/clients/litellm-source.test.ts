import { afterEach, expect, test } from '@jest/globals';
import { createHttp } from '../../src/clients/http.js';
import { createLitellmSource } from '../../src/clients/litellm-source.js';
import { closeLocalServers, localServer, recorded, sample, type Handle } from './local-server.js';

const client = createLitellmSource(createHttp());
const never = new AbortController().signal;

async function list(handle: Handle) {
  const server = await localServer(handle);
  const listing = client.list({ kind: 'litellm', baseUrl: server.url, apiKey: 'sk-x' }, never);
  await Promise.allSettled([listing]);
  return { server, listing };
}

afterEach(closeLocalServers);

test('the deployments of one name are one model, and chats go to /v1', async () => {
  const { server, listing } = await list(() => ({ body: sample('litellm/model-info.json') }));
  const { entries, apiRoot, calls } = await listing;
  expect(entries.filter(({ modelId }) => modelId === 'gpt-4o')).toHaveLength(1);
  expect(apiRoot).toBe(`${server.url}/v1`);
  expect(calls).toBe(1);
});

test('a proxy without a router serves nothing, which is not a failure', async () => {
  const { listing } = await list(() => recorded('551-noconfig-model-info'));
  expect(await listing).toMatchObject({ entries: [], calls: 1 });
});

test('a proxy without /model/info is read through /v1/models', async () => {
  const { listing } = await list(({ url }) =>
    url === '/v1/models'
      ? { body: sample('litellm/v1-models.json') }
      : { status: 404, body: { detail: 'Not Found' } },
  );
  const { entries, calls } = await listing;
  expect(entries.length).toBeGreaterThan(0);
  expect(calls).toBe(2);
});

test('a 401 that means the database is away is no refusal of the key', async () => {
  const { listing } = await list(() => recorded('578-dbdown-wrong-key'));
  await expect(listing).rejects.toMatchObject({ name: 'UnreachableError' });
});

test('a refused key is permanent, and neither a part nor the hash of it is repeated', async () => {
  const { listing } = await list(() => recorded('025-auth-wrong-key'));
  const error = await listing.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  expect(error?.name).toBe('PermanentError');
  expect(error?.message).not.toMatch(/rong|2ab06cfa/);
});
