import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deploymentHash } from '../../src/domain/deployment-body.js';
import { effectiveParams, wantedDeployment } from '../../src/domain/wanted-deployment.js';
import { aModel, aProvider, someSettings } from './wanted.js';

const wanted = (
  model: Parameters<typeof aModel>[0] = {},
  provider: Parameters<typeof aProvider>[0] = {},
  apiKey?: string,
  settings: Parameters<typeof someSettings>[0] = {},
) => wantedDeployment(aModel(model), aProvider(provider), someSettings(settings), apiKey);

describe('names and routes', () => {
  test('the prefix is in the public name only', () => {
    const { modelName, litellmParams } = wanted();
    expect(modelName).toBe('lab/qwen3:8b');
    expect(litellmParams.model).toBe('ollama_chat/qwen3:8b');
  });

  test.each([
    ['ollama', 'chat', undefined, 'ollama/qwen3:8b', 'http://10.0.0.5:11434', undefined],
    ['ollama_chat', 'chat', undefined, 'ollama_chat/qwen3:8b', 'http://10.0.0.5:11434', undefined],
    ['ollama_chat', 'chat', 'k-1', 'ollama_chat/qwen3:8b', 'http://10.0.0.5:11434', 'k-1'],
    ['ollama_chat', 'completion', undefined, 'ollama/qwen3:8b', 'http://10.0.0.5:11434', undefined],
    ['openai', 'chat', undefined, 'openai/qwen3:8b', 'http://10.0.0.5:11434/v1', 'none'],
    [
      'openai',
      'completion',
      undefined,
      'text-completion-openai/qwen3:8b',
      'http://10.0.0.5:11434/v1',
      'none',
    ],
    ['ollama_chat', 'embedding', undefined, 'ollama/qwen3:8b', 'http://10.0.0.5:11434', undefined],
    ['ollama_chat', 'embedding', 'k-1', 'openai/qwen3:8b', 'http://10.0.0.5:11434/v1', 'k-1'],
  ] as const)('C7: Ollama in mode %s, a %s model, key %s: %s', (mode, kind, key, model, base, sentKey) => {
    const { litellmParams } = wanted(
      { mode: kind, litellmParams: { mode: kind } },
      { defaultOllamaMode: mode },
      key,
    );
    expect(litellmParams.model).toBe(model);
    expect(litellmParams.api_base).toBe(base);
    expect(litellmParams['api_key']).toBe(sentKey);
  });

  test.each([
    ['http://h:8080', null, null, 'http://h:8080/v1'],
    ['http://h:8080/api/v1', null, null, 'http://h:8080/api/v1'],
    ['http://h:8080', 'http://h:8080', null, 'http://h:8080'],
    [
      'http://h:8080',
      'http://h:8080/v1',
      'http://host.docker.internal:8080',
      'http://host.docker.internal:8080/v1',
    ],
    ['http://h:8080', null, 'http://inside:8080/openai/v1', 'http://inside:8080/openai/v1'],
    ['http://h:8080/v1', 'http://h:8080/v1', 'http://inside:8080', 'http://inside:8080/v1'],
    ['http://h:8080', 'http://h:8080', 'http://inside:8080', 'http://inside:8080'],
  ])(
    'C24: an OpenAI-compatible base %s, found at %s, for LiteLLM %s: api_base %s',
    (baseUrl, apiRoot, litellmBaseUrl, base) => {
      expect(wanted({}, { type: 'openai', baseUrl, apiRoot, litellmBaseUrl }).litellmParams.api_base).toBe(
        base,
      );
    },
  );

  test('another LiteLLM as a provider is called under /v1, at whatever address', () => {
    const provider = { type: 'litellm', baseUrl: 'http://a:4000', apiRoot: 'http://a:4000/v1' } as const;
    expect(wanted({}, provider).litellmParams.api_base).toBe('http://a:4000/v1');
    expect(wanted({}, { ...provider, litellmBaseUrl: 'http://b:4000' }).litellmParams.api_base).toBe(
      'http://b:4000/v1',
    );
  });

  test("the model's Ollama mode beats the provider's", () => {
    expect(wanted({ ollamaMode: 'openai' }).litellmParams.model).toBe('openai/qwen3:8b');
    expect(wanted({ ollamaMode: 'openai' }).ollamaMode).toBe('openai');
  });
});

