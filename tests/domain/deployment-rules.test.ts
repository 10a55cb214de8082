import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adoptableRows, adoptionKey } from '../../src/domain/adoption.js';
import {
  deploymentBody,
  deploymentHash,
  deploymentId,
  markerOf,
  writtenKeys,
} from '../../src/domain/deployment-body.js';
import { findDrift } from '../../src/domain/drift.js';
import { canonicalJson, type JsonObject } from '../../src/domain/json.js';
import { mergeFound } from '../../src/domain/merge-found.js';
import { graceIsOver, isSuspicious } from '../../src/domain/orphan-rules.js';
import { publishedContext } from '../../src/domain/published-context.js';
import { howToUpdate } from '../../src/domain/update-strategy.js';
import { userParams } from '../../src/domain/user-params.js';
import { whatIsWanted } from '../../src/domain/want.js';
import { wantedDeployment } from '../../src/domain/wanted-deployment.js';
import { aModel, aProvider, someSettings } from './wanted.js';

const identity = {
  instanceId: '0b0fdb0e-8c5f-4f0e-9a43-3f1b6b3b9f11',
  providerUuid: aProvider().uuid,
  modelId: 'qwen3:8b',
  generation: 0,
};

describe('identity', () => {
  test('an id is the same for ever, and another one for each part of it', () => {
    expect(deploymentId(identity)).toBe(deploymentId({ ...identity }));
    const others = [
      { ...identity, generation: 1 },
      { ...identity, modelId: 'qwen3:4b' },
      { ...identity, providerUuid: '7a1f3c7e-6c6c-4b63-9d6e-1f6f3f0c9d10' },
      { ...identity, instanceId: '1b0fdb0e-8c5f-4f0e-9a43-3f1b6b3b9f11' },
    ].map(deploymentId);
    expect(new Set([deploymentId(identity), ...others]).size).toBe(5);
  });

  test('a slash or a quote in an id cannot make two models one', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        fc.pre(a !== b);
        expect(deploymentId({ ...identity, modelId: a })).not.toBe(deploymentId({ ...identity, modelId: b }));
      }),
    );
  });

  test('the marker is read back from a row, and only a whole one', () => {
    const deployment = wantedDeployment(aModel(), aProvider(), someSettings(), 'secret-key');
    const body = deploymentBody(deployment, identity, deploymentHash(deployment, Buffer.from('k')));
    expect(markerOf(body.model_info)).toMatchObject({
      instance: identity.instanceId,
      model: 'qwen3:8b',
      generation: 0,
    });
    expect(markerOf({ litellm_updater: { instance: 'x' } })).toBeUndefined();
    expect(markerOf({})).toBeUndefined();
    expect(JSON.stringify(body.model_info)).not.toContain('secret-key');
    expect(writtenKeys(body)).toContain('litellm_params.api_key');
  });
});

describe('drift', () => {
  const deployment = wantedDeployment(
    aModel({ userParams: { extra_headers: { 'X-Key': 'abc' } } }),
    aProvider(),
    someSettings(),
    'k',
  );
  const body = deploymentBody(deployment, identity, 'sha256:0');
  const echo = {
    id: 'x',
    modelName: body.model_name,
    litellmParams: { ...body.litellm_params, use_in_pass_through: false },
    modelInfo: { ...body.model_info, key: 'qwen3', supports_vision: null, db_model: true },
    dbModel: true,
  };

  test('the echo of an untouched row is none, however it grew or hid keys', () => {
    const { api_key: _key, tags: _tags, ...hidden } = echo.litellmParams as JsonObject;
    expect(findDrift(body, echo)).toEqual([]);
    expect(findDrift(body, { ...echo, litellmParams: hidden })).toEqual([]);
    expect(
      findDrift(body, { ...echo, litellmParams: { ...hidden, extra_headers: { 'X-Key': 'a***c' } } }),
    ).toEqual([]);
  });

  test('a changed name, parameter or limit is one, by name', () => {
    expect(findDrift(body, { ...echo, modelName: 'other' })).toEqual(['model_name']);
    expect(findDrift(body, { ...echo, litellmParams: { ...echo.litellmParams, tags: ['mine'] } })).toEqual([
      'litellm_params.tags',
    ]);
    expect(findDrift(body, { ...echo, modelInfo: { ...echo.modelInfo, max_input_tokens: 1 } })).toEqual([
      'model_info.max_input_tokens',
    ]);
  });
});

