import { describe, expect, test } from '@jest/globals';
import { textWithoutSecrets, withoutSecrets } from '../../src/domain/secret-keys.js';

describe('what may be shown of a row that anybody may have written', () => {
  test.each([
    'api_key',
    'apiKey',
    'azure_ad_token',
    'aws_secret_access_key',
    'client_secret',
    'vertex_credentials',
    'Authorization',
    'extra_headers',
    'headers',
    'password',
    'X-Api-Key',
    'access_tokens',
    'key',
  ])('%s is masked, whatever it holds', (key) => {
    for (const value of ['CANARY', ['CANARY'], { any: 'CANARY' }, { a: [{ b: 'CANARY' }] }]) {
      const shown = withoutSecrets({ deep: { list: [{ [key]: value }] }, [key]: value });
      expect(JSON.stringify(shown)).not.toContain('CANARY');
      expect(shown[key]).toBe('***');
    }
  });

  test('counts of tokens, prices, flags and names stay', () => {
    const harmless = {
      max_tokens: 4096,
      max_output_tokens: '4096',
      token_limit: 10,
      input_cost_per_token: '0.000001',
      output_cost_per_token: 2e-6,
      supports_token_counting: true,
      litellm_credential_name: 'box',
      access_groups: ['team'],
      model: 'openai/qwen3:8b',
      mode: 'chat',
      api_key: null,
      nested: { list: [1, 'two', null, { tags: ['lupdater', 'provider:box'] }] },
    };
    expect(withoutSecrets(harmless)).toEqual(harmless);
  });

  test('URLs lose their user and their query, texts their keys', () => {
    expect(
      withoutSecrets({
        api_base: 'http://me:CANARY@box:8000/v1?api-key=CANARY',
        description: 'called with sk-0123456789abcdef',
        urls: ['https://box/v1?token=CANARY#x'],
      }),
    ).toEqual({
      api_base: 'http://box:8000/v1',
      description: 'called with sk-***',
      urls: ['https://box/v1'],
    });
    expect(textWithoutSecrets('a: b@c')).toBe('a: b@c');
  });
});