describe('parameters', () => {
  test('a null removes a key, an edit wins, the rest stays', () => {
    const model = aModel({ userParams: { supports_function_calling: null, max_input_tokens: 4_096 } });
    const params = effectiveParams(model, aProvider(), someSettings());
    expect(params).toMatchObject({ max_input_tokens: 4_096, mode: 'chat' });
    expect(params).not.toHaveProperty('supports_function_calling');
  });

  test('call parameters go into litellm_params, descriptions into model_info, prices into litellm_params', () => {
    const { litellmParams, modelInfo } = wanted({
      userParams: { temperature: 0.2, rpm: 60, supports_vision: true },
    });
    expect(litellmParams).toMatchObject({
      temperature: 0.2,
      rpm: 60,
      input_cost_per_token: 0,
      output_cost_per_token: 0,
    });
    expect(modelInfo).toMatchObject({ supports_vision: true });
    expect(modelInfo).not.toHaveProperty('temperature');
    expect(modelInfo).not.toHaveProperty('input_cost_per_token');
  });

  test('C19: user tags and provider tags reach LiteLLM, after ours; a setting moves them', () => {
    const tags = ['lupdater', 'provider:lab-box', 'type:ollama', 'gold', 'gpu'];
    const model = { userTags: ['gold'] };
    const provider = { tags: ['gpu'] };
    expect(wanted(model, provider).litellmParams['tags']).toEqual(tags);
    const moved = wanted(model, provider, undefined, { tagsPlacement: 'model_info' });
    expect(moved.litellmParams).not.toHaveProperty('tags');
    expect(moved.modelInfo['tags']).toEqual(tags);
  });

  test('a default num_ctx is published and enforced in the native modes only, bounded by the maximum', () => {
    const native = wanted({}, { defaultNumCtx: 65_536 });
    expect(native.litellmParams['num_ctx']).toBe(40_960);
    expect(native.modelInfo['max_input_tokens']).toBe(40_960);
    const face = wanted({}, { defaultNumCtx: 8_192, defaultOllamaMode: 'openai' });
    expect(face.litellmParams).not.toHaveProperty('num_ctx');
    expect(face.modelInfo['max_input_tokens']).toBe(8_192);
  });

  test("the Modelfile's own num_ctx stays in charge", () => {
    const { litellmParams, modelInfo } = wanted({ configuredContext: 16_384 }, { defaultNumCtx: 4_096 });
    expect(litellmParams).not.toHaveProperty('num_ctx');
    expect(modelInfo['max_input_tokens']).toBe(16_384);
  });

  test('an unknown context stays absent', () => {
    expect(wanted({ maxContextWindow: null }).modelInfo).not.toHaveProperty('max_input_tokens');
    expect(wanted({ maxContextWindow: null }).modelInfo).not.toHaveProperty('max_tokens');
  });

  test('the model’s access groups replace the provider’s', () => {
    expect(wanted({}, { accessGroups: ['lab'] }).modelInfo['access_groups']).toEqual(['lab']);
    expect(wanted({ accessGroups: ['me'] }, { accessGroups: ['lab'] }).modelInfo['access_groups']).toEqual([
      'me',
    ]);
    expect(wanted().modelInfo).not.toHaveProperty('access_groups');
  });
});

describe('C8 and C9: prices', () => {
  const remote = { type: 'openai', baseUrl: 'https://api.example.com/v1', prefix: null } as const;
  const price = (model: Parameters<typeof aModel>[0], provider = {}, settings = {}) => {
    const { litellmParams } = wanted(
      { litellmParams: { mode: 'chat' }, ...model },
      { ...remote, ...provider },
      undefined,
      settings,
    );
    return [litellmParams['input_cost_per_token'], litellmParams['output_cost_per_token']];
  };

  test('nothing is invented', () => expect(price({})).toEqual([undefined, undefined]));
  test('local is free, unless somebody says that it is not local', () => {
    expect(price({}, { baseUrl: 'http://192.168.1.9:8000' })).toEqual([0, 0]);
    expect(price({}, { baseUrl: 'http://192.168.1.9:8000', isLocal: false })).toEqual([undefined, undefined]);
    expect(price({ remote: true }, { baseUrl: 'http://192.168.1.9:8000' })).toEqual([undefined, undefined]);
  });
  test('what the provider reports is used', () => {
    expect(price({ litellmParams: { input_cost_per_token: 0, output_cost_per_token: 0 } })).toEqual([0, 0]);
  });
  test('a provider’s override beats its profile, key by key', () => {
    const provider = { pricingProfile: 'gpt-4o', pricingOverride: { input_cost_per_token: 1e-6 } };
    expect(price({}, provider)).toEqual([1e-6, 1.5e-5]);
  });
  test('the global override applies where nobody else says anything', () => {
    const settings = { defaultPricingOverride: { input_cost_per_token: 2e-6 } };
    expect(price({}, {}, settings)).toEqual([2e-6, undefined]);
    expect(price({}, { pricingOverride: { input_cost_per_token: 3e-6 } }, settings)).toEqual([
      3e-6,
      undefined,
    ]);
  });
  test('the model’s override beats everything, and a price in its parameters beats that', () => {
    const provider = { pricingProfile: 'gpt-4o' };
    expect(price({ pricingOverride: { input_cost_per_token: 7e-6 } }, provider)).toEqual([7e-6, 1.5e-5]);
    expect(price({ userParams: { input_cost_per_token: 9e-6 } }, provider)).toEqual([9e-6, 1.5e-5]);
    expect(price({ userParams: { input_cost_per_token: null } }, provider)).toEqual([undefined, 1.5e-5]);
  });
});

describe('the hash', () => {
  const key = Buffer.from('hash key');

  test('C15: changes with everything that is pushed, the API key included, which it does not reveal', () => {
    const base = deploymentHash(wanted({}, {}, 'k-1'), key);
    const others = [
      wanted({}, {}, 'k-2'),
      wanted({ userTags: ['x'] }, {}, 'k-1'),
      wanted({ mode: 'embedding' }, {}, 'k-1'),
      wanted({}, { prefix: 'other' }, 'k-1'),
      wanted({}, { baseUrl: 'http://10.0.0.6:11434' }, 'k-1'),
    ].map((deployment) => deploymentHash(deployment, key));
    expect(new Set([base, ...others]).size).toBe(6);
    expect(deploymentHash(wanted({}, {}, 'k-1'), Buffer.from('another'))).not.toBe(base);
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), fc.oneof(fc.integer(), fc.string(), fc.boolean())),
        (params) => {
          const reversed = Object.fromEntries(Object.entries(params).reverse());
          const hash = (litellmParams: typeof params) => deploymentHash(wanted({ litellmParams }), key);
          expect(hash(reversed)).toBe(hash(params));
        },
      ),
    );
  });
});