describe('orphans', () => {
  test.each([
    [{ active: 0, missing: 0, seen: 0 }, false],
    [{ active: 1, missing: 1, seen: 0 }, true],
    [{ active: 4, missing: 2, seen: 2 }, false],
    [{ active: 5, missing: 3, seen: 2 }, true],
    [{ active: 6, missing: 3, seen: 3 }, true],
    [{ active: 7, missing: 3, seen: 4 }, false],
    [{ active: 6, missing: 6, seen: 9 }, true],
  ])('a fetch with %j is suspicious: %s', (counts, suspicious) =>
    expect(isSuspicious(counts)).toBe(suspicious),
  );

  const policy = { orphanPolicy: 'remove' as const, graceMisses: 3, graceSeconds: 3_600 };
  const hourLater = Date.parse('2026-01-01T01:00:00Z');
  test('the grace needs both the misses and the time', () => {
    const orphan = (missedCount: number) => ({ orphanedAt: '2026-01-01T00:00:00Z', missedCount });
    expect(graceIsOver(orphan(3), policy, hourLater)).toBe(true);
    expect(graceIsOver(orphan(2), policy, hourLater)).toBe(false);
    expect(graceIsOver(orphan(3), policy, hourLater - 1)).toBe(false);
    expect(graceIsOver(orphan(99), { ...policy, orphanPolicy: 'keep' }, hourLater)).toBe(false);
    expect(
      graceIsOver(
        orphan(1),
        { ...policy, graceMisses: 1, graceSeconds: 0 },
        Date.parse('2026-01-01T00:00:00Z'),
      ),
    ).toBe(true);
  });

  test('what is wanted: present, left alone inside the grace, absent with a reason', () => {
    const model = {
      syncEnabled: true,
      isOrphaned: false,
      orphanedAt: null,
      missedCount: 0,
      unusable: null,
      userParams: null,
      deletingAt: null,
    };
    const provider = { ...policy, deletingAt: null };
    const want = (edit: object, providerEdit = {}) =>
      whatIsWanted({ ...model, ...edit }, { ...provider, ...providerEdit }, hourLater).want;
    expect(want({})).toBe('present');
    expect(want({ syncEnabled: false })).toBe('absent');
    expect(want({ isOrphaned: true, orphanedAt: '2026-01-01T00:30:00Z', missedCount: 9 })).toBe('leave');
    expect(want({ isOrphaned: true, orphanedAt: '2026-01-01T00:00:00Z', missedCount: 9 })).toBe('absent');
    expect(want({ isOrphaned: true, syncEnabled: false, orphanedAt: '2026-01-01T00:30:00Z' })).toBe('absent');
    expect(want({ unusable: 'image only' })).toBe('absent');
    expect(want({ unusable: 'image only', userParams: { mode: 'image_generation' } })).toBe('present');
    expect(want({}, { deletingAt: '2026-01-01T00:00:00Z' })).toBe('absent');
  });
});

test.each([
  ['auto', '1.81.15', false, 'replace'],
  ['auto', undefined, false, 'replace'],
  ['auto', 'nightly', false, 'replace'],
  ['auto', '1.101.9', false, 'replace'],
  ['auto', '1.102.0', false, 'patch'],
  ['auto', '1.105.0-rc.1', false, 'patch'],
  ['auto', '2.0.0', false, 'patch'],
  ['auto', '1.105.0', true, 'replace'],
  ['patch', '1.81.15', false, 'patch'],
  ['patch', '1.81.15', true, 'replace'],
  ['replace', '1.105.0', false, 'replace'],
] as const)('strategy %s on LiteLLM %s, a key must go: %s → %s', (strategy, version, removesKeys, how) => {
  expect(howToUpdate({ strategy, version, removesKeys })).toBe(how);
});

