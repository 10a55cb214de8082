import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startLitellm, type LitellmStandIn } from '../../sandbox/litellm/start-litellm.js';
import { startOpenAiCompatible, type OpenAiCompatibleStandIn } from '../../sandbox/openai-compatible.js';
import { openAiModel } from '../../sandbox/openai-models.js';
import { Installation, type Part } from '../support/processes.js';

const providerKey = 'a-key-of-the-provider-0001';

let litellm: LitellmStandIn;
let server: OpenAiCompatibleStandIn;
let installation: Installation;
let parts: Part[];

beforeEach(async () => {
  litellm = await startLitellm();
  server = await startOpenAiCompatible({
    models: ['alpha', 'beta'].map((id) => openAiModel(id)),
    apiKey: providerKey,
  });
  installation = new Installation({ LITELLM_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey });
  await start();
});
afterEach(async () => {
  await installation.destroy();
  await Promise.all([server.close(), litellm.close()]);
});

async function start() {
  parts = [await installation.startApi(), await installation.startWorker()];
}

function rotate() {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/src/main/rotate-secret-key.js'], {
    env: { PATH: process.env['PATH'], DATA_DIR: installation.dataDir },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** Status of a read with nothing but these headers; the login page counts as a redirect. */
async function look(address: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${address}/api/providers`, { headers, redirect: 'manual' })).status;
}

const addressOf = (part: Part | undefined) =>
  /"address":"(http:[^"]+)"/.exec(part?.output() ?? '')?.[1] ?? '';
const keyInFile = () => readFileSync(join(installation.dataDir, 'secret.key'), 'utf8');

test('a rotation changes no deployment: the product started again reads, finds its keys, and writes nothing', async () => {
  const { id } = await installation.addProvider({
    name: 'box',
    base_url: server.baseUrl,
    type: 'openai',
    api_key: providerKey,
  });
  await installation.finished((await installation.startSync(id)).id);
  const { token } = (await installation.call('POST', '/api/tokens', { name: 'script', scope: 'read' })).body;
  const login = await fetch(`${addressOf(parts[0])}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect(await look(addressOf(parts[0]), { cookie })).toBe(200);

  const key = keyInFile();
  expect(rotate()).toEqual({ status: 1, output: expect.stringContaining('stop api and worker first') });
  await parts[1]?.end('SIGTERM');
  expect(rotate().status).toBe(1); // the api is enough
  expect(keyInFile()).toBe(key);
  await parts[0]?.end('SIGKILL');
  expect(rotate()).toEqual({ status: 0, output: expect.stringContaining('Resealed 3 stored keys') });
  expect(keyInFile()).not.toBe(key);

  await start();
  const written = litellm.writes.length;
  expect(written).toBe(2);
  const run = await installation.finished((await installation.startSync(id)).id);
  expect(run).toMatchObject({ state: 'done', outcome: { writes: 0 } });
  const reconciled = (await installation.call('POST', '/api/reconcile')).body;
  expect((await installation.finished(reconciled.id)).state).toBe('done');
  expect(litellm.writes).toHaveLength(written);

  const address = addressOf(parts[0]);
  expect(await look(address, { authorization: `Bearer ${token}` })).toBe(200);
  expect(await look(address, { cookie })).toBe(401);

  // The provider's key is still there in clear for LiteLLM: a new model gets it.
  server.add(openAiModel('gamma'));
  await installation.finished((await installation.startSync(id)).id);
  expect(litellm.rows().map((row) => row.litellm_params['api_key'])).toEqual([
    providerKey,
    providerKey,
    providerKey,
  ]);
});

test('one provider whose stored key does not open is named at the start and in its run; the others go on', async () => {
  const add = (name: string) =>
    installation.addProvider({
      name,
      base_url: server.baseUrl,
      type: 'openai',
      api_key: providerKey,
      prefix: name,
    });
  const [good, copied] = [await add('good'), await add('copied')];
  await Promise.all(parts.map((part) => part.end('SIGTERM')));
  installation.execute(
    `UPDATE providers SET api_key = (SELECT api_key FROM providers WHERE id = ${good.id}) WHERE id = ${copied.id}`,
  );
  await start();
  for (const part of parts) {
    expect(part.output()).toMatch(/"providers":"copied"/);
    expect(part.output()).toContain('does not open');
  }
  const failed = await installation.finished((await installation.startSync(copied.id)).id);
  expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('enter that key again') });
  expect((await installation.finished((await installation.startSync(good.id)).id)).state).toBe('done');
  await installation.call('PATCH', `/api/providers/${copied.id}`, { api_key: providerKey });
  expect((await installation.finished((await installation.startSync(copied.id)).id)).state).toBe('done');
});
