import { describe, expect, test } from '@jest/globals';
import { userParams } from '../../src/domain/user-params.js';

const planted = 'a-planted-credential';

/** Dotted paths of what is refused. */
function refused(params: unknown): string[] {
  const result = userParams.safeParse(params);
  return result.success ? [] : result.error.issues.map(({ path }) => path.join('.'));
}

describe('parameters that carry credentials', () => {
  test.each([
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
    'aws_web_identity_token',
    'vertex_credentials',
    'vertex_ai_credentials',
    'azure_ad_token',
    'azure_password',
    'client_secret',
    'openai_api_key',
    'apikey',
    'watsonx_token',
    'zen_api_key',
    'oci_key',
    'hf_token',
    'token',
    'key',
    'password',
    'secret',
    'clientSecret',
    'private_key',
    'Authorization',
    'X-Api-Key',
    'session_cookie',
    'basic_auth',
    'proxy_passphrase',
    'jwt',
  ])('%s is refused, and the refusal says where a key belongs without repeating it', (name) => {
    const { error } = userParams.safeParse({ temperature: 1, [name]: planted });
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]).toMatchObject({ path: [name] });
    expect(error?.issues[0]?.message).toContain('api_key of the provider');
    expect(JSON.stringify(error?.issues)).not.toContain(planted);
  });

  test.each([
    'authorization',
    'Authorization',
    'x-api-key',
    'api-key',
    'X-Goog-Api-Key',
    'Ocp-Apim-Subscription-Key',
    'Cookie',
    'Proxy-Authorization',
    'X-Auth-Token',
  ])('the header %s is refused wherever headers are given', (name) => {
    expect(refused({ extra_headers: { [name]: planted } })).toEqual([`extra_headers.${name}`]);
    expect(refused({ extra_body: { headers: [{ [name]: planted }] } })).toEqual([
      `extra_body.headers.0.${name}`,
    ]);
  });

  test('a list and an object of credentials are refused by what is in them', () => {
    expect(refused({ api_keys: [planted] })).toEqual(['api_keys.0']);
    expect(refused({ vertex_credentials: { type: 'service_account', private_key: planted } })).toEqual([
      'vertex_credentials.private_key',
    ]);
  });

  test('a value that is a credential by its form is refused under any name', () => {
    for (const value of ['Bearer abcdefghij', 'sk-0123456789abcdef', 'http://user:word@box/v1'])
      expect(refused({ extra_headers: { 'X-Upstream': value } })).toEqual(['extra_headers.X-Upstream']);
  });

  test('api_key itself stays managed for you', () => {
    expect(refused({ api_key: planted })).toEqual(['api_key']);
    expect(refused({ api_key: null })).toEqual(['api_key']);
  });

  test('null removes a credential that a provider brought along', () => {
    expect(refused({ aws_secret_access_key: null, extra_headers: null })).toEqual([]);
  });
});

describe('parameters that only sound like credentials', () => {
  test.each<[string, unknown]>([
    ['max_tokens', 4096],
    ['max_input_tokens', 4096],
    ['max_completion_tokens', 100],
    ['input_cost_per_token', 1e-6],
    ['output_cost_per_token', 1e-6],
    ['output_cost_per_reasoning_token', 1e-6],
    ['cache_read_input_token_cost', 1e-6],
    ['input_cost_per_token_above_128k_tokens', 1e-6],
    ['supports_vision', true],
    ['supports_function_calling', false],
    ['keep_alive', '10m'],
    ['prompt_cache_key', 'tenant-1'],
    ['eos_token', '</s>'],
    ['stop_token_ids', [1, 2]],
    ['skip_special_tokens', true],
    ['custom_tokenizer', { identifier: 'x/y' }],
    ['thinking', { type: 'enabled', budget_tokens: 1024 }],
    ['aws_region_name', 'eu-central-1'],
    ['vertex_project', 'p'],
    ['vertex_location', 'europe-west4'],
    ['api_version', '2024-10-21'],
    ['extra_headers', { 'X-Tenant': 'blue', 'User-Agent': 'us' }],
    ['reasoning_effort', 'low'],
    ['litellm_provider', 'openai'],
  ])('%s stays allowed', (name, value) => {
    expect(refused({ [name]: value })).toEqual([]);
  });

  test('a JSON schema may have fields called password and token', () => {
    const schema = {
      type: 'object',
      properties: { password: { type: 'string' }, token: { type: 'string' } },
      required: ['password', 'token'],
    };
    expect(refused({ response_format: { type: 'json_schema', json_schema: { schema } } })).toEqual([]);
  });
});