describe('the published context', () => {
  const facts = { maxContextWindow: 100_000, configuredContext: null, observedContext: null, remote: false };
  const ollama = { type: 'ollama', defaultNumCtx: null };
  test.each([
    [{}, ollama, { value: 100_000, source: 'advertised' }],
    [{ observedContext: 4_096 }, ollama, { value: 4_096, source: 'observed' }],
    [
      { observedContext: 4_096 },
      { ...ollama, defaultNumCtx: 8_192 },
      { value: 8_192, source: 'default_num_ctx' },
    ],
    [
      { configuredContext: 2_048 },
      { ...ollama, defaultNumCtx: 8_192 },
      { value: 2_048, source: 'configured' },
    ],
    [{ configuredContext: 200_000 }, ollama, { value: 100_000, source: 'configured' }],
    [{ remote: true, configuredContext: 2_048 }, ollama, { value: 100_000, source: 'advertised' }],
    [{ maxContextWindow: null }, ollama, undefined],
    [{}, { type: 'openai', defaultNumCtx: 8_192 }, { value: 100_000, source: 'advertised' }],
  ])('%j on %j is %j', (edit, provider, context) => {
    expect(publishedContext({ ...facts, ...edit }, provider)).toEqual(context);
  });
});

describe('merging what a fetch found', () => {
  const before = {
    modelId: 'm',
    listing: { a: 1 },
    details: { d: 1 },
    fingerprint: 'f1',
    observedContext: 4_096,
  };
  test('C10: a failed or unasked detail call keeps what was known', () => {
    expect(
      mergeFound(before, { modelId: 'm', listing: { a: 2 }, fingerprint: 'f2', detailsError: 'HTML' }),
    ).toEqual({
      modelId: 'm',
      listing: { a: 2 },
      fingerprint: 'f2',
      details: { d: 1 },
      detailsError: 'HTML',
      observedContext: 4_096,
    });
  });
  test('new details replace the old ones and end the error', () => {
    const merged = mergeFound(
      { ...before, detailsError: 'HTML' },
      { modelId: 'm', listing: {}, fingerprint: 'f', details: { d: 2 } },
    );
    expect(merged.details).toEqual({ d: 2 });
    expect(merged).not.toHaveProperty('detailsError');
  });
});

describe('rows of the predecessor', () => {
  const row = (id: string, tags: string[], dbModel = true) => ({
    id,
    modelName: 'n',
    litellmParams: { tags },
    modelInfo: {},
    dbModel,
  });
  test('C2: are found by their tag, blanks and commas in names or not', () => {
    const rows = adoptableRows([
      row('1', ['lupdater', 'unique_id:openrouter-free/x/y-z:free']),
      row('2', ['lupdater', 'unique_id:OpenRouter Free/x/y-z:free']),
      row('3', ['unique_id:openrouter-free/x/y-z:free']),
      row('4', ['lupdater', 'unique_id:openrouter-free/x/y-z:free'], false),
    ]);
    expect(rows.get(adoptionKey('OpenRouter Free', 'x/y-z:free'))?.map(({ id }) => id)).toEqual(['1', '2']);
  });
});

describe('user parameters', () => {
  test.each([
    [{ model: 'x' }, 'model'],
    [{ api_key: 'x' }, 'api_key'],
    [{ litellm_updater: {} }, 'litellm_updater'],
    [{ mode: 'ollama' }, 'mode'],
    [{ max_input_tokens: 0 }, 'max_input_tokens'],
    [{ max_tokens: '8k' }, 'max_tokens'],
    [{ supports_vision: 'yes' }, 'supports_vision'],
    [{ input_cost_per_token: -1 }, 'input_cost_per_token'],
  ])('%j is refused, naming %s', (params, field) => {
    const parsed = userParams.safeParse(params);
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues[0]?.path).toEqual([field]);
  });
  test('ordinary parameters and nulls are taken', () => {
    expect(
      userParams.safeParse({
        temperature: 0.1,
        max_tokens: null,
        extra_headers: { a: 'b' },
        supports_vision: false,
      }).success,
    ).toBe(true);
  });
});

test('canonical JSON of equal values is equal, of different ones different', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(canonicalJson(JSON.parse(JSON.stringify(a)))).toBe(canonicalJson(a));
      const same = JSON.stringify(a) === JSON.stringify(b);
      if (same) expect(canonicalJson(a)).toBe(canonicalJson(b));
      expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(JSON.stringify(a)));
    }),
  );
});
