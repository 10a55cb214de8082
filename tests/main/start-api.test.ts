import { afterEach, describe, expect, test } from '@jest/globals';
import { isGuessable } from '../../src/main/secrets.js';
import { Installation } from '../support/processes.js';

let installation: Installation | undefined;
afterEach(async () => {
  await installation?.destroy();
  installation = undefined;
});

async function printedWith(environment: Record<string, string>, forwarded = '203.0.113.1'): Promise<string> {
  installation = new Installation(environment);
  const api = await installation.startApi();
  const address = /"address":"(http:[^"]+)"/.exec(api.output())?.[1] ?? '';
  await fetch(`${address}/login`, {
    method: 'POST',
    headers: { 'x-forwarded-for': forwarded, forwarded: `for=${forwarded}` },
    body: new URLSearchParams({ token: 'a-wrong-token' }),
  });
  await api.end('SIGTERM');
  return api.output();
}

describe('the api as people start it', () => {
  test('tells of a token that is easy to guess, without repeating it', async () => {
    const printed = await printedWith({ ADMIN_TOKEN: 'adminadminadminadmin' });
    expect(printed).toMatch(/ADMIN_TOKEN is easy to guess.*openssl rand -hex 32/);
    expect(printed).not.toContain('adminadmin');
  });

  test('says nothing of a good one, and of forwarded headers only whom it believes', async () => {
    const printed = await printedWith({});
    expect(printed).not.toMatch(/easy to guess|Forwarded|ERR_ERL|ValidationError/);
    expect(printed).toContain('"address":"127.0.0.1"');
    await installation?.destroy();
    expect(await printedWith({ TRUST_PROXY: 'loopback' })).toContain('"address":"203.0.113.1"');
  });

  test('does not start with trust in everybody', async () => {
    await expect(printedWith({ TRUST_PROXY: 'true' })).rejects.toThrow(
      /cannot start:\nTRUST_PROXY takes no trust in everybody.*name the proxies/,
    );
  });

  test('keeps no key of LiteLLM without its address, and says so', async () => {
    const printed = await printedWith({ LITELLM_API_KEY: 'sk-0123456789' });
    expect(printed).toMatch(/LITELLM_API_KEY is kept for one server only: set LITELLM_URL as well/);
    expect(installation?.query('SELECT litellm_api_key, has_litellm_api_key FROM settings')).toEqual([
      { litellm_api_key: null, has_litellm_api_key: 0 },
    ]);
  });

  test('counts as guessable what 64 bits could hold', () => {
    for (const token of ['aaaaaaaaaaaaaaaa', 'passwordpassword', '1234567890123456', 'adminadminadminadmin'])
      expect([token, isGuessable(token)]).toEqual([token, true]);
    for (const token of ['4f9c1d7b2e8a60534f9c1d7b2e8a6053', 'correct-horse-battery', 'Xk3_p9Lq-Zt7vB2m'])
      expect([token, isGuessable(token)]).toEqual([token, false]);
  });
});
